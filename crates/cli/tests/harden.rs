//! `ringfence harden` from outside: real services, on shadows of this machine. Needs root.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod root;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn harden(unit: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .arg("harden")
        .arg(unit)
        .args(["--quiet", "--format", "json"])
        .args(arguments)
        .output()
        .unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn unit(directory: &Path, text: &str) -> PathBuf {
    let path = directory.join("tried.service");
    std::fs::write(&path, text).unwrap();
    path
}

/// Builds the guest book, which is a package of its own, and says where it is.
fn guestbook() -> PathBuf {
    let ringfence = Path::new(env!("CARGO_BIN_EXE_ringfence"));
    let target = ringfence.parent().and_then(Path::parent).unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "guestbook", "--target-dir"])
        .arg(target)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .status()
        .unwrap();
    assert!(status.success());
    target.join("debug/guestbook")
}

#[test]
fn the_guest_book_is_hardened_and_nothing_of_it_lands_on_the_machine() {
    if !root::or_skip("harden needs root") {
        return;
    }
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    let program = guestbook();
    let unit = unit(
        directory.path(),
        &format!("[Service]\nExecStart={0} serve\nExecReload=/bin/kill -HUP $MAINPID\n", program.display()),
    );
    let drop_in = directory.path().join("50-ringfence.conf");
    let traces = ["/var/lib/guestbook", "/var/log/guestbook.log", "/run/guestbook.pid"];
    let before: Vec<bool> = traces.iter().map(|path| Path::new(path).exists()).collect();
    let exercise = format!("{} exercise", program.display());
    let output = harden(&unit, &["--exercise", &exercise, "-o", drop_in.to_str().unwrap()]);
    let document = document(&output);

    assert_eq!(document["proven"], true, "{document:#}");
    assert_eq!(output.status.code(), Some(0));
    assert!(document["after"].as_f64().unwrap() <= 2.5, "{document:#}");
    let text = document["drop_in"].as_str().unwrap();
    assert!(text.contains("ProtectSystem=strict\n"), "{text}");
    assert!(text.contains("StateDirectory=guestbook\n"), "{text}");
    assert_eq!(std::fs::read_to_string(&drop_in).unwrap(), text);
    let after: Vec<bool> = traces.iter().map(|path| Path::new(path).exists()).collect();
    assert_eq!(after, before, "a trial leaves nothing on the machine");
}

#[test]
fn a_unit_that_does_not_work_as_it_is_gets_no_proposal() {
    if !root::or_skip("harden needs root") {
        return;
    }
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    let unit = unit(directory.path(), "[Service]\nExecStart=/bin/sleep 60\n");
    let output = harden(&unit, &["--exercise", "exit 3"]);
    let document = document(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(document["proven"], false);
    assert_eq!(document["drop_in"], "[Service]\n");
    assert!(
        document["why_not"].as_str().unwrap().contains("the exercise ended with status 3"),
        "{document:#}"
    );
}

#[test]
fn a_directive_that_breaks_the_service_without_a_trace_is_found_and_left_out() {
    if !root::or_skip("harden needs root") {
        return;
    }
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    let unit = unit(
        directory.path(),
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/grep -q NoNewPrivs:.0 /proc/self/status\n",
    );
    let output = harden(&unit, &["--exercise", "true"]);
    let document = document(&output);
    assert_eq!(document["proven"], true, "{document:#}");
    let text = document["drop_in"].as_str().unwrap();
    assert!(!text.contains("NoNewPrivileges"), "{text}");
    assert!(text.contains("ProtectSystem=strict\n"), "{text}");
    let left_open = document["left_open"].as_array().unwrap();
    assert!(left_open.iter().any(|open| open["directive"] == "NoNewPrivileges"), "{document:#}");
}

#[test]
fn an_older_systemd_gets_only_what_it_knows() {
    if !root::or_skip("harden needs root") {
        return;
    }
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    let program = guestbook();
    let unit = unit(directory.path(), &format!("[Service]\nExecStart={} serve\n", program.display()));
    let exercise = format!("{} exercise", program.display());
    let output = harden(&unit, &["--exercise", &exercise, "--systemd-version", "234"]);
    let document = document(&output);
    assert_eq!(document["proven"], true, "{document:#}");
    let text = document["drop_in"].as_str().unwrap();
    assert!(text.contains("ProtectSystem=strict\n"), "{text}");
    for newer in ["StateDirectory=", "ProtectProc=", "PrivateIPC=", "ProtectClock=", "@system-service"] {
        assert!(!text.contains(newer), "{newer} came after 234: {text}");
    }
    let left_open = document["left_open"].as_array().unwrap();
    let why = |directive: &str| {
        let open = left_open.iter().find(|open| open["directive"] == directive);
        open.and_then(|open| open["why"].as_str()).unwrap_or_default().to_owned()
    };
    assert!(why("ProtectClock").contains("know"), "{document:#}");
    assert!(why("SystemCallFilter").contains("239"), "{document:#}");
}
