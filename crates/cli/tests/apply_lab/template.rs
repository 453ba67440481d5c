//! Templates: one instance is tried, all that run are restarted and watched, and everything can be put back.

use crate::{Lab, killed, said};

const PLACE: &str = "/etc/systemd/system/many@.service.d";
const EXERCISE: &str = "test -e /srv/kept/first/state || test -e /srv/kept/second/state";

/// A template; its instances write where they are named after.
fn template(lab: &Lab) {
    let serve = "#!/bin/sh\ntouch /srv/kept/$1/state\nexec sleep infinity\n";
    lab.machine.write("/opt/many", "755", serve.as_bytes()).unwrap();
    let text = "[Service]\nType=exec\nExecStart=/opt/many %i\n";
    lab.machine.write("/etc/systemd/system/many@.service", "644", text.as_bytes()).unwrap();
    lab.shell(
        "mkdir -p /srv/kept/first /srv/kept/second; systemctl daemon-reload; \
         systemctl start many@first many@second",
    );
}

fn snapshot(lab: &Lab) -> String {
    lab.shell(
        "find /etc/systemd/system -printf '%p %i %m %u %g %l\\n' | sort
         find /var/lib/ringfence -name '*.json' 2>/dev/null
         for one in first second; do
             systemctl show many@$one -p Id -p ActiveState -p DropInPaths -p NeedDaemonReload
         done",
    )
}

#[test]
fn all_instances_of_a_template() {
    let Some(lab) = Lab::boot("template") else { return };
    let output = lab.ringfence(&["harden", "many@", "--apply"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    template(&lab);
    let before = snapshot(&lab);
    let apply = ["harden", "many@", "--exercise", EXERCISE, "--apply", "--watch", "1s"];
    let output = lab.ringfence(&apply);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("ringfence rollback many@.service takes it back"), "{}", said(&output));
    let text = lab.shell(&format!("cat {PLACE}/50-ringfence.conf"));
    assert!(text.contains("ReadWritePaths=/srv/kept/%i\n"), "{text}");
    for one in ["first", "second"] {
        let shown =
            lab.shell(&format!("systemctl show many@{one} -p DropInPaths -p ActiveState -p ProtectSystem"));
        assert!(
            shown.contains(PLACE) && shown.contains("=active") && shown.contains("=strict"),
            "{one}: {shown}"
        );
    }
    let output = lab.ringfence(&["harden", "many@", "--check", "--exercise", EXERCISE]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = lab.ringfence(&["rollback", "many@"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(snapshot(&lab), before);

    // An instance that does not work with it takes it back for all.
    lab.shell(&format!(
        "printf '[Service]\\nExecStartPre=/bin/sh -c \"! test -e {PLACE}/50-ringfence.conf\"\\n' \
         | install -D /dev/stdin /etc/systemd/system/many@second.service.d/other.conf; systemctl daemon-reload"
    ));
    let before = snapshot(&lab);
    let output = lab.ringfence(&apply);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("many@second.service could not be restarted"), "{}", said(&output));
    assert_eq!(snapshot(&lab), before);
}

#[test]
fn one_instance() {
    let Some(lab) = Lab::boot("instance") else { return };
    template(&lab);
    let before = snapshot(&lab);
    let output = lab.ringfence(&["harden", "many@first", "--exercise", EXERCISE, "--apply", "--watch", "0s"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let place = "/etc/systemd/system/many@first.service.d";
    let text = lab.shell(&format!("cat {place}/50-ringfence.conf"));
    assert!(text.contains("ReadWritePaths=/srv/kept/first\n"), "{text}");
    assert!(lab.shell("systemctl show many@second -p DropInPaths").ends_with("=\n"));
    let output = lab.ringfence(&["harden", "many@first", "--check", "--exercise", EXERCISE]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = lab.ringfence(&["rollback", "many@first"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(snapshot(&lab), before);
}

#[test]
fn a_template_killed_on_the_way() {
    let Some(lab) = Lab::boot("template-killed") else { return };
    template(&lab);
    let before = snapshot(&lab);
    let apply = ["harden", "many@", "--apply", "--watch", "0s", "--exercise", EXERCISE];
    let mut kills = 0;
    while killed(&lab, kills + 1, &apply) {
        kills += 1;
        let output = lab.ringfence(&["score", "many@first"]);
        let ended = snapshot(&lab);
        if ended != before {
            assert!(said(&output).contains("was proven, and stays"), "{}\n{ended}", said(&output));
            let output = lab.ringfence(&["rollback", "many@"]);
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            assert_eq!(snapshot(&lab), before);
        }
    }
    assert!(kills >= 6, "{kills} kills are too few: a step was not written down");
}

/// A template for connections, enabled by its socket; each says what it may not write.
fn for_connections(lab: &Lab) {
    let serve = "#!/bin/sh\nread word\ntest -w /etc && echo may || echo $word\n";
    lab.machine.write("/opt/answer", "755", serve.as_bytes()).unwrap();
    let service = "[Service]\nExecStart=/opt/answer\nStandardInput=socket\nStandardOutput=socket\n";
    lab.machine.write("/etc/systemd/system/each@.service", "644", service.as_bytes()).unwrap();
    let socket = "[Socket]\nListenStream=/run/each.sock\nAccept=yes\n[Install]\nWantedBy=sockets.target\n";
    lab.machine.write("/etc/systemd/system/each.socket", "644", socket.as_bytes()).unwrap();
    lab.shell("systemctl daemon-reload; systemctl enable --now each.socket");
}

#[test]
fn a_template_for_connections() {
    let Some(lab) = Lab::boot("connections") else { return };
    for_connections(&lab);
    let snapshot = || {
        lab.shell(
            "find /etc/systemd/system -printf '%p %i %m %u %g %l\\n' | sort; \
             find /var/lib/ringfence -name '*.json' 2>/dev/null; systemctl show each.socket -p ActiveState",
        )
    };
    let before = snapshot();
    let talk = "python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"/run/each.sock\"); \
                s.sendall(b\"hello\\n\"); print(s.makefile().read())'";
    assert_eq!(lab.shell(talk).trim(), "may");
    let exercise = format!("test -n \"$({talk})\"");
    let output = lab.ringfence(&["harden", "each@", "--exercise", &exercise, "--apply", "--watch", "0s"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(lab.shell(talk).trim(), "hello", "the next connection is served in the sandbox");
    let output = lab.ringfence(&["rollback", "each@"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(snapshot(), before);
    assert_eq!(lab.shell(talk).trim(), "may");

    // The exercise passes in the shadow only.
    let only_there = format!("{exercise} && test \"$(cat /proc/1/comm)\" != systemd");
    let output = lab.ringfence(&["harden", "each@", "--exercise", &only_there, "--apply", "--watch", "0s"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("everything is as before"), "{}", said(&output));
    assert_eq!(snapshot(), before);
}
