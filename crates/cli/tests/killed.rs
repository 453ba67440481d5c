//! Nothing of a service stays when ringfence itself is killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
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

/// The directory of the control group that ringfence has made for the processes with a word on their command line, if it
/// could make one.
fn group(mark: &str) -> Option<PathBuf> {
    let has_mark = |line: Vec<u8>| line.split(|&byte| byte == 0).any(|word| word == mark.as_bytes());
    let mut entries = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let process = entries.find(|path| std::fs::read(path.join("cmdline")).is_ok_and(has_mark))?;
    let groups = std::fs::read_to_string(process.join("cgroup")).ok()?;
    let own =
        groups.lines().find_map(|line| line.strip_prefix("0::")).filter(|own| own.contains("/ringfence-"))?;
    let places = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(|top| PathBuf::from(format!("{top}{own}")));
    places.into_iter().find(|place| place.exists())
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
    let group = group(&mark);
    // SIGKILL.
    ringfence.kill().unwrap();
    ringfence.wait().unwrap();
    until(&mark, |there| there == 0);
    if let Some(group) = group {
        let patience = Instant::now() + Duration::from_secs(10);
        while group.exists() {
            assert!(Instant::now() < patience, "{} is still there", group.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Also while the first process still builds its sandbox, when the guard may not be there yet: that process then ends by
/// itself, before it runs anything.
#[test]
fn a_service_goes_when_ringfence_is_killed_while_it_starts() {
    let directory = tempfile::tempdir().unwrap();
    // A time to sleep that nobody else sleeps, nor the other test.
    let mark = (200_000 + std::process::id()).to_string();
    let unit = directory.path().join("killed-early.service");
    let text = format!("[Service]\nProtectSystem=strict\nPrivateDevices=yes\nExecStart=/bin/sleep {mark}\n");
    std::fs::write(&unit, text).unwrap();
    let start = || {
        let mut ringfence = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        ringfence.args(["--quiet", "run", unit.to_str().unwrap()]).stdin(Stdio::null()).spawn().unwrap()
    };
    // How long it takes until the program runs; after that it is killed for the first time.
    let begin = Instant::now();
    let mut ringfence = start();
    until(&mark, |there| there > 0);
    let long = begin.elapsed();
    ringfence.kill().unwrap();
    ringfence.wait().unwrap();
    until(&mark, |there| there == 0);
    for tries in 0..30 {
        let mut ringfence = start();
        std::thread::sleep(long * tries / 30);
        // SIGKILL.
        ringfence.kill().unwrap();
        ringfence.wait().unwrap();
        // What is between two of its steps has not got to its program yet: it must not get there.
        std::thread::sleep(Duration::from_millis(20));
        until(&mark, |there| there == 0);
    }
}
