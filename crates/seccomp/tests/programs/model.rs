//! Each program decides as the rules that it is made from, on every machine, and as the lists say that it does.

use crate::{interpreter, restrictions, samples};
use proptest::prelude::*;
use ringfence_seccomp::{
    Abi, AddressFamily, Call, Filter, Group, Machine, NamespaceType, Restriction, Syscall, Verdict, filters,
};

/// One word of a list of calls: a group, a call, or one of them with an answer.
fn word() -> impl Strategy<Value = String> {
    let groups: Vec<&str> = Group::all().map(Group::name).collect();
    let calls: Vec<&str> = Syscall::all().map(Syscall::name).collect();
    let name = prop_oneof![proptest::sample::select(groups), proptest::sample::select(calls)];
    (name, prop_oneof![4 => Just(""), 1 => Just(":EPERM"), 1 => Just(":kill"), 1 => Just(":0")])
        .prop_map(|(name, answer)| format!("{name}{answer}"))
}

fn line(directive: &'static str) -> impl Strategy<Value = String> {
    (prop_oneof![Just(""), Just("~")], proptest::collection::vec(word(), 0..4))
        .prop_map(move |(tilde, words)| format!("{directive}={tilde}{}", words.join(" ")))
}

fn families() -> impl Strategy<Value = String> {
    let names: Vec<&str> = AddressFamily::all().map(AddressFamily::name).collect();
    (prop_oneof![Just(""), Just("~")], proptest::collection::vec(proptest::sample::select(names), 0..6))
        .prop_map(|(tilde, names)| format!("RestrictAddressFamilies={tilde}{}", names.join(" ")))
}

fn namespaces() -> impl Strategy<Value = String> {
    let kinds = NamespaceType::ALL.map(NamespaceType::word).to_vec();
    (prop_oneof![Just(""), Just("~")], proptest::sample::subsequence(kinds, 0..8))
        .prop_map(|(tilde, kinds)| format!("RestrictNamespaces={tilde}{}", kinds.join(" ")))
}

fn unit() -> impl Strategy<Value = Vec<String>> {
    let fixed = vec![
        "LockPersonality=yes",
        "MemoryDenyWriteExecute=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "ProtectHostname=yes",
        "ProtectKernelTunables=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelLogs=yes",
        "ProtectClock=yes",
        "PrivateDevices=yes",
        "SystemCallArchitectures=native",
        "SystemCallArchitectures=x86 arm",
        "SystemCallErrorNumber=EPERM",
    ];
    let count = fixed.len();
    let lists = prop_oneof![
        3 => line("SystemCallFilter"),
        1 => line("SystemCallLog"),
        1 => families(),
        1 => namespaces(),
    ];
    (proptest::sample::subsequence(fixed, 0..count), proptest::collection::vec(lists, 0..5))
        .prop_map(|(fixed, lists)| fixed.into_iter().map(String::from).chain(lists).collect::<Vec<String>>())
}

fn made(lines: &[String], machine: Machine) -> Option<(Vec<Restriction>, Vec<Filter>)> {
    let restrictions = restrictions(lines.iter().map(String::as_str));
    let filters = filters(&restrictions, machine).ok()?;
    Some((restrictions, filters))
}

fn machine() -> impl Strategy<Value = Machine> {
    proptest::sample::select(Machine::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_program_is_its_rules(lines in unit(), machine in machine()) {
        if let Some((_, filters)) = made(&lines, machine) {
            for filter in filters {
                let program = filter.program();
                for call in samples::calls(machine, &[[0; 6], [1; 6], [4; 6], [0x1_0000_0002; 6], [0x1000_0000; 6]]) {
                    prop_assert_eq!(
                        interpreter::run(program.instructions(), &call),
                        filter.action(&call).return_value(),
                        "{} for {:?}: {:x?}", filter.restriction().directive(), filter.abi(), call
                    );
                }
            }
        }
    }

    /// What `verdict` tells about a call is what the filters do to its number in every ABI.
    #[test]
    fn verdicts_are_what_the_filters_do(lines in unit(), machine in machine()) {
        if let Some((restrictions, filters)) = made(&lines, machine) {
            for restriction in &restrictions {
                let own: Vec<&Filter> =
                    filters.iter().filter(|filter| filter.restriction() == restriction).collect();
                check(restriction, &own, machine)?;
            }
        }
    }
}

/// Compares what a restriction says with what its filters do.
fn check(restriction: &Restriction, filters: &[&Filter], machine: Machine) -> Result<(), TestCaseError> {
    let done = |abi: Abi, number: u32, arguments| {
        let call = Call { audit_arch: abi.audit_arch(), number, arguments };
        let filter = filters.iter().find(|filter| filter.abi() == Some(abi));
        filter.map_or(Verdict::Allowed, |filter| filter.action(&call).verdict())
    };
    let judged: Vec<Abi> = filters.iter().filter_map(|filter| filter.abi()).collect();
    match restriction {
        Restriction::SyscallFilter(filter) => {
            for &abi in &judged {
                for call in Syscall::all() {
                    if let Some(number) = call.number(abi) {
                        let said = filter.verdict(call, machine).verdict;
                        prop_assert_eq!(said, done(abi, number, [0; 6]), "{} on {}", call, abi);
                    }
                }
                let nameless = if abi == Abi::X32 { 0x4000_0999 } else { 999 };
                prop_assert_eq!(filter.verdict_unnamed().verdict, done(abi, nameless, [0; 6]), "{}", abi);
            }
        }
        Restriction::SyscallLog(log) => {
            for &abi in &judged {
                for call in Syscall::all() {
                    if let Some(number) = call.number(abi) {
                        prop_assert_eq!(log.verdict(call).verdict, done(abi, number, [0; 6]), "{}", call);
                    }
                }
            }
        }
        Restriction::AddressFamilies(families) => {
            let socket = Syscall::named("socket").expect("a call");
            for &abi in &judged {
                for family in 0..60 {
                    let said = families.verdict(AddressFamily::numbered(family)).verdict;
                    let number = socket.number(abi).expect("a call of every ABI");
                    prop_assert_eq!(said, done(abi, number, [family, 0, 0, 0, 0, 0]), "{}", family);
                }
            }
        }
        Restriction::Namespaces(namespaces) => {
            let unshare = Syscall::named("unshare").expect("a call");
            for &abi in &judged {
                for kind in NamespaceType::ALL {
                    let said = namespaces.verdict(kind).verdict;
                    let number = unshare.number(abi).expect("a call of every ABI");
                    let arguments = [u64::from(kind.clone_flag()), 0, 0, 0, 0, 0];
                    prop_assert_eq!(said, done(abi, number, arguments), "{}", kind);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// A list of allowed calls is the largest filter that there is.
#[test]
fn large_filters_are_short_and_shallow() {
    for machine in Machine::ALL {
        let lines =
            ["SystemCallFilter=@system-service ~@privileged", "SystemCallFilter=~@privileged @resources"];
        for filter in filters(&restrictions(lines), machine).expect("no fault") {
            let program = filter.program();
            let length = program.instructions().len();
            assert!(length < 500, "{:?}: {length} instructions", filter.abi());
            let deepest = samples::calls(machine, &[[0; 6]])
                .map(|call| interpreter::steps(program.instructions(), &call))
                .max();
            assert!(deepest < Some(30), "{:?}: {deepest:?} steps", filter.abi());
        }
    }
}

#[test]
fn closed_interfaces_get_no_filter_from_later_settings() {
    let lines = [
        "SystemCallFilter=~@mount",
        "LockPersonality=yes",
        "RestrictRealtime=yes",
        "SystemCallArchitectures=native",
    ];
    let filters = filters(&restrictions(lines), Machine::X86_64).expect("no fault");
    let order: Vec<(&str, Option<Abi>)> =
        filters.iter().map(|filter| (filter.restriction().directive(), filter.abi())).collect();
    assert_eq!(
        order,
        [
            ("RestrictRealtime", Some(Abi::I386)),
            ("RestrictRealtime", Some(Abi::X32)),
            ("RestrictRealtime", Some(Abi::X86_64)),
            ("SystemCallArchitectures", None),
            ("LockPersonality", Some(Abi::X86_64)),
            ("SystemCallFilter", Some(Abi::X86_64)),
        ]
    );
}

/// systemd 257.13 ended each of these units with 228/SECCOMP, and started the others.
#[test]
fn what_systemd_cannot_load_is_a_fault() {
    for (lines, faulty) in [
        (&["SystemCallFilter=@system-service", "SystemCallFilter=~mount:ENOSYS"][..], Some("mount")),
        (&["SystemCallFilter=@system-service", "SystemCallFilter=~write:EIO"], Some("write")),
        (&["SystemCallFilter=~mount:ENOSYS"], None),
        (&["SystemCallFilter=~write:EIO"], None),
        (&["SystemCallFilter=~mount:0"], None),
        (&["SystemCallFilter=@system-service", "SystemCallErrorNumber=ENOSYS"], None),
        (
            &[
                "SystemCallFilter=@system-service",
                "SystemCallErrorNumber=EPERM",
                "SystemCallFilter=~mount:EPERM",
            ],
            None,
        ),
    ] {
        let result = filters(&restrictions(lines.iter().copied()), Machine::X86_64);
        assert_eq!(result.err().map(|fault| fault.call), faulty.and_then(Syscall::named), "{lines:?}");
    }
}
