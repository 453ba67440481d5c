//! Directives that are on or off: on, unless something that they take away was used.

use crate::{Case, Evidence, Needs, Proposal};
use ringfence_profile::{NamespaceKind, Operation, Operations, Privilege, ProcessRelation};
use ringfence_settings::{ProcSubset, ProtectControlGroups, ProtectProc, Settings};
use std::path::Path;

/// One such directive.
struct Switch {
    directive: &'static str,
    value: &'static str,
    /// The unit says it already, or something stricter.
    is_on: fn(&Settings) -> bool,
    /// What was used that it takes away.
    used: fn(&Needs<'_>) -> Vec<Evidence>,
    /// Why it is safe, and why it is left open, in a few words each.
    unused: &'static str,
    needed: &'static str,
}

macro_rules! sandbox_flag {
    ($field:ident) => {
        |settings: &Settings| settings.sandbox.$field.value
    };
}

static SWITCHES: &[Switch] = &[
    Switch {
        directive: "NoNewPrivileges",
        value: "yes",
        is_on: sandbox_flag!(no_new_privileges),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::ExecGain(_))),
        unused: "no program that it ran gains privileges",
        needed: "it runs programs that gain privileges, such as sudo",
    },
    Switch {
        directive: "ProtectKernelTunables",
        value: "yes",
        is_on: sandbox_flag!(protect_kernel_tunables),
        used: |needs| {
            needs.privilege_evidence(|p| {
                matches!(p, Privilege::SysWrite | Privilege::ProcKernel { write: true })
            })
        },
        unused: "no kernel setting was changed",
        needed: "it changes kernel settings",
    },
    Switch {
        directive: "ProtectKernelModules",
        value: "yes",
        is_on: sandbox_flag!(protect_kernel_modules),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::Module(_))),
        unused: "no kernel module was loaded",
        needed: "it loads kernel modules",
    },
    Switch {
        directive: "ProtectKernelLogs",
        value: "yes",
        is_on: sandbox_flag!(protect_kernel_logs),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::KernelLog)),
        unused: "the kernel log was not used",
        needed: "it uses the kernel log",
    },
    Switch {
        directive: "ProtectControlGroups",
        value: "yes",
        is_on: |settings| settings.sandbox.protect_control_groups.value != ProtectControlGroups::No,
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::CgroupWrite)),
        unused: "no control group was changed",
        needed: "it changes control groups",
    },
    Switch {
        directive: "ProtectClock",
        value: "yes",
        is_on: sandbox_flag!(protect_clock),
        used: |needs| {
            let mut evidence = needs.privilege_evidence(|p| matches!(p, Privilege::Clock(_)));
            evidence.extend(needs.file_evidence(|access| access.path().starts_with("/dev/rtc")));
            evidence
        },
        unused: "the clock was not set",
        needed: "it sets the clock",
    },
    Switch {
        directive: "ProtectHostname",
        value: "yes",
        is_on: sandbox_flag!(protect_hostname),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::Hostname(_))),
        unused: "the host name was not changed",
        needed: "it changes the host name",
    },
    Switch {
        directive: "ProtectProc",
        value: "invisible",
        is_on: |settings| settings.sandbox.protect_proc.value != ProtectProc::Default,
        // Whoever is to see all processes lists /proc. A number that is looked up is one from a PID file, or a probe; a
        // trial tells whether it must be found.
        used: |needs| {
            let lists = needs.files().any(|access| {
                access.path() == Path::new("/proc") && access.operations().contains(Operation::List)
            });
            needs.privilege_evidence(|p| match p {
                Privilege::ProcOfOther(ProcessRelation::Foreign) => lists,
                Privilege::Ptrace { of: ProcessRelation::Foreign, .. } => true,
                _ => false,
            })
        },
        unused: "the processes of other users were not looked through",
        needed: "it looks at other processes",
    },
    Switch {
        directive: "ProcSubset",
        value: "pid",
        is_on: |settings| settings.sandbox.proc_subset.value == ProcSubset::Pid,
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::ProcKernel { .. })),
        unused: "nothing in /proc but processes was read",
        needed: "it reads more of /proc than processes",
    },
    Switch {
        directive: "RestrictRealtime",
        value: "yes",
        is_on: sandbox_flag!(restrict_realtime),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::Realtime(_))),
        unused: "no realtime scheduling was asked for",
        needed: "it uses realtime scheduling",
    },
    Switch {
        directive: "RestrictSUIDSGID",
        value: "yes",
        is_on: sandbox_flag!(restrict_suid_sgid),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::SetIdBits { .. })),
        unused: "no set-user-ID or set-group-ID bit was set",
        needed: "it sets set-user-ID or set-group-ID bits",
    },
    Switch {
        directive: "LockPersonality",
        value: "yes",
        is_on: sandbox_flag!(lock_personality),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::Personality(_))),
        unused: "the execution domain was not changed",
        needed: "it changes its execution domain",
    },
    Switch {
        directive: "MemoryDenyWriteExecute",
        value: "yes",
        is_on: sandbox_flag!(memory_deny_write_execute),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::WriteExecute(_))),
        unused: "no memory was both written and executed",
        needed: "it makes code at run time (a just-in-time compiler)",
    },
    Switch {
        directive: "RemoveIPC",
        value: "yes",
        // Without a user of its own there is nothing to remove (systemd.exec(5)).
        is_on: |settings| settings.sandbox.remove_ipc.value || settings.identity.user.value.is_none(),
        used: |needs| needs.privilege_evidence(|p| matches!(p, Privilege::Ipc { .. })),
        unused: "nothing shared in memory has to outlive it",
        needed: "it shares memory or queues that may have to outlive it",
    },
    Switch {
        directive: "PrivateIPC",
        value: "yes",
        is_on: sandbox_flag!(private_ipc),
        used: |needs| {
            let mut evidence = needs.privilege_evidence(|p| matches!(p, Privilege::Ipc { .. }));
            let opened: Operations =
                [Operation::Read, Operation::Write, Operation::Create].into_iter().collect();
            evidence.extend(needs.file_evidence(|access| {
                access.path().starts_with("/dev/mqueue") && !access.operations().and(opened).is_empty()
            }));
            evidence
        },
        unused: "no System V or POSIX message queue, semaphore or shared memory was used",
        needed: "it uses System V IPC, perhaps with others",
    },
];

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    for switch in SWITCHES.iter().filter(|switch| !(switch.is_on)(case.settings)) {
        if !case.broker.is_empty() {
            proposal.leave_open(switch.directive, "the service runs other people's programs", Vec::new());
            continue;
        }
        if !case.is_known(switch.directive) {
            proposal.leave_open(switch.directive, "the target's systemd does not know it", Vec::new());
            continue;
        }
        if case.is_relaxed(switch.directive) {
            proposal.leave_open(switch.directive, "the service did not work with it", Vec::new());
            continue;
        }
        let used = (switch.used)(&case.needs);
        if used.is_empty() {
            proposal.restrict(switch.directive, switch.value, switch.unused);
        } else {
            proposal.leave_open(switch.directive, switch.needed, used);
        }
    }
    namespaces(case, proposal);
}

/// `RestrictNamespaces=` takes a list of the kinds that were made.
fn namespaces(case: &Case<'_>, proposal: &mut Proposal) {
    const DIRECTIVE: &str = "RestrictNamespaces";
    if case.settings.syscalls.namespaces.value.is_active() || !case.broker.is_empty() {
        return;
    }
    if case.is_relaxed(DIRECTIVE) {
        proposal.leave_open(DIRECTIVE, "the service did not work with it", Vec::new());
        return;
    }
    let made = |privilege: &Privilege| matches!(privilege, Privilege::Namespace { .. });
    let evidence = case.needs.privilege_evidence(made);
    let kinds: std::collections::BTreeSet<NamespaceKind> = case
        .needs
        .privileges()
        .filter_map(|p| if let Privilege::Namespace { kind, .. } = p { Some(*kind) } else { None })
        .collect();
    if kinds.is_empty() {
        proposal.restrict(DIRECTIVE, "yes", "no namespace was made");
    } else if kinds.contains(&NamespaceKind::Time) {
        // The word for it came after systemd 257, and any list denies the kind.
        proposal.leave_open(DIRECTIVE, "it makes time namespaces, which no list can allow", evidence);
    } else {
        let words: Vec<&str> = kinds.into_iter().map(|kind| NamespaceKind::WORDS[kind as usize].2).collect();
        proposal.lines.push(crate::Line {
            directive: DIRECTIVE,
            value: words.join(" "),
            strength: crate::Strength::Restricts,
            why: "only these kinds of namespaces were made".to_owned(),
            evidence,
            caution: None,
        });
    }
}
