//! systemd.exec(5), "System Call Filtering", and the restrictions that are system call filters too.

use super::field::Field;
use super::{Directive, Kind, Manual, Merge, Propose, Section};
use crate::read::{merged, show_merged};
use ringfence_seccomp::{
    AddressFamilies, NamespaceRestriction, SyscallArchitectures, SyscallFilter, SyscallLog,
};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "System Call Filtering" };
const SANDBOXING: Manual = Manual { page: "systemd.exec(5)", chapter: "Sandboxing" };

const fn here(name: &'static str, manual: Manual, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, manual, field, doc)
}

macro_rules! merged {
    ($merge:ident, $kind:literal, $state:ident, $field:ident) => {
        Field {
            kind: Kind::Form($kind),
            merge: Merge::$merge,
            read: |line, settings| merged(line, &mut settings.syscalls.$field, $state::apply),
            show: |settings| show_merged(&settings.syscalls.$field),
        }
    };
}

/// The scored groups of system calls, as the exposure names their checks.
const GROUPS: &[&str] = &[
    "SystemCallFilter_swap",
    "SystemCallFilter_obsolete",
    "SystemCallFilter_clock",
    "SystemCallFilter_cpu_emulation",
    "SystemCallFilter_debug",
    "SystemCallFilter_mount",
    "SystemCallFilter_module",
    "SystemCallFilter_raw_io",
    "SystemCallFilter_reboot",
    "SystemCallFilter_privileged",
    "SystemCallFilter_resources",
];

pub(super) static ALL: &[Directive] = &[
    here(
        "SystemCallFilter",
        MANUAL,
        merged!(
            Signed,
            "system calls and `@groups`; after `~`, those to deny, each perhaps with `:ERRNO`",
            SyscallFilter,
            filter
        ),
        "Allows only the listed system calls, or (after `~`) denies the listed ones.",
    )
    .value_since(&[("@", 231), (":", 236)])
    .exposure(GROUPS)
    .propose(Propose::FromEvidence),
    here(
        "SystemCallErrorNumber",
        MANUAL,
        Field {
            kind: Kind::Form("`kill`, or an error's name or number"),
            merge: Merge::LastOrUnset,
            read: |line, settings| {
                let complaints = settings.syscalls.filter.value.apply_error_number(line.origin);
                line.complaints.extend(complaints);
                Ok(())
            },
            show: |settings| {
                let denial = settings.syscalls.filter.value.denial();
                vec![super::Shown { value: denial.value.to_string(), origin: denial.origin.clone() }]
            },
        },
        "What a system call answers that SystemCallFilter= denies; by default the process is killed.",
    )
    .since(209)
    .value_since(&[("kill", 247)])
    .propose(Propose::Always),
    here(
        "SystemCallArchitectures",
        MANUAL,
        merged!(List, "architectures' words, such as `native`", SyscallArchitectures, architectures),
        "Through which of the machine's system call interfaces the service may call the kernel.",
    )
    .since(209)
    .exposure(&["SystemCallArchitectures"])
    .propose(Propose::WhenUnused),
    here(
        "SystemCallLog",
        MANUAL,
        merged!(Signed, "system calls and `@groups`; after `~`, all but those", SyscallLog, log),
        "Which system calls the kernel writes into its log.",
    )
    .since(247),
    here(
        "RestrictAddressFamilies",
        SANDBOXING,
        merged!(
            Signed,
            "`none`, or address families such as `AF_INET`; after `~`, those to deny",
            AddressFamilies,
            address_families
        ),
        "Which kinds of sockets the service may make with socket(2).",
    )
    .since(211)
    .value_since(&[("none", 249)])
    .exposure(&[
        "RestrictAddressFamilies_AF_INET_INET6",
        "RestrictAddressFamilies_AF_UNIX",
        "RestrictAddressFamilies_AF_NETLINK",
        "RestrictAddressFamilies_AF_PACKET",
        "RestrictAddressFamilies_OTHER",
    ])
    .propose(Propose::FromEvidence),
    here(
        "RestrictNamespaces",
        SANDBOXING,
        merged!(
            Signed,
            "`yes`, `no`, or kinds of namespaces such as `net`; after `~`, those to deny",
            NamespaceRestriction,
            namespaces
        ),
        "Which kinds of namespaces the service may make and enter.",
    )
    .since(233)
    .exposure(&[
        "RestrictNamespaces_user",
        "RestrictNamespaces_mnt",
        "RestrictNamespaces_ipc",
        "RestrictNamespaces_pid",
        "RestrictNamespaces_cgroup",
        "RestrictNamespaces_net",
        "RestrictNamespaces_uts",
    ])
    .propose(Propose::WhenUnused),
];
