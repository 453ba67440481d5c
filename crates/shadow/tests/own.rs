//! The shadow of an ordinary user: what the user writes stays in it, and it is no way to more than the user may. Needs root, to become
//! such a user, and a machine that lets users have namespaces.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ringfence_host::HostFacts;
use ringfence_sandbox::facts::Facts;
use ringfence_shadow::{enter_as_user, own_users};
use ringfence_sys::fork::{become_first_of_pid_namespace, fork_process};
use rustix::process::{DumpableBehavior, Gid, Uid, WaitOptions, set_dumpable_behavior, waitpid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::chown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

const USER: u32 = 12_345;

fn skip(why: &str) {
    println!("SKIP: {why}");
    assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
}

/// Runs `inside` as the first process of a user's shadow; what it says, empty when all is well.
fn in_shadow(places: &[PathBuf], inside: impl FnOnce() -> String) -> String {
    let facts = HostFacts::of_this_machine().unwrap();
    let (read, write) = rustix::pipe::pipe().unwrap();
    let child = fork_process(|| {
        let become_user = || -> rustix::io::Result<()> {
            let (uid, gid) = (Uid::from_raw(USER), Gid::from_raw(USER));
            set_thread_groups(&[])?;
            set_thread_res_gid(gid, gid, gid)?;
            set_thread_res_uid(uid, uid, uid)?;
            // As after exec: a process that changed its user is not its own any more.
            set_dumpable_behavior(DumpableBehavior::Dumpable)
        };
        let enter = || -> Result<(), String> {
            become_user().map_err(|e| format!("become the user: {e}"))?;
            own_users().map_err(|e| e.to_string())?;
            become_first_of_pid_namespace(|_| ()).map_err(|e| format!("PID namespace: {e}"))?;
            enter_as_user(facts.mounts(), places).map(drop).map_err(|e| e.to_string())
        };
        let said = match enter() {
            Ok(()) => inside(),
            Err(why) => why,
        };
        let _ = rustix::io::write(&write, said.as_bytes());
        0
    })
    .unwrap();
    drop(write);
    let _ = waitpid(Some(child), WaitOptions::empty());
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut fs::File::from(read), &mut answer).unwrap();
    answer
}

#[test]
fn a_user_writes_and_nothing_is_written() {
    if !rustix::process::geteuid().is_root() {
        return skip("another user can only be had as root");
    }
    let fixture = tempfile::tempdir_in("/var/tmp").unwrap();
    let home = fixture.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("file"), "original").unwrap();
    fs::create_dir(home.join("full")).unwrap();
    fs::write(home.join("full/inner"), "").unwrap();
    let secret = fixture.path().join("secret");
    fs::write(&secret, "").unwrap();
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let socket = home.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for path in ["", "file", "full", "full/inner", "socket"] {
        chown(home.join(path), Some(USER), Some(USER)).unwrap();
    }
    fs::set_permissions(fixture.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let outside = std::process::id();
    let said = in_shadow(&[home.clone(), "/tmp".into(), "/var/tmp".into()], || {
        let denied =
            |path: &str| fs::write(path, "x").is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
        let checks = [
            ("a file is changed", fs::write(home.join("file"), "changed").is_ok()),
            ("and reads so", fs::read_to_string(home.join("file")).is_ok_and(|text| text == "changed")),
            ("a directory goes", fs::remove_dir_all(home.join("full")).is_ok()),
            ("and is made again", fs::create_dir(home.join("full")).is_ok()),
            (
                "and is empty",
                fs::read_dir(home.join("full")).is_ok_and(|mut entries| entries.next().is_none()),
            ),
            ("/tmp is written", fs::write("/tmp/ringfence-user-was-here", "x").is_ok()),
            ("/var/tmp is written", fs::write("/var/tmp/ringfence-user-was-here", "x").is_ok()),
            ("/dev/shm is written", fs::write("/dev/shm/ringfence-user-was-here", "x").is_ok()),
            ("/dev/null is there", fs::write("/dev/null", "x").is_ok()),
            ("programs are there", Path::new("/bin/sh").exists()),
            (
                "/run is a mount",
                fs::read_to_string("/proc/self/mountinfo").is_ok_and(|t| t.contains(" /run ")),
            ),
            ("/etc is not the user's", denied("/etc/ringfence-user-was-here")),
            ("nor is /usr/lib", denied("/usr/lib/ringfence-user-was-here")),
            ("nor is the root", denied("/ringfence-user-was-here")),
            ("nor is another's file", fs::read(&secret).is_err()),
            ("nor is root's home", fs::read_dir("/root").is_err()),
            ("its socket is dead", UnixStream::connect(&socket).is_err()),
            ("it is alone", std::process::id() == 1 && !Path::new(&format!("/proc/{outside}/exe")).exists()),
            (
                "it has no capability",
                fs::read_to_string("/proc/self/status").is_ok_and(|text| {
                    text.contains("CapEff:\t0000000000000000\n")
                        && text.contains("CapPrm:\t0000000000000000\n")
                }),
            ),
        ];
        checks.iter().filter(|(_, holds)| !holds).map(|(what, _)| format!("not so: {what}\n")).collect()
    });
    if said.contains("which this machine may forbid") {
        return skip(&said);
    }
    assert_eq!(said, "");
    assert_eq!(fs::read_to_string(home.join("file")).unwrap(), "original");
    assert!(home.join("full/inner").exists());
    for directory in ["/tmp", "/var/tmp", "/dev/shm"] {
        assert!(!Path::new(directory).join("ringfence-user-was-here").exists(), "{directory} was written");
    }
    assert!(UnixStream::connect(&socket).is_ok(), "the socket works outside");
}
