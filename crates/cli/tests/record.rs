//! `record` and `profile` as their users meet them.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use ringfence_profile::{FileAccess, Operation, Profile, RecorderKind};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn ringfence() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    command.args(["--color", "never"]).stdin(Stdio::null());
    command
}

/// Records a line for the shell with a recorder that every test machine has.
fn record(directory: &Path, name: &str, script: &str) -> Output {
    let output = directory.join(name);
    let mut command = ringfence();
    command.args(["record", "--recorder", "ptrace", "-o"]).arg(output).args(["--", "sh", "-c", script]);
    command.output().unwrap()
}

fn read(path: &Path) -> Profile {
    Profile::read(BufReader::new(File::open(path).unwrap())).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_commands_status_and_output_are_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let output = record(directory.path(), "p.json", "echo said; echo complained >&2; exit 7");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(stdout(&output), "said\n");
    assert!(stderr(&output).starts_with("complained\n"), "{}", stderr(&output));
    let killed = record(directory.path(), "p.json", "kill -TERM $$");
    assert_eq!(killed.status.code(), Some(128 + 15));
}

#[test]
fn mistakes_are_told_and_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("no/such/p.json");
    std::fs::write(directory.path().join("cut.json"), "{\"version\":1,\n\"recordings\":[").unwrap();
    std::fs::write(directory.path().join("later.json"), "{\"version\":2}").unwrap();
    for (arguments, message) in [
        (vec!["record"], "required arguments were not provided"),
        (vec!["record", "--pid", "0"], "--pid takes a process number above 0"),
        (
            vec!["record", "--recorder", "ptrace", "--pid", "2147483647"],
            "failed to attach to --pid 2147483647",
        ),
        (
            vec!["record", "--recorder", "ptrace", "--", "/no/such/program"],
            "failed to execute /no/such/program",
        ),
        (vec!["record", "--for", "soon", "--", "true"], "invalid value 'soon'"),
        (vec!["record", "-o", nowhere.to_str().unwrap(), "--", "true"], "failed to save the profile"),
        (vec!["profile", "show", "/no/such/file"], "cannot read /no/such/file"),
        (
            vec!["record", "-o", "/proc", "--", "touch", "made"],
            "failed to save the profile to /proc: is a directory",
        ),
        (vec!["record", "-o", "no/p.json", "--", "touch", "made"], "failed to save the profile"),
        (vec!["record", "--cgroup", "/proc"], "/proc is no control group's directory"),
        (vec!["record", "--cgroup", "/no/such/group"], "/no/such/group is no control group's directory"),
        (vec!["record", "--pid", "-5"], "--pid takes a process number above 0"),
        (vec!["profile", "show", "/etc/passwd"], "/etc/passwd:1: not a profile"),
        (vec!["profile", "show", "/proc"], "cannot read /proc: Is a directory"),
        (vec!["profile", "show", "cut.json"], "cut.json:2: the file ends before the profile does"),
        (vec!["profile", "show", "later.json"], "later.json: the profile's format has version 2"),
    ] {
        let output = ringfence().args(&arguments).current_dir(directory.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
        // Nothing was recorded, so nothing is said to be.
        assert!(!stderr(&output).contains("profile.json"), "{arguments:?}: {}", stderr(&output));
    }
    assert!(
        !directory.path().join("made").exists(),
        "the command ran, though its profile could not be saved"
    );
}

#[test]
fn a_device_or_a_pipe_is_written_into_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    // As `/dev/full` is, which is not put at risk here.
    let full = directory.path().join("full");
    let made = Command::new("mknod").arg(&full).args(["c", "1", "7"]).output().unwrap();
    if !made.status.success() {
        println!("SKIP: mknod: {}", stderr(&made));
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "{}", stderr(&made));
        return;
    }
    let record = |output: &str| {
        let mut command = ringfence();
        command.current_dir(directory.path()).args(["record", "--recorder", "ptrace", "-o", output]);
        command.args(["--", "true"]).output().unwrap()
    };
    let output = record("full");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("failed to save the profile to full: No space left"),
        "{}",
        stderr(&output)
    );
    assert!(std::fs::symlink_metadata(&full).unwrap().file_type().is_char_device());
    for stdout in ["-", "/dev/stdout"] {
        let output = record(stdout);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(Profile::read(&output.stdout[..]).is_ok(), "{stdout}");
    }
    assert!(Path::new("/dev/stdout").is_symlink() && !directory.path().join("-").exists());
}

#[test]
fn a_killed_recorder_leaves_a_whole_profile_and_no_command() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("p.json");
    let pid = directory.path().join("pid");
    let script = format!(
        "cd {}; echo $$ > pid; n=0; while :; do n=$((n + 1)); : > made-$n; done",
        directory.path().display()
    );
    let mut recorder = ringfence()
        .args(["record", "--recorder", "ptrace", "-o"])
        .arg(&profile)
        .args(["--", "sh", "-c", &script])
        .spawn()
        .unwrap();
    // Killed while it is busy, and after it has saved what the command has done. The first that it saves may be only
    // how that begins.
    let made = directory.path().join("made-1");
    let has_made = |profile: &Profile| {
        let files = profile.files();
        files.iter().any(|a| a.path() == made && a.operations().contains(Operation::Create))
    };
    while !profile.exists() || !has_made(&read(&profile)) {
        std::thread::sleep(Duration::from_millis(10));
    }
    recorder.kill().unwrap();
    recorder.wait().unwrap();
    let profile = read(&profile);
    let (_, recording) = profile.recordings().next().unwrap();
    assert!(!recording.ended && has_made(&profile));
    let pid = std::fs::read_to_string(pid).unwrap();
    // It was killed with its recorder; until it is collected it may still have a directory.
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
    let running = status
        .lines()
        .find_map(|line| line.strip_prefix("State:\t"))
        .is_some_and(|s| !s.starts_with(['Z', 'X']));
    assert!(!running, "{status}");
}

/// Whether this machine records with BPF; where it must and does not, the test fails.
fn has_ebpf() -> bool {
    let directory = tempfile::tempdir().unwrap();
    let output = ringfence()
        .args(["record", "--recorder", "ebpf", "-o"])
        .arg(directory.path().join("p.json"))
        .args(["--", "true"])
        .output()
        .unwrap();
    if !output.status.success() {
        println!("SKIP: {}", stderr(&output));
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "{}", stderr(&output));
    }
    output.status.success()
}

/// Runs a line of a shell in which `$RINGFENCE` is the program.
fn shell(script: &str) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .env("RINGFENCE", env!("CARGO_BIN_EXE_ringfence"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn where_the_kernel_refuses_bpf_ptrace_records_and_it_is_said_why() {
    // In a user namespace even root may not load programs; where there is no type information nobody can.
    let refused = [
        ("unshare --user --map-root-user", "failed"),
        ("unshare --mount sh -c 'mount -t tmpfs none /sys/kernel/btf && exec \"$@\"' -", "type information"),
    ];
    for (inside, why) in refused {
        let possible = shell(&format!("{inside} true"));
        if !possible.status.success() {
            println!("SKIP: {inside}: {}", stderr(&possible));
            assert!(
                std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(),
                "{inside}: {}",
                stderr(&possible)
            );
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.json");
        let record = |options: &str| {
            shell(&format!(
                "{inside} \"$RINGFENCE\" record {options} -o {} -- sh -c 'exit 3'",
                path.display()
            ))
        };
        let output = record("--recorder ebpf");
        assert_eq!(output.status.code(), Some(2), "{inside}: {}", stderr(&output));
        assert!(stderr(&output).contains("try --recorder ptrace"), "{inside}: {}", stderr(&output));
        assert!(!path.exists(), "{inside}: nothing was recorded");
        let output = record("");
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{inside}: {told}");
        assert!(told.contains("the ebpf recorder cannot be used here: "), "{inside}: {told}");
        assert!(told.contains(why) && told.contains("; going on with ptrace\n"), "{inside}: {told}");
        let profile = read(&path);
        let (_, recording) = profile.recordings().next().unwrap();
        assert_eq!((recording.recorder, recording.ended), (RecorderKind::Ptrace, true));
    }
}

#[test]
fn more_signals_than_one_lose_nothing() {
    let recorders: &[&str] = if has_ebpf() { &["ptrace", "ebpf"] } else { &["ptrace"] };
    for recorder in recorders {
        let directory = tempfile::tempdir().unwrap();
        let (profile, early, late) =
            (directory.path().join("p.json"), directory.path().join("early"), directory.path().join("late"));
        let script = format!(
            "trap 'sleep 0.5; : > {}; exit 3' TERM; : > {}; while :; do sleep 0.01; done",
            late.display(),
            early.display()
        );
        let mut recording = ringfence()
            .args(["record", "--recorder", recorder, "-o"])
            .arg(&profile)
            .args(["--", "sh", "-c", &script])
            .spawn()
            .unwrap();
        while !early.exists() {}
        let pid = Pid::from_child(&recording);
        for signal in [Signal::INT, Signal::INT, Signal::TERM, Signal::INT] {
            kill_process(pid, signal).unwrap();
        }
        assert_eq!(recording.wait().unwrap().code(), Some(3), "{recorder}");
        let profile = read(&profile);
        assert!(profile.recordings().next().unwrap().1.ended, "{recorder}");
        for path in [early, late] {
            let made = |a: &FileAccess<'_>| a.path() == path && a.operations().contains(Operation::Create);
            assert!(profile.files().iter().any(made), "{recorder}: {}", path.display());
        }
    }
}

#[test]
fn profiles_are_shown_merged_and_compared() {
    let directory = tempfile::tempdir().unwrap();
    let (file, other) = (directory.path().join("file"), directory.path().join("other"));
    record(directory.path(), "a.json", &format!(": > {}", file.display()));
    record(directory.path(), "b.json", &format!(": > {}; exec 3<{}", file.display(), other.display()));
    let profile = |arguments: &[&str]| {
        let output =
            ringfence().arg("profile").args(arguments).current_dir(directory.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    };
    let shown = profile(&["show", "a.json"]);
    assert!(shown.contains("changes: 1 path\n"), "{shown}");
    assert!(profile(&["show", "--tree", "b.json"]).contains("└── other  read = ENOENT  (sh)"), "{shown}");
    // What was recorded does not reach the terminal as it is.
    let odd = "exec 3</dev/null; : \x1b]0;title\x07";
    record(directory.path(), "odd.json", odd);
    for shown in [profile(&["show", "odd.json"]), profile(&["show", "--tree", "odd.json"])] {
        assert!(!shown.contains(['\x1b', '\x07']), "{shown}");
    }
    let changed = profile(&["diff", "a.json", "b.json"]);
    assert!(changed.contains(&format!("+ {}  read = ENOENT", other.display())), "{changed}");
    profile(&["merge", "-o", "ab.json", "a.json", "b.json"]);
    profile(&["merge", "-o", "ba.json", "b.json", "ab.json", "a.json"]);
    let bytes = |name: &str| std::fs::read(directory.path().join(name)).unwrap();
    assert_eq!(bytes("ab.json"), bytes("ba.json"));
    assert_eq!(profile(&["show", "--format", "json", "ab.json"]).as_bytes(), bytes("ab.json"));
}

#[test]
fn where_the_host_has_a_path_and_what_was_only_sampled_is_told() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("inside"), "").unwrap();
    let record = |name: &str, program: &[&str]| {
        let output = ringfence()
            .args(["record", "--recorder", "ptrace", "-o", name, "--"])
            .args(program)
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    };
    let profile = |arguments: &[&str]| {
        let output =
            ringfence().arg("profile").args(arguments).current_dir(directory.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    };
    record("plain.json", &["sh", "-c", ":"]);
    record("more.json", &["sh", "-c", "mkdir made"]);
    let note = "note: the old profile may lack system calls that were made: ";
    assert!(profile(&["diff", "plain.json", "more.json"]).contains(note));
    assert!(!profile(&["diff", "plain.json", "plain.json"]).contains("note: "));
    assert!(!profile(&["show", "plain.json"]).contains("on the host /"));
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: chroot(2) needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none());
        return;
    }
    record(
        "below.json",
        &["perl", "-e", "chroot('.') and chdir('/') and open(my $f, '<', '/inside') or die"],
    );
    let host = format!("on the host {}", directory.path().join("inside").display());
    for shown in [profile(&["show", "below.json"]), profile(&["show", "--tree", "below.json"])] {
        assert!(shown.lines().any(|line| line.ends_with(&host)), "{shown}");
    }
}
