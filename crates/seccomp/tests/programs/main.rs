//! The programs: against those that systemd 257.13 loads, against the rules that they come from, and in the kernel.

mod interpreter;
mod kernel;
mod model;
mod recorded;
mod samples;

use ringfence_seccomp::{
    AddressFamilies, NamespaceRestriction, Restriction, SyscallArchitectures, SyscallFilter, SyscallLog,
};
use ringfence_terms::Written;
use std::path::Path;
use std::sync::Arc;

/// The restrictions that lines of a unit ask for, on a kernel without `PR_SET_MDWE`.
fn restrictions<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Restriction> {
    let mut filter = SyscallFilter::default();
    let mut log = SyscallLog::default();
    let mut families = AddressFamilies::default();
    let mut namespaces = NamespaceRestriction::default();
    let mut architectures = SyscallArchitectures::default();
    let mut restrictions = Vec::new();
    let mut personality = 0;
    for (line, number) in lines.into_iter().zip(1..) {
        let (directive, value) = line.split_once('=').expect(line);
        let origin = Written {
            directive: directive.into(),
            value: value.into(),
            file: Arc::from(Path::new("test.service")),
            line: number,
            column: 1,
        }
        .into();
        // Words that systemd ignores are ignored here.
        let _ = match directive {
            "SystemCallFilter" => filter.apply(&origin),
            "SystemCallErrorNumber" => filter.apply_error_number(&origin),
            "SystemCallLog" => log.apply(&origin),
            "RestrictAddressFamilies" => families.apply(&origin),
            "RestrictNamespaces" => namespaces.apply(&origin),
            "SystemCallArchitectures" => architectures.apply(&origin),
            _ => {
                match (directive, value) {
                    ("Personality", "x86") => personality = 8,
                    ("LockPersonality", "yes") => restrictions.push(Restriction::Personality(personality)),
                    ("MemoryDenyWriteExecute", "yes") => {
                        restrictions.push(Restriction::MemoryDenyWriteExecute)
                    }
                    ("RestrictRealtime", "yes") => restrictions.push(Restriction::Realtime),
                    ("RestrictSUIDSGID", "yes") => restrictions.push(Restriction::SuidSgid),
                    ("ProtectHostname", "yes") => restrictions.push(Restriction::Hostname),
                    ("ProtectKernelTunables", "yes") => restrictions.push(Restriction::KernelTunables),
                    ("ProtectKernelModules", "yes") => restrictions.push(Restriction::KernelModules),
                    ("ProtectKernelLogs", "yes") => restrictions.push(Restriction::KernelLogs),
                    ("ProtectClock", "yes") => restrictions.push(Restriction::Clock),
                    ("PrivateDevices", "yes") => restrictions.push(Restriction::RawIo),
                    _ => panic!("the test knows no {line}"),
                }
                Vec::new()
            }
        };
    }
    if let Some(Restriction::Personality(allowed)) =
        restrictions.iter_mut().find(|restriction| matches!(restriction, Restriction::Personality(_)))
    {
        *allowed = personality;
    }
    restrictions.extend([
        Restriction::SyscallFilter(filter),
        Restriction::SyscallLog(log),
        Restriction::AddressFamilies(families),
        Restriction::Namespaces(namespaces),
        Restriction::Architectures(architectures),
    ]);
    restrictions
}
