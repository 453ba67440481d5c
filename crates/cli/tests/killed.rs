//! Nothing of a service stays when ringfence itself is killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The processes that have a word on their command line.
fn processes(mark: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.split(' ').any(|word| word == mark))
        .collect()
}

/// Looks again and again until it is so; what there was last, when it never was.
fn until(mark: &str, so: impl Fn(usize) -> bool) {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let there = processes(mark);
        if so(there.len()) {
            return;
        }
        assert!(Instant::now() < patience, "{there:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_service_goes_when_ringfence_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    // A time to sleep that nobody else sleeps.
    let mark = (100_000 + std::process::id()).to_string();
    let unit = directory.path().join("killed.service");
    let text = format!(
        "[Service]\nPrivateTmp=no\nExecStart=/bin/sh -c 'setsid sleep {mark} & trap \"\" TERM; sleep {mark} & sleep {mark}'\n"
    );
    std::fs::write(&unit, text).unwrap();
    let mut ringfence = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .args(["run", unit.to_str().unwrap()])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    // The shell may run the last one in its own place.
    until(&mark, |there| there >= 3);
    // SIGKILL.
    ringfence.kill().unwrap();
    ringfence.wait().unwrap();
    until(&mark, |there| there == 0);
}
