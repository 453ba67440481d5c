//! `harden` on every kind of service that is not simply started: instances, jobs of timers, services of sockets and of the
//! message bus; and without a systemd. Needs root, and a lab.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ringfence_agreement::Machine;
use serde_json::Value;

struct Lab(Machine);

impl Lab {
    /// A machine with a systemd, or the same without.
    fn start(purpose: &str, systemd: bool) -> Option<Lab> {
        if !rustix::process::geteuid().is_root() {
            println!("SKIP: a lab needs root");
            assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
            return None;
        }
        let name = format!("kinds-{purpose}-{}", std::process::id());
        let machine = if systemd { Machine::lab(&name, None) } else { Machine::bare(&name, None) }.unwrap();
        let binary = std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap();
        machine.write("/usr/local/bin/ringfence", "755", &binary).unwrap();
        machine.shell("ip link set lo up").unwrap();
        Some(Lab(machine))
    }

    fn write(&self, path: &str, text: &str) {
        self.0.write(path, "755", text.as_bytes()).unwrap();
    }

    fn shell(&self, script: &str) -> String {
        self.0.shell(&format!("set -e\n{script}")).unwrap()
    }

    /// Hardens; the document, which says `proven`, and what was said.
    fn harden(&self, arguments: &[&str]) -> (Value, String) {
        let mut command = self.0.command("ringfence");
        let output = command.args(["--format", "json", "harden"]).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let document: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
        assert_eq!(document["proven"], true, "{document:#}\n{said}");
        (document, said)
    }
}

#[test]
fn one_instance_is_hardened_and_the_others_are_left_alone() {
    let Some(lab) = Lab::start("instances", true) else { return };
    lab.write("/opt/serve", "#!/bin/sh\necho up > /var/lib/many-$1\nexec sleep infinity\n");
    lab.write(
        "/etc/systemd/system/many@.service",
        "[Service]\nType=exec\nExecStart=/opt/serve %i\nEnvironment=NAME=%i\n",
    );
    lab.shell("touch /var/lib/many-one /var/lib/many-two; systemctl daemon-reload; systemctl start many@one many@two");
    let exercise = "for i in $(seq 50); do grep -q up /var/lib/many-one && exit 0; sleep 0.1; done; exit 1";
    let arguments = ["many@one", "--apply", "--watch", "1s", "--exercise", exercise];
    let (document, _) = lab.harden(&arguments);
    assert_eq!(document["unit"], "many@one.service");
    let state = lab.shell(
        "systemctl is-active many@one many@two
         systemctl show -P ProtectSystem many@one many@two
         ls /etc/systemd/system/many@one.service.d; test ! -e /etc/systemd/system/many@.service.d",
    );
    assert_eq!(
        state.split_whitespace().collect::<Vec<_>>(),
        ["active", "active", "strict", "no", "50-ringfence.conf"]
    );
    lab.shell("ringfence rollback many@one; systemctl is-active many@one; test ! -e /etc/systemd/system/many@one.service.d");
}

#[test]
fn a_timers_job_is_tried_and_then_started_by_its_timer_only() {
    let Some(lab) = Lab::start("timers", true) else { return };
    lab.write("/opt/job", "#!/bin/sh\nmkdir -p /var/lib/job\ndate >> /var/lib/job/runs\n");
    lab.write("/etc/systemd/system/job.service", "[Service]\nType=oneshot\nExecStart=/opt/job\n");
    lab.write("/etc/systemd/system/job.timer", "[Timer]\nOnActiveSec=1h\n");
    lab.shell("systemctl daemon-reload; systemctl start job.timer");
    let (document, _) = lab.harden(&["job", "--apply", "--exercise", "test -s /var/lib/job/runs"]);
    assert!(document["drop_in"].as_str().unwrap().contains("StateDirectory=job\n"), "{document:#}");
    lab.shell("test ! -e /var/lib/job/runs; systemctl start job; test -s /var/lib/job/runs");
    lab.shell("test $(systemctl show -P ProtectSystem job) = strict; systemctl is-active job.timer");
}

#[test]
fn a_template_of_connections_is_hardened_with_its_socket() {
    let Some(lab) = Lab::start("connections", true) else { return };
    lab.write(
        "/opt/each",
        "#!/bin/bash\nread line\necho \"$line\" >> /var/lib/each/kept\necho \"you said $line\"\n",
    );
    lab.write("/etc/systemd/system/each@.service", "[Service]\nExecStart=/opt/each\nStandardInput=socket\n");
    lab.write("/etc/systemd/system/each.socket", "[Socket]\nListenStream=127.0.0.1:7799\nAccept=yes\n");
    lab.write(
        "/opt/exercise",
        "#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/7799; echo hello >&3; read -r said <&3; test \"$said\" = 'you said hello'\n",
    );
    lab.shell("mkdir /var/lib/each; systemctl daemon-reload; systemctl start each.socket; /opt/exercise");
    let place = "/etc/systemd/system/each@.service.d/50-ringfence.conf";
    lab.shell("mkdir /etc/systemd/system/each@.service.d; rm /var/lib/each/kept");
    let (document, _) = lab.harden(&["each@.service", "--exercise", "/opt/exercise", "-o", place]);
    assert!(document["after"].as_f64().unwrap() < 2.5, "{document:#}");
    lab.shell(
        "test ! -e /var/lib/each/kept; systemctl daemon-reload; /opt/exercise; test -s /var/lib/each/kept",
    );
    let (_, said) = lab.harden(&["each@.service", "--check", "--exercise", "/opt/exercise"]);
    assert!(!said.contains("does not work"), "{said}");
}

/// Owns a name on the system bus until it is killed; no library that speaks to the bus is needed.
const NAMED: &str = r#"#!/usr/bin/python3
import os, socket, struct
def field(code, sign, value):
    return struct.pack("<BBBB", code, 1, ord(sign), 0) + struct.pack("<I", len(value)) + value.encode() + b"\0"
def call(serial, member, signature=b"", body=b""):
    fields = b""
    for item in [(1, "o", "/org/freedesktop/DBus"), (2, "s", "org.freedesktop.DBus"), (3, "s", member),
                 (6, "s", "org.freedesktop.DBus")]:
        fields += b"\0" * (-len(fields) % 8) + field(*item)
    if signature:
        fields += b"\0" * (-len(fields) % 8) + struct.pack("<BBBBB", 8, 1, ord("g"), 0, len(signature)) + signature + b"\0"
    head = struct.pack("<BBBBIII", ord("l"), 1, 0, 1, len(body), serial, len(fields)) + fields
    return head + b"\0" * (-len(head) % 8) + body
bus = socket.socket(socket.AF_UNIX)
bus.connect("/run/dbus/system_bus_socket")
bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
assert bus.recv(100).startswith(b"OK")
bus.sendall(b"BEGIN\r\n" + call(1, "Hello"))
name = b"org.example.Tried"
bus.sendall(call(2, "RequestName", b"su", struct.pack("<I", len(name)) + name + b"\0" + b"\0" * (-(len(name) + 5) % 4) + struct.pack("<I", 0)))
while bus.recv(4096): pass
"#;

const POLICY: &str =
    r#"<busconfig><policy user="root"><allow own="org.example.Tried"/></policy></busconfig>"#;

#[test]
fn a_service_of_the_message_bus_finds_one_in_a_container_too() {
    let Some(lab) = Lab::start("bus", false) else { return };
    lab.write("/opt/named", NAMED);
    lab.write("/usr/share/dbus-1/system.d/tried.conf", POLICY);
    lab.write(
        "/etc/systemd/system/tried.service",
        "[Service]\nType=dbus\nBusName=org.example.Tried\nExecStart=/opt/named\nTimeoutStartSec=20s\n",
    );
    let exercise = "busctl call org.freedesktop.DBus / org.freedesktop.DBus GetNameOwner s org.example.Tried";
    for level in ["standard", "tight"] {
        let (document, _) = lab.harden(&["tried", "--exercise", exercise, "--level", level]);
        assert!(document["after"].as_f64().unwrap() < 2.5, "{document:#}");
    }
    // Nothing was left on the machine, whose own bus never ran.
    lab.shell("test ! -e /run/dbus/system_bus_socket");

    lab.shell("mv /usr/bin/dbus-daemon /usr/bin/dbus-daemon.away");
    let output =
        lab.0.command("ringfence").args(["harden", "tried", "--exercise", exercise]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/usr/bin/dbus-daemon is not installed"), "{said}");
}

#[test]
fn without_a_systemd_a_proposal_is_found_and_proven_all_the_same() {
    let Some(lab) = Lab::start("container", false) else { return };
    lab.write(
        "/opt/serve",
        "#!/bin/sh\nmkdir -p /var/lib/tried\necho up > /var/lib/tried/state\nexec sleep infinity\n",
    );
    lab.write("/etc/systemd/system/tried.service", "[Service]\nType=exec\nExecStart=/opt/serve\n");
    let exercise =
        "for i in $(seq 50); do grep -q up /var/lib/tried/state && exit 0; sleep 0.1; done; exit 1";
    let (document, _) = lab.harden(&["tried", "--exercise", exercise, "-o", "/root/drop-in.conf"]);
    let text = lab.shell("cat /root/drop-in.conf");
    assert_eq!(document["drop_in"], text);
    assert!(text.contains("StateDirectory=tried\n"), "{text}");
    lab.shell("test ! -e /var/lib/tried");
    // Installing needs a manager, and says so before the first trial.
    let output = lab.0.command("ringfence").args(["harden", "tried", "--apply"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--apply needs the service manager"), "{said}");
}
