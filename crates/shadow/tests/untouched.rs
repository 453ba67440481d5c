//! Whatever happens in a shadow, the machine stays as it is. Needs root.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod census;

use census::census;
use ringfence_host::HostFacts;
use ringfence_sandbox::facts::Facts;
use ringfence_shadow::enter;
use ringfence_sys::fork::{become_first_of_pid_namespace, fork_process};
use rustix::process::{WaitOptions, waitpid};
use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

fn root_or_skip() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("SKIP: a shadow of the machine needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
    }
    root
}

/// Runs `inside` as the first process of a shadow; whether it returned true.
fn in_shadow(inside: impl FnOnce() -> bool) -> bool {
    let facts = HostFacts::of_this_machine().unwrap();
    let (read, write) = rustix::pipe::pipe().unwrap();
    let child = fork_process(|| {
        let announced = become_first_of_pid_namespace(|_| ());
        let ok = announced.is_ok() && enter(facts.mounts()).is_ok() && inside();
        let _ = rustix::io::write(&write, &[u8::from(ok)]);
        u8::from(!ok)
    })
    .unwrap();
    drop(write);
    let _ = waitpid(Some(child), WaitOptions::empty());
    let mut answer = [0u8];
    rustix::io::read(&read, &mut answer).unwrap() == 1 && answer[0] == 1
}

#[test]
fn a_shadow_that_writes_everywhere_leaves_the_machine_as_it_is() {
    if !root_or_skip() {
        return;
    }
    let fixture = tempfile::tempdir_in("/var/tmp").unwrap();
    let victim = fixture.path().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("file"), "original").unwrap();
    let tops = ["/etc", "/usr/lib", "/opt", "/srv", "/home", fixture.path().to_str().unwrap()];
    let before: Vec<_> = tops.iter().map(|top| census(Path::new(top))).collect();

    let written = in_shadow(|| {
        let made = ["/etc", "/usr/lib", "/opt", "/srv", "/home", "/run", "/tmp", "/var/lib", "/dev/shm", "/"]
            .iter()
            .all(|directory| fs::write(Path::new(directory).join("ringfence-was-here"), "x").is_ok());
        let changed = fs::write(victim.join("file"), "changed").is_ok()
            && fs::read_to_string(victim.join("file")).is_ok_and(|text| text == "changed");
        let removed = fs::remove_file("/etc/passwd").is_ok() && !Path::new("/etc/passwd").exists();
        let moved = fs::rename(&victim, fixture.path().join("moved")).is_ok();
        made && changed && removed && moved
    });
    assert!(written, "in the shadow, everything can be written");
    assert_eq!(fs::read_to_string(victim.join("file")).unwrap(), "original");
    for (top, before) in tops.iter().zip(before) {
        assert!(census(Path::new(top)) == before, "{top} has changed");
    }
    for directory in ["/run", "/tmp", "/var/lib", "/dev/shm", "/"] {
        assert!(!Path::new(directory).join("ringfence-was-here").exists(), "{directory} was written");
    }
}

#[test]
fn the_machines_sockets_processes_and_settings_are_out_of_reach() {
    if !root_or_skip() {
        return;
    }
    let fixture = tempfile::tempdir_in("/var/tmp").unwrap();
    let socket = fixture.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let outside = std::process::id();
    let isolated = in_shadow(|| {
        let socket_is_dead = UnixStream::connect(&socket).is_err();
        let alone = rustix::process::getpid().as_raw_nonzero().get() == 1
            && !Path::new(&format!("/proc/{outside}/exe")).exists();
        let settings =
            fs::write("/proc/sys/kernel/panic", "0").is_err() && fs::write("/sys/power/state", "x").is_err();
        let own_network = fs::read_to_string("/proc/net/dev").is_ok_and(|text| text.lines().count() == 3);
        socket_is_dead && alone && settings && own_network
    });
    assert!(isolated);
    assert!(UnixStream::connect(&socket).is_ok(), "the socket works outside");
}
