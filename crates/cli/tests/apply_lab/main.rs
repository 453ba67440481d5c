//! `harden --apply` and `rollback` on a real systemd, and everything that can go wrong on the way: the service works afterwards,
//! and what was there before is there again. Needs root, and a lab.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod template;
mod user;

use ringfence_agreement::Machine;
use std::process::{Command, Output, Stdio};

const PLACE: &str = "/etc/systemd/system/tried.service.d";
const DROP_IN: &str = "/etc/systemd/system/tried.service.d/50-ringfence.conf";
/// Passes on the machine and on its shadow, once the service is where it stays.
const EXERCISE: &str = "for i in $(seq 100); do pgrep -fx 'sleep infinity' >/dev/null && break; sleep 0.1; done; \
                        test \"$(cat /var/lib/tried/state)\" = up";
/// True on the machine, false on its shadow.
const REALLY: &str = "test \"$(cat /proc/1/comm)\" = systemd";

struct Lab {
    machine: Machine,
}

impl Lab {
    fn boot(purpose: &str) -> Option<Lab> {
        if !rustix::process::geteuid().is_root() {
            println!("SKIP: a lab needs root");
            assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
            return None;
        }
        let machine = Machine::lab(&format!("apply-{purpose}-{}", std::process::id()), None).unwrap();
        let binary = std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap();
        machine.write("/run/ringfence", "755", &binary).unwrap();
        let lab = Lab { machine };
        lab.service("[Service]\n");
        Some(lab)
    }

    /// Installs and starts the service, with more lines.
    fn service(&self, more: &str) {
        let serve =
            "#!/bin/sh\nmkdir -p /var/lib/tried\necho up > /var/lib/tried/state\nexec sleep infinity\n";
        self.machine.write("/opt/serve", "755", serve.as_bytes()).unwrap();
        let text = format!("[Service]\nType=exec\nExecStart=/opt/serve\n{more}");
        self.machine.write("/etc/systemd/system/tried.service", "644", text.as_bytes()).unwrap();
        self.shell("systemctl daemon-reload; systemctl restart tried");
    }

    fn shell(&self, script: &str) -> String {
        self.machine.shell(script).unwrap()
    }

    fn ringfence(&self, arguments: &[&str]) -> Output {
        self.machine.command("/run/ringfence").args(arguments).output().unwrap()
    }

    fn apply(&self, exercise: &str, watch: &str) -> Output {
        self.ringfence(&["harden", "tried", "--exercise", exercise, "--apply", "--watch", watch])
    }

    /// Every file of the machine that installing may touch, which file it is and what is in it, and what the service does.
    fn snapshot(&self) -> String {
        self.shell(
            "find /etc/systemd/system /var/lib/tried -printf '%p %i %m %u %g %l\\n' | sort
             find /etc/systemd/system -type f -exec sha256sum {} + | sort
             find /var/lib/ringfence -name '*.json' 2>/dev/null
             systemctl show tried -p ActiveState -p DropInPaths -p NeedDaemonReload",
        )
    }

    /// The service works, and everything is as in the snapshot.
    fn assert_as_before(&self, before: &str, output: &Output) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(self.snapshot(), before, "{said}");
        self.shell(EXERCISE);
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn installed_watched_and_taken_back() {
    let Some(lab) = Lab::boot("good") else { return };
    let before = lab.snapshot();
    let output = lab.apply(EXERCISE, "1s");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        lab.shell("systemctl show tried -p ProtectSystem -p DropInPaths").contains(&format!("={DROP_IN}\n"))
    );
    assert!(lab.shell("systemctl show tried -p ProtectSystem").contains("=strict"));
    lab.shell(EXERCISE);

    // Once more: the new drop-in is not less than the old one, and a rollback still leads to the very beginning.
    let first = lab.shell(&format!("cat {DROP_IN}"));
    let output = lab.apply(EXERCISE, "1s");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(lab.shell(&format!("cat {DROP_IN}")), first);
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    lab.assert_as_before(&before, &output);
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));

    // One that failed since is started: it may have failed because of the drop-in.
    assert_eq!(lab.apply(EXERCISE, "0s").status.code(), Some(0));
    lab.shell("systemctl kill -s KILL tried; until systemctl -q is-failed tried; do sleep 0.1; done");
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    lab.assert_as_before(&before, &output);

    // A service that does not run is not left running.
    lab.shell("systemctl stop tried");
    let stopped = lab.snapshot();
    let output = lab.apply(EXERCISE, "1s");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(lab.shell("systemctl show tried -p ActiveState").contains("=inactive"));
    // What somebody makes of it is kept.
    lab.shell(&format!("echo '# mine' >> {DROP_IN}"));
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(lab.shell(&format!("cat {DROP_IN}.edited && rm -r {PLACE}")).ends_with("# mine\n"));
    assert_eq!(lab.snapshot(), stopped);
}

#[test]
fn what_fails_on_the_real_service_is_taken_back() {
    let Some(lab) = Lab::boot("fails") else { return };
    let with_drop_in = format!("test -e {DROP_IN}");
    let cases: [(&str, String, String, &str); 6] = [
        (
            "an exercise that fails",
            String::new(),
            format!("{EXERCISE} && ! {REALLY}"),
            "the exercise ended with status 1",
        ),
        (
            "a service that fails after 5 seconds",
            format!("ExecStartPost=/bin/sh -c '{with_drop_in} && (sleep 5; kill -9 $MAINPID) & exit 0'\n"),
            EXERCISE.to_owned(),
            "failed (result `signal`)",
        ),
        (
            "the same, and systemd starts it again",
            format!(
                "Restart=always\nRestartSec=0\nExecStartPost=/bin/sh -c '{with_drop_in} && (sleep 5; kill -9 $MAINPID) & exit 0'\n"
            ),
            EXERCISE.to_owned(),
            "service",
        ),
        (
            "a start that hangs",
            format!("TimeoutStartSec=10\nExecStartPre=/bin/sh -c '! {with_drop_in} || sleep 1000'\n"),
            EXERCISE.to_owned(),
            "could not be restarted",
        ),
        (
            "a start that fails",
            format!("ExecStartPre=/bin/sh -c '! {with_drop_in}'\n"),
            EXERCISE.to_owned(),
            "could not be restarted",
        ),
        (
            "a denial that only the log tells of",
            format!(
                "ExecStartPost=/bin/sh -c '{with_drop_in} && echo cannot create /var/lib/x: Read-only file system; exit 0'\n"
            ),
            EXERCISE.to_owned(),
            "something was denied",
        ),
    ];
    for (what, lines, exercise, why) in cases {
        lab.service(&lines);
        let before = lab.snapshot();
        let output = lab.apply(&exercise, "7s");
        assert_eq!(output.status.code(), Some(1), "{what}: {}", said(&output));
        assert!(said(&output).contains(why), "{what}: {}", said(&output));
        assert!(said(&output).contains("everything is as before"), "{what}: {}", said(&output));
        lab.assert_as_before(&before, &output);
    }
}

#[test]
fn a_place_that_cannot_be_written_to() {
    let Some(lab) = Lab::boot("place") else { return };
    let fails = |what: &str, make: &str, unmake: &str, status: i32, why: &str| {
        lab.shell(make);
        let before = lab.snapshot();
        let output = lab.apply(EXERCISE, "1s");
        assert_eq!(output.status.code(), Some(status), "{what}: {}", said(&output));
        assert!(said(&output).contains(why), "{what}: {}", said(&output));
        lab.assert_as_before(&before, &output);
        lab.shell(unmake);
    };
    let full = |directory: &str| {
        format!(
            "cp -a {directory} /tmp/copy && mount -t tmpfs -o size=64k tmpfs {directory} && cp -a /tmp/copy/. {directory} && \
             rm -r /tmp/copy && {{ dd if=/dev/zero of={directory}/filler bs=4k 2>/dev/null || true; }} && systemctl daemon-reload"
        )
    };
    let place = "/etc/systemd/system";
    fails(
        "a full disk",
        &full(place),
        &format!("umount {place}; systemctl daemon-reload"),
        1,
        "No space left on device",
    );
    fails(
        "a full disk, over somebody's drop-in",
        &format!("mkdir {PLACE} && echo '# mine' > {DROP_IN} && {}", full(place)),
        &format!("umount {place}; rm -r {PLACE}; systemctl daemon-reload"),
        1,
        "No space left on device",
    );
    let state = "/var/lib/ringfence";
    fails(
        "a full disk for the state",
        &full(state),
        &format!("umount {state}"),
        1,
        "No space left on device",
    );
    fails(
        "a read-only /etc",
        "mount --bind /etc /etc && mount -o remount,ro,bind /etc",
        "umount /etc",
        2,
        "Read-only file system",
    );
    fails(
        "a link to nowhere",
        &format!("ln -s nowhere {PLACE}"),
        &format!("rm {PLACE}"),
        2,
        "a link to nowhere",
    );
    fails(
        "another unit's directory",
        &format!("mkdir {place}/other.service.d && ln -s other.service.d {PLACE}"),
        &format!("rm {PLACE}; rmdir {place}/other.service.d"),
        2,
        "changes other units, too",
    );
    fails(
        "a directory that others may write to",
        &format!("mkdir {PLACE} && chown nobody {PLACE}"),
        &format!("rmdir {PLACE}"),
        2,
        "written by others than root",
    );

    // A link that somebody keeps configuration behind is followed, and stays.
    lab.shell(&format!("mkdir /etc/kept && ln -s /etc/kept {PLACE}"));
    let before = lab.snapshot();
    let output = lab.apply(EXERCISE, "1s");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(lab.shell("systemctl show tried -p DropInPaths; ls /etc/kept").ends_with("50-ringfence.conf\n"));
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    lab.assert_as_before(&before, &output);
    assert_eq!(lab.shell("ls /etc/kept"), "");
}

/// Runs a command in the lab, killed before it puts its so-manieth file in place. Whether it was killed.
fn killed(lab: &Lab, renames: usize, arguments: &[&str]) -> bool {
    let mut command: Command = lab.machine.command("/usr/bin/strace");
    let inject = format!("inject=/^renameat:signal=KILL:when={renames}");
    command.args(["-qq", "-o", "/dev/null", "-e", "trace=/^renameat", "-e", &inject, "/run/ringfence"]);
    let output = command.args(arguments).output().unwrap();
    output.status.code().is_none_or(|code| code == 137)
}

#[test]
fn killed_on_the_way() {
    let Some(lab) = Lab::boot("killed") else { return };
    let arguments = ["harden", "tried", "--exercise", EXERCISE, "--apply", "--watch", "0s"];
    let before = lab.snapshot();
    let mut kills = 0;
    while killed(&lab, kills + 1, &arguments) {
        kills += 1;
        // Whatever the command: here one that only asks.
        let output = lab.ringfence(&["score", "tried"]);
        let ended = lab.snapshot();
        if ended.contains(DROP_IN) {
            assert!(said(&output).contains("was proven, and stays"), "{}", said(&output));
            lab.shell(EXERCISE);
            let output = lab.ringfence(&["rollback", "tried"]);
            lab.assert_as_before(&before, &output);
        } else {
            lab.assert_as_before(&before, &output);
        }
    }
    // To roll back what is only half there is no mistake.
    assert_eq!(lab.ringfence(&["rollback", "tried"]).status.code(), Some(0));
    assert!(killed(&lab, 4, &arguments));
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    lab.assert_as_before(&before, &output);
    assert!(killed(&lab, 4, &arguments));
    let output = lab.ringfence(&["rollback", "--unfinished"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    lab.assert_as_before(&before, &output);
    // The call that ends it goes on with trials: for those it must have stayed a process with one thread.
    assert!(killed(&lab, 4, &arguments));
    let output = lab.apply(EXERCISE, "0s");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("an earlier ringfence stopped half-way"), "{}", said(&output));
    assert!(kills >= 6, "{kills} kills are too few: a step was not written down");
    lab.shell(EXERCISE);
    let installed = lab.snapshot();
    let mut kills = 0;
    while killed(&lab, kills + 1, &["rollback", "tried"]) {
        kills += 1;
        let output = lab.ringfence(&["score", "tried"]);
        if lab.snapshot() == installed {
            // Before anything was written down, nothing had begun.
            continue;
        }
        lab.assert_as_before(&before, &output);
        let again = lab.apply(EXERCISE, "1s");
        assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    }
    assert!(kills >= 2, "{kills} kills are too few: a step was not written down");
    let output = lab.ringfence(&["score", "tried"]);
    lab.assert_as_before(&before, &output);
}

#[test]
fn a_new_version_that_needs_more() {
    let Some(lab) = Lab::boot("check") else { return };
    let output = lab.apply(EXERCISE, "0s");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let check = || {
        let arguments = ["harden", "tried", "--check", "--exercise", EXERCISE, "--format", "json"];
        let output = lab.ringfence(&arguments);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), document, said(&output))
    };
    let before = lab.snapshot();
    let (status, document, said) = check();
    assert_eq!((status, &document["proven"]), (Some(0), &true.into()), "{said}");
    assert_eq!(document["denied"].as_array().map(Vec::len), Some(0), "{document:#}");

    // One that goes on when it is denied something.
    let serve = |more: &str| {
        let text = format!("#!/bin/sh\n{more}\necho up > /var/lib/tried/state\nexec sleep infinity\n");
        lab.machine.write("/opt/serve", "755", text.as_bytes()).unwrap();
    };
    serve("echo > /etc/tried.new");
    let (status, document, said) = check();
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(document["denied"][0]["path"], "/etc/tried.new", "{document:#}");
    assert!(
        document["denied"][0]["because"].as_str().unwrap().starts_with("ProtectSystem=strict"),
        "{document:#}"
    );

    // One that does not.
    serve("mkdir -p /var/spool/second || exit 4; unshare -U true || exit 5; chroot / true || exit 6");
    let (status, document, said) = check();
    assert_eq!((status, &document["proven"]), (Some(1), &false.into()), "{said}");
    let needs: Vec<&str> =
        document["needs"].as_array().unwrap().iter().map(|need| need["line"].as_str().unwrap()).collect();
    assert!(needs.iter().any(|line| line.contains("/var/spool")), "{document:#}");
    assert!(needs.contains(&"RestrictNamespaces=user"), "{document:#}");
    assert!(needs.contains(&"no SystemCallFilter=~@privileged"), "{document:#}");
    assert_eq!(lab.snapshot(), before, "a check changes nothing");
}

#[test]
fn an_image() {
    let Some(lab) = Lab::boot("image") else { return };
    // The lab's own tree stands for one: a service of it does not know that it is hardened.
    lab.shell("mkdir /image && mount --bind / /image");
    let before = lab.snapshot();
    let harden = |more: &[&str]| {
        let arguments = ["--root", "/image", "harden", "tried", "--exercise", EXERCISE];
        let output = lab.ringfence(&[&arguments[..], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    };
    harden(&["-o", "/run/proposed.conf"]);
    assert_eq!(lab.snapshot(), before, "trials write nothing");
    harden(&["--apply"]);
    let text = lab.shell(&format!("cmp {DROP_IN} /run/proposed.conf && cat {DROP_IN}"));
    assert!(text.contains("ProtectSystem=strict\n"), "{text}");
    assert!(
        lab.shell("systemctl show tried -p ProtectSystem").contains("=no"),
        "the manager was not asked to read it"
    );
    let output = lab.ringfence(&["--root", "/image", "rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    lab.assert_as_before(&before, &output);
}

#[test]
fn interrupted() {
    let Some(lab) = Lab::boot("interrupted") else { return };
    for (signal, step) in [("INT", "restarted"), ("TERM", "reloaded")] {
        // A start that takes its time, with the drop-in, so that the step can be met.
        lab.service(&format!("ExecStartPre=/bin/sh -c '! test -e {DROP_IN} || sleep 3'\n"));
        let before = lab.snapshot();
        let mut command = lab.machine.command("/run/ringfence");
        command.args(["harden", "tried", "--exercise", EXERCISE, "--apply", "--watch", "60s"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        lab.shell(&format!(
            "until grep -qs '\"step\": \"{step}\"' /var/lib/ringfence/unfinished.json; do sleep 0.1; done; \
             kill -{signal} $(pidof ringfence)"
        ));
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("interrupted\n  everything is as before"), "{}", said(&output));
        lab.assert_as_before(&before, &output);
    }
}

#[test]
fn a_service_that_is_gone() {
    let Some(lab) = Lab::boot("gone") else { return };
    let output = lab.apply(EXERCISE, "0s");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    lab.shell("systemctl stop tried; rm /etc/systemd/system/tried.service; systemctl daemon-reload");
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(!lab.snapshot().contains("tried.service"), "{}", lab.snapshot());
}

#[test]
fn two_at_once_come_one_after_the_other() {
    let Some(lab) = Lab::boot("two") else { return };
    let before = lab.snapshot();
    let arguments =
        ["harden", "tried", "--exercise", EXERCISE, "--apply", "--watch", "3s", "-q", "--format", "json"];
    let mut first =
        lab.machine.command("/run/ringfence").args(arguments).stdout(Stdio::null()).spawn().unwrap();
    lab.shell("until test -e /var/lib/ringfence/unfinished.json; do sleep 0.1; done");
    // While it watches: a command that only asks undoes nothing, and one that changes waits.
    let output = lab.ringfence(&["score", "tried"]);
    assert_eq!(said(&output), "");
    let output = lab.ringfence(&["rollback", "tried"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(first.wait().unwrap().success());
    lab.assert_as_before(&before, &output);
}
