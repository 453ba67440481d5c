//! `harden --review` in a terminal of its own. Needs root.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod root;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What came of a review: the exit status, standard output, and what was shown in the terminal.
struct Reviewed {
    status: Option<i32>,
    output: String,
    shown: String,
}

/// A service that writes to two directories, and ends when it may not.
fn service() -> Option<TempDir> {
    if !root::or_skip("harden needs root") {
        return None;
    }
    let directory = tempfile::Builder::new().prefix("ringfence-").tempdir_in("/srv").unwrap();
    let at = directory.path().display();
    for name in ["one", "two"] {
        fs::create_dir_all(directory.path().join("state").join(name)).unwrap();
    }
    let script = format!(
        "echo > {at}/state/one/x || exit 3; echo > {at}/state/two/y || exit 4; touch {at}/state/one/up; exec sleep infinity"
    );
    let unit = format!("[Service]\nType=exec\nExecStart=/bin/sh -c '{script}'\n");
    fs::write(directory.path().join("tried.service"), unit).unwrap();
    Some(directory)
}

fn harden(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    let up = directory.join("state/one/up");
    let exercise =
        format!("for i in $(seq 100); do test -e {} && exit 0; sleep 0.1; done; exit 1", up.display());
    command.arg("harden").arg(directory.join("tried.service")).args(["--review", "--exercise", &exercise]);
    command
}

fn review(directory: &Path, answers: &str) -> Reviewed {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    // Not the terminal of this process itself, where it has none and leads a session: that would end with it.
    let no_terminal_of_ours = OFlags::NOCTTY.bits().cast_signed();
    let open = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(no_terminal_of_ours).open(name.to_str().unwrap()).unwrap()
    };
    let mut command = harden(directory);
    let child = command.stdin(open()).stderr(open()).stdout(Stdio::piped()).spawn().unwrap();
    drop(command);
    let mut terminal = File::from(terminal);
    terminal.write_all(answers.as_bytes()).unwrap();
    let mut reader = terminal.try_clone().unwrap();
    let shown = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // When nobody has the other side open any more, reading fails.
        let _ = reader.read_to_end(&mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    });
    let output = child.wait_with_output().unwrap();
    Reviewed {
        status: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        shown: shown.join().unwrap(),
    }
}

fn drop_in(output: &str) -> Vec<&str> {
    output
        .lines()
        .skip_while(|line| *line != "[Service]")
        .filter(|line| line.starts_with("ReadWritePaths="))
        .collect()
}

#[test]
fn one_is_widened_and_the_other_dropped() {
    let Some(directory) = service() else { return };
    let at = directory.path().display();
    let reviewed = review(directory.path(), "w\nd\n");
    assert_eq!(reviewed.status, Some(0), "{}", reviewed.shown);
    assert_eq!(drop_in(&reviewed.output), [format!("ReadWritePaths={at}/state")], "{}", reviewed.output);
    assert!(
        reviewed.shown.contains(&format!("{at}/state/two/y")),
        "the evidence is beside it: {}",
        reviewed.shown
    );
    assert!(!reviewed.output.contains('\x1b'), "no colour where there is no terminal");
}

#[test]
fn what_does_not_work_is_told_and_the_proven_one_is_still_there() {
    let Some(directory) = service() else { return };
    let at = directory.path().display();
    let reviewed = review(directory.path(), "x\nk\nd\nb\n");
    assert_eq!(reviewed.status, Some(0), "{}", reviewed.shown);
    assert!(reviewed.shown.contains("one of the letters in brackets"), "{}", reviewed.shown);
    assert!(reviewed.shown.contains("it does not work like that"), "{}", reviewed.shown);
    let both = [format!("ReadWritePaths={at}/state/one"), format!("ReadWritePaths={at}/state/two")];
    assert_eq!(drop_in(&reviewed.output), both, "{}", reviewed.output);
}

#[test]
fn it_can_be_ended_and_needs_a_terminal() {
    let Some(directory) = service() else { return };
    let reviewed = review(directory.path(), "q\n");
    assert_eq!(reviewed.status, Some(1), "{}", reviewed.shown);
    assert_eq!(reviewed.output, "");

    let output = harden(directory.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no terminal"));
}
