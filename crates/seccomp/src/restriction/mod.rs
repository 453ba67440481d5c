//! Every setting that systemd enforces by a filter, and the programs for all of them together.

mod rules;

use crate::program::{assemble, assemble_gate};
use crate::rules::Rules;
use crate::{
    Abi, Action, AddressFamilies, Call, FilterFault, Machine, NamespaceRestriction, Program,
    SyscallArchitectures, SyscallFilter, SyscallLog,
};

/// A setting that filters system calls, in the order in which systemd loads the filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// `ProtectHostname=`: no change of the host's or the domain's name.
    Hostname,
    /// `RestrictAddressFamilies=`.
    AddressFamilies(AddressFamilies),
    /// `MemoryDenyWriteExecute=`, only where the kernel lacks `PR_SET_MDWE` (before 6.3): no memory that is writable and
    /// executable.
    MemoryDenyWriteExecute,
    /// `RestrictRealtime=`: no realtime scheduling.
    Realtime,
    /// `RestrictSUIDSGID=`: no file with a set-user-ID or set-group-ID bit.
    SuidSgid,
    /// `RestrictNamespaces=`.
    Namespaces(NamespaceRestriction),
    /// `ProtectKernelTunables=`: no `_sysctl()`.
    KernelTunables,
    /// `ProtectKernelModules=`: none of `@module`.
    KernelModules,
    /// `ProtectKernelLogs=`: no `syslog()`.
    KernelLogs,
    /// `ProtectClock=`: none of `@clock`.
    Clock,
    /// `PrivateDevices=`: none of `@raw-io`.
    RawIo,
    /// `SystemCallArchitectures=`.
    Architectures(SyscallArchitectures),
    /// `LockPersonality=`: only this value may be passed to `personality()`.
    Personality(u32),
    /// `SystemCallLog=`.
    SyscallLog(SyscallLog),
    /// `SystemCallFilter=` with `SystemCallErrorNumber=`.
    SyscallFilter(SyscallFilter),
}

impl Restriction {
    /// The directive that asks for it.
    pub fn directive(&self) -> &'static str {
        match self {
            Restriction::Hostname => "ProtectHostname",
            Restriction::AddressFamilies(_) => "RestrictAddressFamilies",
            Restriction::MemoryDenyWriteExecute => "MemoryDenyWriteExecute",
            Restriction::Realtime => "RestrictRealtime",
            Restriction::SuidSgid => "RestrictSUIDSGID",
            Restriction::Namespaces(_) => "RestrictNamespaces",
            Restriction::KernelTunables => "ProtectKernelTunables",
            Restriction::KernelModules => "ProtectKernelModules",
            Restriction::KernelLogs => "ProtectKernelLogs",
            Restriction::Clock => "ProtectClock",
            Restriction::RawIo => "PrivateDevices",
            Restriction::Architectures(_) => "SystemCallArchitectures",
            Restriction::Personality(_) => "LockPersonality",
            Restriction::SyscallLog(_) => "SystemCallLog",
            Restriction::SyscallFilter(_) => "SystemCallFilter",
        }
    }

    /// Where systemd loads it: the order of the variants (systemd: `exec_invoke`).
    fn step(&self) -> u8 {
        match self {
            Restriction::Hostname => 0,
            Restriction::AddressFamilies(_) => 1,
            Restriction::MemoryDenyWriteExecute => 2,
            Restriction::Realtime => 3,
            Restriction::SuidSgid => 4,
            Restriction::Namespaces(_) => 5,
            Restriction::KernelTunables => 6,
            Restriction::KernelModules => 7,
            Restriction::KernelLogs => 8,
            Restriction::Clock => 9,
            Restriction::RawIo => 10,
            Restriction::Architectures(_) => 11,
            Restriction::Personality(_) => 12,
            Restriction::SyscallLog(_) => 13,
            Restriction::SyscallFilter(_) => 14,
        }
    }
}

/// One filter, ready to be loaded, and the setting that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    restriction: Restriction,
    judge: Judge,
}

/// What a filter looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judge {
    /// The calls through one ABI.
    Calls(Rules),
    /// The ABI of every call: these are allowed.
    Gate(Vec<Abi>),
}

impl Filter {
    /// The setting that asks for it.
    pub fn restriction(&self) -> &Restriction {
        &self.restriction
    }

    /// The one ABI whose calls it judges; `None` for the filter that judges which ABIs may be used.
    pub fn abi(&self) -> Option<Abi> {
        match &self.judge {
            Judge::Calls(rules) => Some(rules.abi),
            Judge::Gate(_) => None,
        }
    }

    /// The program to load.
    pub fn program(&self) -> Program {
        match &self.judge {
            Judge::Calls(rules) => assemble(rules),
            Judge::Gate(allowed) => assemble_gate(allowed),
        }
    }

    /// What the filter answers to a call: the same as its program, without running it.
    pub fn action(&self, call: &Call) -> Action {
        match &self.judge {
            Judge::Calls(rules) => rules.action(call),
            Judge::Gate(allowed) => match Abi::of_call(call.audit_arch, call.number) {
                Some(abi) if allowed.contains(&abi) => Action::Allow,
                _ => Action::KillThread,
            },
        }
    }
}

/// The filters for all restrictions of a service on a machine, in the order in which systemd 257 loads them: by setting,
/// and for each setting one for every ABI, the native one last.
///
/// The ABIs that [`SyscallArchitectures`] closes get no filter from the settings that systemd applies after it. Settings
/// that restrict nothing get none at all. The only fault is in a `SystemCallFilter=` that systemd fails to load, too.
pub fn filters(restrictions: &[Restriction], machine: Machine) -> Result<Vec<Filter>, FilterFault> {
    let mut ordered: Vec<&Restriction> = restrictions.iter().collect();
    ordered.sort_by_key(|restriction| restriction.step());
    let mut open = machine.abis().to_vec();
    let mut filters = Vec::new();
    for restriction in ordered {
        let mut add = |judge| filters.push(Filter { restriction: restriction.clone(), judge });
        if let Restriction::Architectures(architectures) = restriction {
            let before = open.len();
            open.retain(|&abi| architectures.allows(abi, machine));
            if open.len() < before {
                add(Judge::Gate(open.clone()));
            }
            continue;
        }
        for &abi in &open {
            if let Some(rules) = restriction.rules(abi, machine)?.filter(|rules| !rules.is_idle()) {
                add(Judge::Calls(rules));
            }
        }
    }
    Ok(filters)
}
