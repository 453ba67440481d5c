//! Of a control group exactly that is recorded which is done in it, also by a process that comes and goes.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use ringfence_record::{Report, Session, Stop, Target, cgroup_directory};
use ringfence_record_ebpf::EbpfRecorder;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A shell that reads one file of the directory for each line that it gets.
struct Reader {
    shell: Child,
    answers: BufReader<ChildStdout>,
}

impl Reader {
    fn new(directory: &Path) -> Reader {
        let mut shell = Command::new("sh")
            .args(["-c", "while read file; do : < $file; echo read; done"])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(shell.stdout.take().unwrap());
        Reader { shell, answers }
    }

    /// Many times: what is seen of a thread often is remembered.
    fn read(&mut self, file: &str) {
        for _ in 0..20 {
            let mut answer = String::new();
            writeln!(self.shell.stdin.as_mut().unwrap(), "{file}").unwrap();
            self.answers.read_line(&mut answer).unwrap();
            assert_eq!(answer, "read\n");
        }
    }

    fn moves_to(&self, group: &Path) {
        fs::write(group.join("cgroup.procs"), self.shell.id().to_string()).unwrap();
    }

    fn ends(mut self) {
        drop(self.shell.stdin.take());
        assert!(self.shell.wait().unwrap().success());
    }
}

#[test]
fn a_process_is_recorded_while_it_is_in_the_group() {
    let group = cgroup_directory(&format!("/ringfence-moves-{}", std::process::id()));
    let made = group
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|g| fs::create_dir(g).map_err(|e| e.to_string()));
    let recorder = EbpfRecorder::new().map_err(|error| error.to_string());
    let (recorder, group) = match (recorder, made, group) {
        (Ok(recorder), Ok(()), Ok(group)) => (recorder, group),
        (recorder, made, _) => {
            let why = recorder.err().or(made.err()).unwrap_or_default();
            println!("SKIP: {why}");
            assert_ne!(std::env::var("RINGFENCE_TESTS_MUST_RUN").as_deref(), Ok("1"), "{why}");
            return;
        }
    };
    let top = group.parent().unwrap();
    let files = tempfile::tempdir().unwrap();
    let names = ["before", "within", "between", "again", "after"];
    names.iter().for_each(|name| fs::write(files.path().join(name), "").unwrap());
    let mut reader = Some(Reader::new(files.path()));
    let stop = Stop::new().unwrap();
    let outcome = Session::new(Target::Cgroup(group.clone()))
        .run(Box::new(recorder), &stop, &mut |report| {
            if let Report::Ready = report
                && let Some(mut reader) = reader.take()
            {
                for (at, name) in names.iter().enumerate() {
                    reader.moves_to(if at % 2 == 1 { &group } else { top });
                    reader.read(name);
                }
                reader.ends();
                stop.set();
            }
        })
        .unwrap();
    fs::remove_dir(&group).unwrap();
    outcome.ended.unwrap();
    let files_of_profile = outcome.profile.files();
    let recorded =
        |name: &&str| files_of_profile.iter().any(|access| access.path() == files.path().join(name));
    let recorded: Vec<&str> = names.into_iter().filter(recorded).collect();
    assert_eq!(recorded, ["within", "again"]);
}
