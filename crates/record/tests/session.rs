//! A recording from outside: how it ends, what it leaves behind, and that what is recorded runs as it would alone.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use ringfence_profile::{BlindSpot, Operation, Privilege, Profile};
use ringfence_record::{Command, Ended, Outcome, PtraceRecorder, RecordError, Report, Session, Stop, Target};
use ringfence_terms::Errno;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::time::Duration;

fn shell(script: &str) -> Target {
    Target::Command(Command { program: "sh".into(), arguments: vec!["-c".into(), script.into()] })
}

fn run(target: Target, limit: Option<Duration>, stop: &Stop, report: &mut dyn FnMut(Report)) -> Outcome {
    let session = Session { limit, ..Session::new(target) };
    session.run(Box::new(PtraceRecorder::new().unwrap()), stop, report).unwrap()
}

fn record(script: &str) -> Outcome {
    run(shell(script), None, &Stop::new().unwrap(), &mut |_| {})
}

fn status(outcome: &Outcome) -> std::process::ExitStatus {
    match outcome.ended {
        Ok(Ended::Command(status)) => status,
        ref other => panic!("{other:?}"),
    }
}

fn has(profile: &Profile, operation: Operation, path: &Path) -> bool {
    profile.files().iter().any(|access| access.path() == path && access.operations().contains(operation))
}

#[test]
fn the_commands_own_end_is_told() {
    assert_eq!(status(&record("exit 7")).code(), Some(7));
    assert_eq!(status(&record("kill -ABRT $$")).signal(), Some(Signal::ABORT.as_raw()));
}

#[test]
fn a_command_that_is_not_there_is_an_error() {
    for program in ["/no/such/program", "no-such-program-anywhere", "/etc/passwd"] {
        let target = Target::Command(Command { program: program.into(), arguments: Vec::new() });
        let outcome = run(target, None, &Stop::new().unwrap(), &mut |_| {});
        assert!(matches!(outcome.ended, Err(RecordError::Execute { .. })), "{program}: {:?}", outcome.ended);
    }
}

#[test]
fn stopping_and_continuing_works_as_without_a_recorder() {
    let outcome = record("(while kill -CONT $$ 2>/dev/null; do sleep 0.01; done) & kill -STOP $$; exit 5");
    assert_eq!(status(&outcome).code(), Some(5));
}

/// Numbers are those of the recorded processes' own namespace, and of a group one member is enough.
#[test]
fn a_signal_to_somebody_elses_process_takes_a_capability() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: becoming somebody else needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none());
        return;
    }
    let takes = |script: &str| {
        let outcome = record(&format!("exec unshare --pid --fork sh -c '{script}; wait; true'"));
        assert_eq!(status(&outcome).code(), Some(0), "{script}");
        outcome.profile.privileges().any(|(privilege, _)| *privilege == Privilege::Capability(KILL))
    };
    let other = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    // Where somebody else says that it is there.
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let told = |name: &str| {
        let file = directory.path().join(name).display().to_string();
        (format!("echo > {file}"), format!("until [ -e {file} ]; do sleep 0.01; done"))
    };
    let (tell, wait) = told("process");
    assert!(takes(&format!("trap : TERM; {other} sh -c \"{tell}; exec sleep 60\" & {wait}; kill -TERM $!")));
    let (tell, wait) = told("group");
    assert!(takes(&format!(
        "trap : TERM; setsid {other} sh -c \"sleep 60 & {tell}; wait\" & {wait}; kill -TERM -$!"
    )));
    assert!(!takes("sleep 60 & sleep 0.1; kill -TERM $!"));
    assert!(!takes(&format!("{other} true & sleep 60 & sleep 0.1; kill -TERM $!")));
}

/// `CAP_KILL` of linux/capability.h.
const KILL: u8 = 5;

#[test]
fn signals_reach_the_command_and_its_handlers() {
    assert_eq!(status(&record("trap 'exit 9' USR1; kill -USR1 $$; exit 1")).code(), Some(9));
}

#[test]
fn a_pipe_that_nobody_reads_ends_the_writer() {
    // Rust programs ignore SIGPIPE; what they start must not.
    assert_eq!(
        status(&record("(trap '' USR1; while echo x; do :; done) | head -1 >/dev/null")).code(),
        Some(0)
    );
}

/// While one thread makes all the stops it is held on the recorder's processor; of that nothing is seen, handed on, or left.
#[test]
fn where_a_command_may_run_is_its_own() {
    let allowed = |status: &Path| {
        let text = std::fs::read_to_string(status).unwrap_or_default();
        text.lines().find(|line| line.starts_with("Cpus_allowed_list")).map(str::to_owned)
    };
    let own = allowed(Path::new("/proc/self/status"));
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let look = "n=0; while [ $n -lt 1000 ]; do [ -e $n ]; n=$((n+1)); done";
    let script = format!(
        "cd {}; {look}; while read -r line; do echo \"$line\"; done < /proc/self/status > itself; {look}; \
         cat /proc/self/status > child; {look}; echo $$ > number; read -r line < fifo",
        directory.path().display()
    );
    let outcome = std::thread::scope(|scope| {
        let recorded = scope.spawn(|| record(&script));
        // Once it is there, the command only waits for somebody to write to the pipe; then it is let go.
        let number = loop {
            let number = std::fs::read_to_string(at("number")).unwrap_or_default();
            if number.ends_with('\n') || recorded.is_finished() {
                break number;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let process = Path::new("/proc").join(number.trim_end()).join("status");
        while !recorded.is_finished() && allowed(&process) != own {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::fs::write(at("fifo"), "go on\n").unwrap();
        recorded.join().unwrap()
    });
    assert_eq!(status(&outcome).code(), Some(0));
    assert_eq!(allowed(&at("itself")), own);
    assert_eq!(allowed(&at("child")), own);
}

/// Processes begin and end at once here: one may stop for the first time before it is heard who made it, and is let run
/// when another ends meanwhile. Whatever comes first, its calls are its own.
#[test]
fn of_many_processes_at_once_none_loses_a_call() {
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; for m in $(seq 8); do (for n in $(seq 100); do (: > $m-$n) & : & done; wait) & done; wait",
        directory.path().display()
    );
    let outcome = record(&script);
    let names = (1..=8).flat_map(|m| (1..=100).map(move |n| format!("{m}-{n}")));
    let lost: Vec<String> = names
        .filter(|name| !has(&outcome.profile, Operation::Create, &directory.path().join(name)))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn a_repeated_look_that_finds_something_else_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    let look = "for n in 1 2 3; do [ -e $f ]; [ -r $f ]; done";
    let outcome = record(&format!("f={}; {look}; : > $f; {look}; rm $f; {look}", file.display()));
    for operation in [Operation::Stat, Operation::CheckRead] {
        let mut results: Vec<Option<Errno>> = (outcome.profile.files().iter())
            .filter(|access| access.path() == file && access.operations().contains(operation))
            .map(|access| access.errno())
            .collect();
        results.sort();
        results.dedup();
        assert_eq!(results, [None, Some(Errno::ENOENT)], "{operation:?}");
    }
}

#[test]
fn that_the_recorder_is_in_a_debuggers_way_is_told() {
    let spots = |script: &str| {
        let outcome = record(script);
        outcome.profile.recordings().next().unwrap().1.blind_spots.clone()
    };
    assert!(spots("! strace -o /dev/null true").contains(&BlindSpot::TracingRefused));
    assert!(!spots("strace -V").contains(&BlindSpot::TracingRefused));
}

#[test]
fn what_is_left_of_a_command_is_followed_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let late = directory.path().join("late");
    let outcome = record(&format!("(sleep 0.3; : > {}) & exit 4", late.display()));
    assert_eq!(status(&outcome).code(), Some(4));
    assert!(has(&outcome.profile, Operation::Create, &late));
}

#[test]
fn stop_ends_a_command_and_keeps_what_it_did() {
    let directory = tempfile::tempdir().unwrap();
    let (before, after) = (directory.path().join("before"), directory.path().join("after"));
    let stop = Stop::new().unwrap();
    let script = format!(
        "trap ': > {}; exit 6' TERM; : > {}; while :; do sleep 0.01; done",
        after.display(),
        before.display()
    );
    let outcome = run(shell(&script), None, &stop, &mut |_| {
        if before.exists() {
            stop.set();
        }
    });
    assert_eq!(status(&outcome).code(), Some(6));
    for path in [before, after] {
        assert!(has(&outcome.profile, Operation::Create, &path), "{}", path.display());
    }
}

#[test]
fn a_path_that_is_too_long_is_cut_and_that_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let name = "n".repeat(200);
    let script = format!(
        "cd {}; for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do mkdir {name}; cd -P {name}; done; : > leaf",
        directory.path().display()
    );
    let outcome = record(&script);
    assert_eq!(status(&outcome).code(), Some(0));
    let (_, recording) = outcome.profile.recordings().next().unwrap();
    assert!(recording.cut > 0 && recording.blind_spots.contains(&BlindSpot::CutPaths), "{recording:?}");
    let leaf = outcome
        .profile
        .files()
        .iter()
        .map(|access| access.path().to_owned())
        .find(|path| path.ends_with("leaf"));
    assert_eq!(leaf.as_deref(), Some(Path::new("\u{2026}/leaf")));
}

/// A child that is killed when the test ends, however it ends.
struct Child(std::process::Child);

impl Child {
    fn of(script: &str) -> Child {
        Child(std::process::Command::new("sh").args(["-c", script]).process_group(0).spawn().unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may be gone; then there is nothing to kill, and waiting collects it.
        let _ = kill_process(self.pid(), Signal::KILL);
        let _ = self.0.wait();
    }
}

#[test]
fn a_running_process_is_attached_to_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    let child = Child::of(&format!(
        "cd {}; while :; do : > file; (: > of-child); sleep 0.01; done",
        directory.path().display()
    ));
    while !file.exists() {}
    let stop = Stop::new().unwrap();
    let mut reports = 0;
    let outcome = run(Target::Process(child.pid()), None, &stop, &mut |report| {
        reports += usize::from(matches!(report, Report::Progress(progress) if progress.paths > 3));
        if reports > 2 {
            stop.set();
        }
    });
    assert!(matches!(outcome.ended, Ok(Ended::Stopped)), "{:?}", outcome.ended);
    assert!(has(&outcome.profile, Operation::Write, &file));
    assert!(has(&outcome.profile, Operation::Write, &directory.path().join("of-child")));
    let (_, recording) = outcome.profile.recordings().next().unwrap();
    assert!(recording.blind_spots.contains(&BlindSpot::StartUp));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.pid().as_raw_nonzero())).unwrap();
    assert!(status.contains("TracerPid:\t0\n"), "{status}");
    std::fs::remove_file(&file).unwrap();
    while !file.exists() {}
}

#[test]
fn a_process_that_ends_ends_its_recording() {
    let directory = tempfile::tempdir().unwrap();
    let watched = directory.path().join("watched");
    let child = Child::of(&format!("until [ -e {} ]; do sleep 0.01; done", watched.display()));
    let outcome = run(Target::Process(child.pid()), None, &Stop::new().unwrap(), &mut |report| {
        if report == Report::Ready {
            std::fs::write(&watched, "").unwrap();
        }
    });
    assert!(matches!(outcome.ended, Ok(Ended::Gone)), "{:?}", outcome.ended);
}

#[test]
fn a_process_that_is_not_there_is_an_error() {
    let nobody = Pid::from_raw(i32::MAX).unwrap();
    let outcome = run(Target::Process(nobody), None, &Stop::new().unwrap(), &mut |_| {});
    assert!(matches!(outcome.ended, Err(RecordError::Attach { .. })), "{:?}", outcome.ended);
}

#[test]
fn a_limit_stops_the_recording() {
    let child = Child::of("while :; do sleep 0.01; done");
    let limit = Some(Duration::from_millis(300));
    let outcome = run(Target::Process(child.pid()), limit, &Stop::new().unwrap(), &mut |_| {});
    assert!(matches!(outcome.ended, Ok(Ended::Stopped)), "{:?}", outcome.ended);
}

/// What is asked of a mount that is in no namespace leads from its descriptor, whatever has its path: `/inner` is not there,
/// and `/etc` is.
#[test]
#[cfg(target_arch = "x86_64")]
fn a_detached_mounts_files_are_not_those_of_the_same_path() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a mount that is in no namespace needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none());
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("inner"), "").unwrap();
    // open_tree(2) with OPEN_TREE_CLONE, openat(2) and fchdir(2) on x86-64.
    let script = format!(
        "my ($directory, $inner, $etc, $real) = ('{}', 'inner', 'etc', '/etc'); \
         my $tree = syscall(428, -100, $directory, 1); die 'open_tree' if $tree < 0; \
         my $look = sub {{ \
             die 'inner' if syscall(257, $_[0], $inner, 0, 0) < 0; \
             die 'etc' if syscall(257, $_[0], $etc, 0, 0) >= 0; \
         }}; \
         die 'same' if syscall(257, -100, $real, 0, 0) < 0; $look->($tree); syscall(81, $tree) == 0 or die 'fchdir'; $look->(-100);",
        directory.path().display()
    );
    let target =
        Target::Command(Command { program: "perl".into(), arguments: vec!["-e".into(), script.into()] });
    let outcome = run(target, None, &Stop::new().unwrap(), &mut |_| {});
    assert_eq!(status(&outcome).code(), Some(0));
    let results = |path: &str| {
        let files = outcome.profile.files();
        let of_path = files.iter().filter(|access| access.path() == Path::new(path));
        let mut results: Vec<_> = of_path.map(|access| access.errno()).collect();
        results.sort();
        results.dedup();
        results
    };
    assert_eq!(results("/inner"), [None]);
    assert_eq!(results("/etc"), [None, Some(Errno::ENOENT)]);
}
