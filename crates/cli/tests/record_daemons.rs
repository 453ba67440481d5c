//! The two recorders on real daemons and shell pipelines: the same profile.
//!
//! What differs by design is left out: ptrace samples the most frequent system calls and infers capabilities, and says both
//! in the profile. Needs root, and a lab (`lab/systemd-lab`).

use ringfence_agreement::Machine;
use ringfence_profile::{BlindSpot, Privilege, Profile, RecorderKind};
use std::collections::BTreeSet;

/// Each workload is a function of one shell script; all start from an empty directory.
const SCRIPT: &str = include_str!("daemons/workloads.sh");

const WORKLOADS: &[&str] = &["nginx", "redis", "python", "pipelines"];

/// Numbers in names are those of processes.
fn without_numbers(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let mut simple = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if simple.ends_with('#') => {}
            '0'..='9' => simple.push('#'),
            other => simple.push(other),
        }
    }
    simple
}

/// Every access and privilege as a line.
fn lines(profile: &Profile) -> BTreeSet<String> {
    let mut lines: BTreeSet<String> = profile
        .files()
        .into_iter()
        .map(|access| {
            let path = without_numbers(access.path());
            let (operations, errno) = (access.operations(), access.errno());
            format!("{operations} {path} by {} = {errno:?}", access.by())
        })
        .collect();
    for (privilege, witnesses) in profile.privileges() {
        if !matches!(privilege, Privilege::Syscall { .. } | Privilege::Capability(_)) {
            lines.extend(witnesses.iter().map(|w| format!("{privilege:?} by {} = {:?}", w.by, w.errno)));
        }
    }
    lines
}

fn record(machine: &Machine, recorder: RecorderKind, workload: &str) -> Profile {
    let recorder = recorder.word();
    let script = format!(
        "rm -rf /run/work; mkdir -p /run/work; \
         timeout 60 /run/ringfence record -q --recorder {recorder} -o /run/p.json -- bash /run/workloads.sh {workload} \
         < /dev/null > /run/output 2>&1 || {{ cat /run/output >&2; exit 1; }}; cat /run/p.json"
    );
    let json = machine.shell(&script).unwrap_or_else(|error| panic!("{recorder} {workload}: {error}"));
    Profile::read(json.as_bytes()).unwrap_or_else(|error| panic!("{recorder} {workload}: {error}"))
}

#[test]
fn both_recorders_see_the_same() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return;
    }
    let install = |machine: &Machine| {
        machine.write("/run/ringfence", "755", &std::fs::read(env!("CARGO_BIN_EXE_ringfence"))?)?;
        machine.write("/run/workloads.sh", "644", SCRIPT.as_bytes())
    };
    let machine = Machine::lab(&format!("record-daemons-{}", std::process::id()), None)
        .and_then(|machine| install(&machine).map(|()| machine))
        .unwrap_or_else(|error| panic!("{error}"));
    for workload in WORKLOADS {
        // What a daemon makes when it is started for the first time is there from then on.
        let first = format!(
            "rm -rf /run/work; mkdir /run/work; timeout 60 bash /run/workloads.sh {workload} < /dev/null"
        );
        machine.shell(&first).unwrap_or_else(|error| panic!("{workload}: {error}"));
        let [ebpf, ptrace] =
            [RecorderKind::Ebpf, RecorderKind::Ptrace].map(|recorder| record(&machine, recorder, workload));
        for profile in [&ebpf, &ptrace] {
            let (_, recording) = profile.recordings().next().expect("a recording");
            assert!(recording.is_complete(), "{workload}: {recording:?}");
        }
        let spots = ptrace.recordings().flat_map(|(_, recording)| &recording.blind_spots);
        assert_eq!(
            spots.collect::<Vec<_>>(),
            [&BlindSpot::CapabilitiesInferred, &BlindSpot::SyscallsSampled],
            "{workload}"
        );
        let [ebpf, ptrace] = [&ebpf, &ptrace].map(lines);
        let alone = |what, ours: &BTreeSet<String>, others: &BTreeSet<String>| -> Vec<String> {
            ours.difference(others).map(|line| format!("{what}: {line}")).collect()
        };
        let mut differences = alone("only eBPF", &ebpf, &ptrace);
        differences.extend(alone("only ptrace", &ptrace, &ebpf));
        assert!(differences.is_empty(), "{workload}:\n{}", differences.join("\n"));
        assert!(ebpf.len() > 50, "{workload}: {ebpf:?}");
    }
}
