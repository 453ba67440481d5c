//! What an ordinary user gets: a user namespace and everything that it allows, and the word on everything else.
//!
//! As root the tests run themselves again as a user who is nobody else.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]
mod lab;

use lab::{fails, holds, prints, sandbox};
use ringfence_engine::Shortfall;
use std::os::unix::process::CommandExt;
use std::process::Command;

const USER: u32 = 64_999;

/// Whether this process is an ordinary user's, so that the test is to go on. Root starts the one test again as such a user
/// and passes on whether it holds.
fn is_ordinary(test: &str) -> bool {
    if !rustix::process::geteuid().is_root() {
        if users_can_be_made() {
            return true;
        }
        eprintln!("SKIP: this machine does not let an ordinary user make a user namespace");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return false;
    }
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(home.path(), Some(USER), Some(USER)).unwrap();
    // The test program may lie where only root can get at it. Another process copies it: a file that this one has open
    // for writing is busy as long as the child of a test beside has not executed its own program.
    let program = home.path().join("tests");
    let copied = Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status().unwrap();
    assert!(copied.success());
    let output = Command::new(&program)
        .args(["--exact", test, "--nocapture"])
        .env("HOME", home.path())
        // Where what lies below `$XDG_RUNTIME_DIR` goes without one.
        .env("TMPDIR", home.path())
        .env_remove("XDG_RUNTIME_DIR")
        .current_dir("/")
        .gid(USER)
        .uid(USER)
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    println!("{printed}");
    assert!(output.status.success(), "{printed}");
    false
}

fn users_can_be_made() -> bool {
    std::fs::read_to_string("/proc/sys/user/max_user_namespaces").is_ok_and(|max| max.trim() != "0")
        && !std::fs::read_to_string("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
            .is_ok_and(|on| on.trim() == "1")
}

/// The directives that are said not to be enforced in full.
fn shortfalls(lines: &str) -> Vec<String> {
    let (ended, printed) = sandbox(lines).output(["/bin/true"]).unwrap();
    assert_eq!(ended.status.exit_status(), Some(0), "{}", String::from_utf8_lossy(&printed));
    ended.shortfalls.into_iter().map(|shortfall| shortfall.directive).collect()
}

#[test]
fn mounts_are_made() {
    if !is_ordinary("mounts_are_made") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
    let d = dir.path().display();
    holds(
        &format!(
            "ProtectSystem=strict\nReadWritePaths={d}/a\nReadOnlyPaths={d}/a/b\nInaccessiblePaths=/root"
        ),
        &format!(
            "! touch {d}/x 2>/dev/null && touch {d}/a/x && ! touch {d}/a/b/x 2>/dev/null
             ! ls /root 2>/dev/null && : > /dev/null"
        ),
    );
    assert_eq!(
        prints(
            "TemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr /usr/bin:/bin /usr/lib:/lib /usr/lib64:/lib64",
            "echo /*"
        ),
        "/bin /lib /lib64 /run /usr"
    );
    holds("ProtectHome=tmpfs\nPrivateTmp=yes", "touch /tmp/x && test -z \"$(ls /home)\"");
    holds("PrivateTmp=disconnected", "touch /tmp/x /var/tmp/y");
    assert_eq!(fails("ReadOnlyPaths=/nope").status(), 226);
}

#[test]
fn devices_are_the_host_s_own_nodes() {
    if !is_ordinary("devices_are_the_host_s_own_nodes") {
        return;
    }
    holds(
        "PrivateDevices=yes",
        ": > /dev/null && head -c1 /dev/zero >/dev/null && test ! -e /dev/kmsg && ! touch /dev/x 2>/dev/null",
    );
}

#[test]
fn namespaces_are_made() {
    if !is_ordinary("namespaces_are_made") {
        return;
    }
    assert_eq!(prints("PrivateNetwork=yes", "ls /sys/class/net"), "lo");
    assert_eq!(prints("PrivatePIDs=yes", "echo $$"), "1");
    assert_eq!(prints("PrivateUsers=yes", "id -u"), USER.to_string());
    for (lines, kind) in [("PrivateIPC=yes", "ipc"), ("ProtectHostname=yes", "uts")] {
        let own = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap().display().to_string();
        assert_ne!(prints(lines, &format!("readlink /proc/self/ns/{kind}")), own, "{lines}");
    }
}

#[test]
fn filters_and_capabilities_hold() {
    if !is_ordinary("filters_and_capabilities_hold") {
        return;
    }
    let lines = "SystemCallFilter=@system-service\nSystemCallFilter=~@chown\nSystemCallErrorNumber=EPERM";
    holds(lines, "f=$(mktemp) && ! chown $(id -u) $f 2>/dev/null; status=$?; rm $f; exit $status");
    holds("RestrictNamespaces=yes", "! unshare --user true 2>/dev/null");
    assert_eq!(
        prints("CapabilityBoundingSet=\nPrivateUsers=yes", "grep CapBnd /proc/self/status | cut -f2"),
        "0000000000000000"
    );
    assert_eq!(prints("NoNewPrivileges=yes", "grep NoNewPrivs /proc/self/status | cut -f2"), "1");
}

#[test]
fn directories_lie_where_the_user_may_write() {
    if !is_ordinary("directories_lie_where_the_user_may_write") {
        return;
    }
    let lines =
        "StateDirectory=ringfence-test\nCacheDirectory=ringfence-test\nRuntimeDirectory=ringfence-test";
    let home = std::env::var("HOME").unwrap();
    assert_eq!(
        prints(
            lines,
            "touch $STATE_DIRECTORY/x $CACHE_DIRECTORY/x $RUNTIME_DIRECTORY/x && echo $STATE_DIRECTORY"
        ),
        format!("{home}/.local/state/ringfence-test")
    );
    assert_eq!(shortfalls(lines), ["RuntimeDirectory", "StateDirectory", "CacheDirectory"]);
}

#[test]
fn what_cannot_be_had_is_said() {
    if !is_ordinary("what_cannot_be_had_is_said") {
        return;
    }
    assert_eq!(shortfalls(""), [""; 0]);
    assert_eq!(shortfalls("User=daemon\nGroup=daemon"), ["User", "Group"]);
    assert_eq!(prints("User=daemon", "id -u"), USER.to_string());
    assert_eq!(shortfalls("DynamicUser=yes\nProtectSystem=strict"), ["DynamicUser"]);
    assert_eq!(shortfalls("Nice=-5"), ["Nice"]);
    assert_eq!(shortfalls("CPUSchedulingPolicy=fifo\nCPUSchedulingPriority=5"), ["CPUSchedulingPolicy"]);
    assert_eq!(
        shortfalls("AmbientCapabilities=CAP_NET_BIND_SERVICE\nPrivateMounts=yes"),
        ["AmbientCapabilities"]
    );
    assert_eq!(shortfalls("ProtectProc=invisible"), ["ProtectProc"]);
    assert_eq!(
        shortfalls("ProtectProc=invisible\nPrivatePIDs=yes"),
        [""; 0],
        "in a PID namespace of its own it is possible"
    );
}

/// systemd's user manager goes on in its own network as well.
#[test]
fn a_network_of_the_machine_is_not_entered_and_that_is_said() {
    if !is_ordinary("a_network_of_the_machine_is_not_entered_and_that_is_said") {
        return;
    }
    let lines = format!("NetworkNamespacePath=/proc/{}/ns/net", std::process::id());
    let (ended, _) = sandbox(&lines).output(["/bin/true"]).unwrap();
    assert_eq!(ended.status.exit_status(), Some(0));
    let said = |shortfall: &Shortfall| {
        shortfall.directive == "NetworkNamespacePath" && shortfall.why.contains("shares the host's")
    };
    assert!(ended.shortfalls.iter().any(said), "{:?}", ended.shortfalls);
    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    assert_eq!(prints(&lines, "readlink /proc/self/ns/net"), own.to_str().unwrap());
}
