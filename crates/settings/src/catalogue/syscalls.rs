//! systemd.exec(5), "System Call Filtering".

use super::field::{Field, merged};
use super::{Directive, Kind, Manual, Merge, Propose, Section};
use ringfence_seccomp::{SyscallArchitectures, SyscallFilter, SyscallLog};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "System Call Filtering" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
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
        Field {
            kind: Kind::Form("`kill`, or an error's name or number"),
            merge: Merge::LastOrUnset,
            kept: false,
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
        merged!(List, "architectures' words, such as `native`", SyscallArchitectures, architectures),
        "Through which of the machine's system call interfaces the service may call the kernel.",
    )
    .since(209)
    .exposure(&["SystemCallArchitectures"])
    .propose(Propose::WhenUnused),
    here(
        "SystemCallLog",
        merged!(Signed, "system calls and `@groups`; after `~`, all but those", SyscallLog, log),
        "Which system calls the kernel writes into its log.",
    )
    .since(247),
];
