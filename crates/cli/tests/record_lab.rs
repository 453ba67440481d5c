//! `ringfence record` beside a real systemd: services that run, that are restarted, processes, control groups; all inside
//! a machine with namespaces of its own, as in a container.
//!
//! Needs root, and a lab (`lab/systemd-lab`).

use ringfence_agreement::Machine;
use ringfence_profile::{BlindSpot, Operation, Profile};

/// A service that reads a file when it starts and then makes files in turn.
const SERVICE: &str = "[Service]
ExecStart=/bin/sh -c 'read -r line < /etc/os-release; while :; do : > /run/made; rm /run/made; sleep 0.1; done'
";

/// One way to name what is recorded.
struct Case {
    recorder: &'static str,
    target: &'static str,
    /// Whether the start-up is in the recording.
    starts: bool,
}

const CASES: &[Case] = &[
    Case { recorder: "ebpf", target: "made.service", starts: false },
    Case { recorder: "ebpf", target: "--restart made.service", starts: true },
    Case { recorder: "ebpf", target: "--restart stopped.service", starts: true },
    Case { recorder: "ebpf", target: "--pid $(systemctl show -P MainPID made)", starts: false },
    Case { recorder: "ebpf", target: "--cgroup /sys/fs/cgroup/system.slice/made.service", starts: false },
    Case { recorder: "ptrace", target: "made.service", starts: false },
    Case { recorder: "ptrace", target: "--pid $(systemctl show -P MainPID made)", starts: false },
    Case { recorder: "ptrace", target: "--cgroup /sys/fs/cgroup/system.slice/made.service", starts: false },
];

#[test]
fn services_processes_and_control_groups() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return;
    }
    let machine = Machine::lab(&format!("record-{}", std::process::id()), None).unwrap();
    machine.write("/run/ringfence", "755", &std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap()).unwrap();
    for unit in ["made", "stopped"] {
        machine.write(&format!("/run/systemd/system/{unit}.service"), "644", SERVICE.as_bytes()).unwrap();
    }
    machine.shell("systemctl daemon-reload && systemctl start made").unwrap();
    for case in CASES {
        let Case { recorder, target, starts } = case;
        let name = format!("{recorder} {target}");
        let json = machine
            .shell(&format!(
                "/run/ringfence record -q --recorder {recorder} --for 3s -o /run/p.json {target} && cat /run/p.json"
            ))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let profile = Profile::read(json.as_bytes()).unwrap();
        let (_, recording) = profile.recordings().next().unwrap();
        assert!(recording.is_complete(), "{name}: {recording:?}");
        assert_eq!(recording.blind_spots.contains(&BlindSpot::StartUp), !starts, "{name}");
        // ptrace follows what descends from a group's processes, not what the manager puts beside them.
        let may_miss = *recorder == "ptrace" && !target.starts_with("--pid");
        assert_eq!(recording.blind_spots.contains(&BlindSpot::NotFollowed), may_miss, "{name}");
        let has = |operation, path: &str| {
            let files = profile.files();
            files.iter().any(|a| a.path().as_os_str() == path && a.operations().contains(operation))
        };
        assert!(has(Operation::Create, "/run/made"), "{name}");
        assert!(has(Operation::Unlink, "/run/made"), "{name}");
        assert!(has(Operation::Exec, "/usr/bin/sleep"), "{name}");
        assert_eq!(has(Operation::Read, "/usr/lib/os-release"), *starts, "{name}");
        assert_eq!(has(Operation::Exec, "/usr/bin/dash"), *starts, "{name}");
        // What the service manager does is not the service's.
        assert!(!profile.files().iter().any(|a| a.path().starts_with("/sys/fs/cgroup")), "{name}");
    }
    // The service runs on.
    assert_eq!(machine.shell("systemctl is-active made").unwrap(), "active\n");
}

#[test]
fn what_cannot_be_recorded_is_told() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return;
    }
    let machine = Machine::lab(&format!("record-told-{}", std::process::id()), None).unwrap();
    machine.write("/run/ringfence", "755", &std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap()).unwrap();
    machine.write("/run/systemd/system/still.service", "644", SERVICE.as_bytes()).unwrap();
    machine
        .write(
            "/run/systemd/system/broken.service",
            "644",
            b"[Service]\nExecStart=/bin/false\nType=oneshot\n",
        )
        .unwrap();
    for (arguments, message) in [
        ("still.service", "still.service is not running"),
        ("--restart --recorder ptrace still.service", "ptrace cannot watch what the service manager starts"),
        ("--restart broken.service", "could not restart the unit"),
        ("nowhere.service", "nowhere.service"),
        ("--cgroup /sys/fs/cgroup/no/such/group --recorder ptrace", "no/such/group"),
    ] {
        let told = machine
            .shell(&format!("systemctl daemon-reload; /run/ringfence record -o /run/p.json {arguments} 2>&1; echo \"status $?\"; ls /run/p.json 2>&1; true"))
            .unwrap();
        assert!(told.contains(message), "{arguments}: {told}");
        assert!(told.contains("status 2\n"), "{arguments}: {told}");
        assert!(told.contains("cannot access"), "{arguments}: {told}");
    }
}
