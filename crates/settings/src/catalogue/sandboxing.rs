//! systemd.exec(5), "Sandboxing".

use super::field::{Field, optional, scalar};
use super::{Directive, Implication, Kind, Manual, Merge, Propose, Section};
use crate::read::{AbsolutePath, Boolean, Word, access, show_access, show_temporary, temporary};
use crate::{
    Capability, PathAccess, PrivateTmp, PrivateUsers, ProtectControlGroups, ProtectHome, ProtectSystem,
};
use Implication::{ApiFileSystems, Defaults, DeniesSystemCalls, MountNamespace, RemovesCapabilities};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Sandboxing" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

/// One of the five path lists.
macro_rules! path_list {
    ($access:ident) => {
        Field {
            kind: Kind::Form("absolute paths, each perhaps with the prefixes `-` (may be missing) and `+` (below the service's root)"),
            merge: Merge::List,
            kept: false,
            read: |line, settings| access(line, settings, PathAccess::$access),
            show: |settings| show_access(settings, PathAccess::$access),
        }
    };
}

/// What comes first in the manual.
pub(super) static SYSTEM: &[Directive] = &[
    here(
        "ProtectSystem",
        scalar!(Word<ProtectSystem>: sandbox.protect_system),
        "Makes the system's own directories read-only: `yes` /usr, /boot and /efi, `full` also /etc, `strict` everything but /dev, /proc, /sys and the home directories.",
    )
    .since(214)
    .value_since(&[("strict", 232)])
    .plan("read-only: /usr, /boot, /efi (yes); and /etc (full); or all of / but /proc, /sys, /dev and the home directories (strict)")
    .implies(&[MountNamespace])
    .exposure(&["ProtectSystem"])
    .propose(Propose::FromEvidence),
    here(
        "ProtectHome",
        scalar!(Word<ProtectHome>: sandbox.protect_home),
        "Hides /home, /root and /run/user (`yes`), makes them read-only (`read-only`), or covers them with empty file systems (`tmpfs`).",
    )
    .since(214)
    .value_since(&[("tmpfs", 238)])
    .plan("inaccessible, read-only or tmpfs: /home, /run/user, /root, where they exist")
    .implies(&[MountNamespace])
    .exposure(&["ProtectHome"])
    .propose(Propose::FromEvidence),
];

/// What comes after the service's own directories.
pub(super) static ALL: &[Directive] = &[
    here(
        "ReadWritePaths",
        path_list!(ReadWrite),
        "Keeps paths writable (as far as they are on the host) where another setting makes what is around them read-only.",
    )
    .spelt(&["ReadWriteDirectories"])
    .since(231)
    .plan("read-write: each path")
    .implies(&[MountNamespace])
    .propose(Propose::FromEvidence),
    here(
        "ReadOnlyPaths",
        path_list!(ReadOnly),
        "Makes paths, and what is below them, read-only for the service.",
    )
    .spelt(&["ReadOnlyDirectories"])
    .since(231)
    .plan("read-only: each path")
    .implies(&[MountNamespace])
    .propose(Propose::FromEvidence),
    here(
        "InaccessiblePaths",
        path_list!(Inaccessible),
        "Covers paths with an empty node without permissions, so that the service sees neither them nor what is below.",
    )
    .spelt(&["InaccessibleDirectories"])
    .since(231)
    .plan("inaccessible: each path, and everything below it")
    .implies(&[MountNamespace])
    .propose(Propose::FromEvidence),
    here(
        "ExecPaths",
        path_list!(Exec),
        "Lets programs be run from paths where NoExecPaths= forbids it around them.",
    )
    .since(248)
    .plan("exec: each path")
    .implies(&[MountNamespace])
    .propose(Propose::FromEvidence),
    here("NoExecPaths", path_list!(NoExec), "Lets no program be run from paths or from below them.")
        .since(248)
        .plan("no-exec: each path")
        .implies(&[MountNamespace])
        .propose(Propose::FromEvidence),
    here(
        "TemporaryFileSystem",
        Field {
            kind: Kind::Form("absolute paths, each perhaps with `:` and mount options of tmpfs"),
            merge: Merge::List,
            kept: false,
            read: temporary,
            show: show_temporary,
        },
        "Covers paths with new, empty file systems in memory; every command of the unit gets its own.",
    )
    .since(238)
    .plan("tmpfs: each path")
    .implies(&[MountNamespace])
    .propose(Propose::FromEvidence),
    here(
        "PrivateTmp",
        scalar!(Word<PrivateTmp>: sandbox.private_tmp),
        "Gives the service its own /tmp and /var/tmp: directories below the host's (`yes`, `connected`), or a file system of its own (`disconnected`).",
    )
    .value_since(&[("disconnected", 257)])
    .plan("private-tmp: /tmp and /var/tmp")
    .implies(&[MountNamespace])
    .exposure(&["PrivateTmp"])
    .propose(Propose::WhenUnused),
    here(
        "PrivateDevices",
        scalar!(Boolean: sandbox.private_devices),
        "Gives the service a /dev with pseudo devices only, such as /dev/null and /dev/urandom; no disks, no input, no memory.",
    )
    .since(209)
    .plan("private-dev: /dev")
    .implies(&[
        MountNamespace,
        RemovesCapabilities(&[Capability::MKNOD, Capability::SYS_RAWIO]),
        DeniesSystemCalls(&["@raw-io"]),
        Defaults("DevicePolicy", "closed"),
    ])
    .exposure(&["PrivateDevices", "DeviceAllow", "CapabilityBoundingSet_CAP_MKNOD", "CapabilityBoundingSet_CAP_SYS_RAWIO"])
    .propose(Propose::WhenUnused),
    here(
        "PrivateNetwork",
        scalar!(Boolean: sandbox.private_network),
        "Gives the unit a network of its own with nothing but a loopback device.",
    )
    .plan("sysfs: /sys, new for that network")
    .implies(&[MountNamespace])
    .exposure(&["PrivateNetwork"])
    .propose(Propose::WhenUnused),
    here(
        "NetworkNamespacePath",
        optional!(AbsolutePath: sandbox.network_namespace_path),
        "Runs the service in an existing network namespace, named by a file such as /run/netns/NAME.",
    )
    .since(242)
    .plan("sysfs: /sys, new for that network")
    .implies(&[MountNamespace]),
    here(
        "PrivateIPC",
        scalar!(Boolean: sandbox.private_ipc),
        "Gives the unit its own System V IPC objects and POSIX message queues.",
    )
    .since(248)
    .plan("mqueue: /dev/mqueue")
    .implies(&[MountNamespace])
    .propose(Propose::WhenUnused),
    here(
        "IPCNamespacePath",
        optional!(AbsolutePath: sandbox.ipc_namespace_path),
        "Runs the service in an existing IPC namespace, named by a file.",
    )
    .since(248)
    .plan("mqueue: /dev/mqueue")
    .implies(&[MountNamespace]),
    here(
        "MemoryKSM",
        optional!(Boolean: process.memory_ksm),
        "Whether the kernel may merge equal pages of the service's memory.",
    )
    .since(254),
    here(
        "PrivatePIDs",
        scalar!(Boolean: sandbox.private_pids),
        "Gives the service a process namespace in which it is process 1 and sees no process but its own.",
    )
    .since(257)
    .plan("proc: /proc, new for that namespace")
    .implies(&[MountNamespace, ApiFileSystems])
    .propose(Propose::WhenUnused),
    here(
        "PrivateUsers",
        scalar!(Word<PrivateUsers>: sandbox.private_users),
        "Runs the service in a user namespace: it knows only root and its own user (`yes`, `self`), or the first 65536 users (`identity`), and has no privilege outside.",
    )
    .since(232)
    .value_since(&[("self", 257), ("identity", 257)])
    .exposure(&["PrivateUsers"])
    .propose(Propose::WhenUnused),
    here(
        "ProtectHostname",
        scalar!(Boolean: sandbox.protect_hostname),
        "Keeps the service from changing the host's name, and from seeing it change.",
    )
    .since(242)
    .plan("read-only: /proc/sys/kernel/hostname and domainname, when there is a mount namespace")
    .implies(&[DeniesSystemCalls(&["sethostname", "setdomainname"])])
    .exposure(&["ProtectHostname"])
    .propose(Propose::WhenUnused),
    here(
        "ProtectClock",
        scalar!(Boolean: sandbox.protect_clock),
        "Keeps the service from setting the system's clock or the hardware's.",
    )
    .since(245)
    .implies(&[
        RemovesCapabilities(&[Capability::SYS_TIME, Capability::WAKE_ALARM]),
        DeniesSystemCalls(&["@clock"]),
    ])
    .exposure(&["ProtectClock", "CapabilityBoundingSet_CAP_SYS_TIME", "CapabilityBoundingSet_CAP_WAKE_ALARM"])
    .propose(Propose::WhenUnused),
    here(
        "ProtectKernelTunables",
        scalar!(Boolean: sandbox.protect_kernel_tunables),
        "Makes the kernel's variables below /proc and /sys read-only, and hides some.",
    )
    .since(232)
    .plan("read-only: /proc/sys and others, /sys, /sys/fs/bpf, /sys/kernel/debug, /sys/kernel/tracing; inaccessible: /proc/kallsyms, /proc/kcore")
    .implies(&[MountNamespace, ApiFileSystems, DeniesSystemCalls(&["_sysctl"])])
    .exposure(&["ProtectKernelTunables"])
    .propose(Propose::WhenUnused),
    here(
        "ProtectKernelModules",
        scalar!(Boolean: sandbox.protect_kernel_modules),
        "Keeps the service from loading and unloading kernel modules, and hides their files.",
    )
    .since(232)
    .plan("inaccessible: /usr/lib/modules")
    .implies(&[
        MountNamespace,
        RemovesCapabilities(&[Capability::SYS_MODULE]),
        DeniesSystemCalls(&["@module"]),
    ])
    .exposure(&["ProtectKernelModules", "CapabilityBoundingSet_CAP_SYS_MODULE"])
    .propose(Propose::WhenUnused),
    here(
        "ProtectKernelLogs",
        scalar!(Boolean: sandbox.protect_kernel_logs),
        "Keeps the service from reading and writing the kernel's log.",
    )
    .since(244)
    .plan("inaccessible: /proc/kmsg, /dev/kmsg")
    .implies(&[
        MountNamespace,
        RemovesCapabilities(&[Capability::SYSLOG]),
        DeniesSystemCalls(&["syslog"]),
    ])
    .exposure(&["ProtectKernelLogs", "CapabilityBoundingSet_CAP_SYSLOG"])
    .propose(Propose::WhenUnused),
    here(
        "ProtectControlGroups",
        scalar!(Word<ProtectControlGroups>: sandbox.protect_control_groups),
        "Makes the tree of control groups read-only (`yes`), shows only the unit's own part of it (`private`), or both (`strict`).",
    )
    .since(232)
    .value_since(&[("private", 257), ("strict", 257)])
    .plan("read-only: /sys/fs/cgroup (yes); or a cgroup file system of its own (private, strict)")
    .implies(&[MountNamespace, ApiFileSystems])
    .exposure(&["ProtectControlGroups"])
    .propose(Propose::WhenUnused),
];
