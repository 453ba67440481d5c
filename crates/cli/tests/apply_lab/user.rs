//! A user's own services: `--user`, without root, under the user's own manager.

use crate::{Lab, said};
use std::process::{Command, Output};

const DROP_IN: &str = "/home/joe/.config/systemd/user/mine.service.d/50-ringfence.conf";
const EXERCISE: &str = "for i in $(seq 100); do test -e ~/.local/state/mine/state && break; sleep 0.1; done; \
                        test \"$(cat ~/.local/state/mine/state)\" = up";

/// What a session of the user's would have. Its bus is dbus-daemon, as Debian's package dbus-user-session starts it.
const SESSION: &str = r#"
useradd --create-home --uid 1000 joe
mkdir -p /etc/systemd/user/sockets.target.wants
printf '[Socket]\nListenStream=%%t/bus\n' > /etc/systemd/user/dbus.socket
printf '%s\n' '[Unit]' Requires=dbus.socket '[Service]' Type=notify NotifyAccess=main \
    'ExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only' \
    > /etc/systemd/user/dbus.service
ln -s ../dbus.socket /etc/systemd/user/sockets.target.wants/
printf '%s\n' '#!/bin/sh' 'mkdir -p ~/.local/state/mine' 'echo $$ > $XDG_RUNTIME_DIR/mine.pid || exit 1' \
    'echo up > ~/.local/state/mine/state' 'exec sleep infinity' > /home/joe/serve
chmod 755 /home/joe/serve
mkdir -p /home/joe/.config/systemd/user
printf '[Service]\nType=exec\nExecStart=%%h/serve\n' > /home/joe/.config/systemd/user/mine.service
chown -R joe:joe /home/joe
systemctl start user@1000
"#;

struct Session(Lab);

impl Session {
    fn begin(purpose: &str) -> Option<Session> {
        let lab = Lab::boot(purpose)?;
        lab.shell(SESSION);
        let session = Session(lab);
        session.shell("systemctl --user start mine");
        Some(session)
    }

    /// A command as the user, with what a login sets.
    fn command(&self, program: &[&str]) -> Command {
        let mut command = self.0.machine.command("/usr/bin/setpriv");
        command.args(["--reuid=1000", "--regid=1000", "--init-groups", "env", "--chdir=/home/joe"]);
        command.args(["HOME=/home/joe", "USER=joe", "XDG_RUNTIME_DIR=/run/user/1000"]).args(program);
        command
    }

    fn shell(&self, script: &str) -> String {
        let output = self.command(&["sh", "-ec", script]).output().unwrap();
        assert!(output.status.success(), "{script}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn ringfence(&self, arguments: &[&str]) -> Output {
        self.command(&["/run/ringfence", "--user"]).args(arguments).output().unwrap()
    }

    fn apply(&self, exercise: &str) -> Output {
        self.ringfence(&["harden", "mine", "--exercise", exercise, "--apply", "--watch", "1s"])
    }

    /// Every file of the user's but the lock, and what the service does.
    fn snapshot(&self) -> String {
        self.shell(
            "find ~ -not -path '*/ringfence*' -printf '%p %i %m %u %g %l\\n' | sort
             find ~/.config -type f -exec sha256sum {} + | sort
             find ~/.local/state/ringfence -name '*.json' 2>/dev/null || true
             systemctl --user show mine -p ActiveState -p DropInPaths -p NeedDaemonReload",
        )
    }
}

#[test]
fn a_users_service() {
    let Some(session) = Session::begin("user") else { return };
    let before = session.snapshot();
    for level in ["standard", "tight"] {
        let arguments =
            ["harden", "mine", "--exercise", EXERCISE, "--apply", "--watch", "1s", "--level", level];
        let output = session.ringfence(&arguments);
        assert_eq!(output.status.code(), Some(0), "{level}: {}", said(&output));
        assert!(!said(&output).contains("does not work"), "{level}: {}", said(&output));
        assert!(
            said(&output).contains("ringfence --user rollback mine.service takes it back"),
            "{}",
            said(&output)
        );
        let shown = session.shell("systemctl --user show mine -p DropInPaths -p ActiveState -p PrivateUsers");
        assert!(
            shown.contains(DROP_IN) && shown.contains("=active") && shown.contains("PrivateUsers=yes"),
            "{shown}"
        );
        session.shell(EXERCISE);
        let output = session.ringfence(&["harden", "mine", "--check", "--exercise", EXERCISE]);
        assert_eq!(output.status.code(), Some(0), "{level}: {}", said(&output));
        let output = session.ringfence(&["rollback", "mine"]);
        assert_eq!(output.status.code(), Some(0), "{level}: {}", said(&output));
        assert_eq!(session.snapshot(), before, "{level}");
    }
    session.shell(EXERCISE);
}

#[test]
fn what_fails_in_a_session_is_taken_back() {
    let Some(session) = Session::begin("user-fails") else { return };
    let before = session.snapshot();
    // True on the machine, false on its shadow.
    let output = session.apply(&format!("{EXERCISE} && ! pgrep -x systemd"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("the exercise ended with status 1"), "{}", said(&output));
    assert!(said(&output).contains("everything is as before"), "{}", said(&output));
    assert_eq!(session.snapshot(), before);

    session.shell(&format!("printf 'ExecStartPre=/bin/sh -c \"! test -e {DROP_IN}\"\\n' >> ~/.config/systemd/user/mine.service; systemctl --user daemon-reload; systemctl --user restart mine"));
    let before = session.snapshot();
    let output = session.apply(EXERCISE);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("could not be restarted"), "{}", said(&output));
    assert_eq!(session.snapshot(), before);

    // A place that others may write to, and one that cannot be written.
    session.shell("mkdir -m 777 ~/.config/systemd/user/mine.service.d");
    let output = session.apply(EXERCISE);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("written by others than you"), "{}", said(&output));
    session.shell("rmdir ~/.config/systemd/user/mine.service.d; chmod 500 ~/.config/systemd/user");
    let output = session.apply(EXERCISE);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("Permission denied"), "{}", said(&output));
    session.shell("chmod 755 ~/.config/systemd/user");
    assert_eq!(session.snapshot(), before);
}

#[test]
fn killed_on_the_way_in_a_session() {
    let Some(session) = Session::begin("user-killed") else { return };
    let before = session.snapshot();
    let killed = |renames: usize, arguments: &[&str]| {
        let inject = format!("inject=/^renameat:signal=KILL:when={renames}");
        let strace = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=/^renameat", "-e", &inject];
        let command = [&strace[..], &["/run/ringfence", "--user"], arguments].concat();
        session.command(&command).output().unwrap().status.code().is_none_or(|code| code == 137)
    };
    let apply = ["harden", "mine", "--exercise", EXERCISE, "--apply", "--watch", "0s"];
    let mut kills = 0;
    while killed(kills + 1, &apply) {
        kills += 1;
        // Whatever the command, also one that is about the system's units.
        let output = session.command(&["/run/ringfence", "score", "mine"]).output().unwrap();
        let ended = session.snapshot();
        if ended != before {
            assert!(said(&output).contains("was proven, and stays"), "{}\n{ended}", said(&output));
            let output = session.ringfence(&["rollback", "mine"]);
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            assert_eq!(session.snapshot(), before);
        }
        session.shell(EXERCISE);
    }
    assert!(kills >= 6, "{kills} kills are too few: a step was not written down");
    let mut kills = 0;
    while killed(kills + 1, &["rollback", "mine"]) {
        kills += 1;
        session.command(&["/run/ringfence", "score", "mine"]).output().unwrap();
        if session.snapshot() != before {
            continue;
        }
        let output = session.apply(EXERCISE);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert!(kills >= 2, "{kills} kills are too few: a step was not written down");
    session.ringfence(&["score", "mine"]);
    assert_eq!(session.snapshot(), before);
}

#[test]
fn run_ends_as_under_the_users_manager() {
    let Some(session) = Session::begin("user-run") else { return };
    let lines = [
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "InaccessiblePaths=/home",
        "PrivateUsers=yes",
        "PrivateUsers=identity",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=CAP_CHOWN",
        "User=joe",
        "User=root",
        "SupplementaryGroups=games",
        "CPUSchedulingPolicy=rr",
        "SecureBits=keep-caps",
        "PrivateDevices=yes",
        "WorkingDirectory=/nowhere",
    ];
    for line in lines {
        session.shell(&format!(
            "printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n%s\\n' '{line}' > ~/.config/systemd/user/tried.service; \
             systemctl --user daemon-reload; systemctl --user start tried || true"
        ));
        let theirs = session.shell("systemctl --user show tried -p ExecMainStatus --value");
        let output = session.ringfence(&["run", "tried"]);
        let ours = output.status.code().unwrap();
        assert_eq!(ours.to_string(), theirs.trim(), "{line}: {}", said(&output));
        session.shell("systemctl --user reset-failed tried || true");
    }
}
