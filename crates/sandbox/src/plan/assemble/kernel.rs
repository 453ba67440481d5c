//! `ProtectKernelTunables=`, `ProtectKernelModules=`, `ProtectKernelLogs=`, `ProtectControlGroups=`, `ProtectHostname=`,
//! and the kernel's file systems of `MountAPIVFS=`.

use super::Wanted;
use crate::plan::draft::Draft;
use crate::plan::mode::{EntryFlags, MountMode};
use crate::plan::need;
use ringfence_settings::{ProcSubset, ProtectControlGroups, ProtectProc};

/// Whether a missing path of `/proc` does not matter: with `ProcSubset=pid` most of it is not there.
fn proc_may_lack(wanted: &Wanted) -> bool {
    wanted.settings.sandbox.proc_subset.value == ProcSubset::Pid
}

/// `ProtectKernelTunables=`.
pub(super) fn tunables(wanted: &mut Wanted) {
    use MountMode::{Inaccessible, ReadOnly, ReadWriteImplicit};
    let setting = &wanted.settings.sandbox.protect_kernel_tunables;
    if !setting.value {
        return;
    }
    for (path, mode, optional) in [
        ("/proc/acpi", ReadOnly, true),
        ("/proc/apm", ReadOnly, true),
        ("/proc/asound", ReadOnly, true),
        ("/proc/bus", ReadOnly, true),
        ("/proc/fs", ReadOnly, true),
        ("/proc/irq", ReadOnly, true),
        ("/proc/kallsyms", Inaccessible, true),
        ("/proc/kcore", Inaccessible, true),
        ("/proc/latency_stats", ReadOnly, true),
        ("/proc/mtrr", ReadOnly, true),
        ("/proc/scsi", ReadOnly, true),
        ("/proc/sys", ReadOnly, true),
        ("/proc/sysrq-trigger", ReadOnly, true),
        ("/proc/timer_stats", ReadOnly, true),
        ("/sys", ReadOnly, false),
        ("/sys/fs/bpf", ReadOnly, true),
        ("/sys/fs/cgroup", ReadWriteImplicit, false),
        ("/sys/fs/selinux", ReadWriteImplicit, true),
        ("/sys/kernel/debug", ReadOnly, true),
        ("/sys/kernel/tracing", ReadOnly, true),
    ] {
        wanted.add(Draft::at(path, mode, setting.origin.as_ref()).optional(optional));
    }
}

/// `ProtectKernelModules=`.
pub(super) fn modules(wanted: &mut Wanted) {
    let setting = &wanted.settings.sandbox.protect_kernel_modules;
    if setting.value {
        let draft = Draft::at("/usr/lib/modules", MountMode::Inaccessible, setting.origin.as_ref());
        wanted.add(draft.optional(true));
    }
}

/// `ProtectKernelLogs=`.
pub(super) fn logs(wanted: &mut Wanted) {
    let setting = &wanted.settings.sandbox.protect_kernel_logs;
    if setting.value {
        for path in ["/proc/kmsg", "/dev/kmsg"] {
            let draft = Draft::at(path, MountMode::Inaccessible, setting.origin.as_ref());
            wanted.add(draft.optional(true));
        }
    }
}

/// `ProtectControlGroups=`.
pub(super) fn control_groups(wanted: &mut Wanted) {
    let origin = wanted.settings.sandbox.protect_control_groups.origin.as_ref();
    let own = |read_only| EntryFlags { read_only, nosuid: true, noexec: true, exec: false };
    let (mode, flags) = match wanted.control_groups {
        ProtectControlGroups::No => return,
        ProtectControlGroups::Yes => (MountMode::ReadOnly, EntryFlags::default()),
        ProtectControlGroups::Private => (MountMode::PrivateCgroup, own(false)),
        ProtectControlGroups::Strict => (MountMode::PrivateCgroup, own(true)),
    };
    wanted.add(Draft::at("/sys/fs/cgroup", mode, origin).flags(flags));
}

/// `/proc`, `/dev`, `/sys` and `/run`, where nothing else is mounted there (systemd: `apivfs_table`).
pub(super) fn file_systems(wanted: &mut Wanted) {
    let settings = wanted.settings;
    let Some(origin) = need::kernel_file_systems(settings, wanted.facts) else { return };
    let sandbox = &settings.sandbox;
    let (protect, subset) = (&sandbox.protect_proc, &sandbox.proc_subset);
    let mut options = Vec::new();
    if protect.value != ProtectProc::Default || subset.value != ProcSubset::All {
        let hide = if protect.value == ProtectProc::Default { "off" } else { protect.value.word() };
        options.push(format!("hidepid={hide}"));
    }
    if subset.value == ProcSubset::Pid {
        options.push("subset=pid".to_owned());
    }
    let of_proc = protect.origin.as_ref().or(subset.origin.as_ref()).or(origin);
    wanted.add(Draft::at("/proc", MountMode::Proc { options }, of_proc));
    wanted.add(Draft::at("/dev", MountMode::BindDev, origin));
    wanted.add(Draft::at("/sys", MountMode::BindSysfs, origin));
    wanted.add(Draft::at("/run", MountMode::Run, origin));
}

/// `ProtectHostname=`: two entries that appear only when something else makes a namespace.
pub(super) fn hostname(wanted: &mut Wanted) {
    let setting = &wanted.settings.sandbox.protect_hostname;
    if setting.value {
        for path in ["/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"] {
            let draft = Draft::at(path, MountMode::ReadOnly, setting.origin.as_ref());
            let optional = proc_may_lack(wanted);
            wanted.add(draft.optional(optional));
        }
    }
}
