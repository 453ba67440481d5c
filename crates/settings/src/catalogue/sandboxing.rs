//! systemd.exec(5), "Sandboxing".

use super::field::{Field, optional, scalar};
use super::{Directive, Implication, Kind, Manual, Merge, Propose, Section};
use crate::read::{
    AbsolutePath, Boolean, Mode, Word, access, bind, directories, show_access, show_binds, show_directories,
    show_temporary, temporary,
};
use crate::{
    Capability, DirectoryKind, PathAccess, Preserve, PrivateTmp, PrivateUsers, Propagation,
    ProtectControlGroups, ProtectHome, ProtectSystem,
};
use Implication::{ApiFileSystems, Defaults, DeniesSystemCalls, Forces, MountNamespace, RemovesCapabilities};

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
            read: |line, settings| access(line, settings, PathAccess::$access),
            show: |settings| show_access(settings, PathAccess::$access),
        }
    };
}

macro_rules! directory {
    ($kind:ident) => {
        Field {
            kind: Kind::Form("paths relative to the base directory, each perhaps with `:SYMLINK` and `:ro`"),
            merge: Merge::List,
            read: |line, settings| directories(line, settings, DirectoryKind::$kind),
            show: |settings| show_directories(settings, DirectoryKind::$kind),
        }
    };
}

macro_rules! directory_mode {
    ($kind:ident) => {
        Field {
            kind: <Mode as crate::read::Notation>::KIND,
            merge: Merge::Last,
            read: |line, settings| {
                crate::read::scalar::<Mode>(
                    line,
                    &mut settings.directories.modes[DirectoryKind::$kind as usize],
                )
            },
            show: |settings| {
                crate::read::show_scalar::<Mode>(settings.directories.mode(DirectoryKind::$kind))
            },
        }
    };
}

macro_rules! binds {
    ($read_only:literal) => {
        Field {
            kind: Kind::Form("`SOURCE[:DESTINATION[:rbind|norbind]]`, both absolute paths; a `-` before the source lets it be missing"),
            merge: Merge::List,
            read: |line, settings| bind(line, settings, $read_only),
            show: |settings| show_binds(settings, $read_only),
        }
    };
}

pub(super) static ALL: &[Directive] = &[
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
    here(
        "RuntimeDirectory",
        directory!(Runtime),
        "Creates directories below /run for the service, owned by it, and removes them when it stops; they stay writable in the sandbox.",
    )
    .since(211)
    .value_since(&[(":ro", 257)])
    .plan("writable below /run, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "StateDirectory",
        directory!(State),
        "Creates directories below /var/lib for the service, owned by it; they stay writable in the sandbox and over restarts.",
    )
    .since(235)
    .value_since(&[(":ro", 257)])
    .plan("writable below /var/lib, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "CacheDirectory",
        directory!(Cache),
        "Creates directories below /var/cache for the service, owned by it; they stay writable in the sandbox.",
    )
    .since(235)
    .value_since(&[(":ro", 257)])
    .plan("writable below /var/cache, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "LogsDirectory",
        directory!(Logs),
        "Creates directories below /var/log for the service, owned by it; they stay writable in the sandbox.",
    )
    .since(235)
    .value_since(&[(":ro", 257)])
    .plan("writable below /var/log, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "ConfigurationDirectory",
        directory!(Configuration),
        "Creates directories below /etc for the service's configuration; an existing one keeps its owner and mode.",
    )
    .since(235)
    .plan("writable below /etc, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "RuntimeDirectoryMode",
        directory_mode!(Runtime),
        "The permission bits that the directories of RuntimeDirectory= get at every start.",
    )
    .since(211),
    here(
        "StateDirectoryMode",
        directory_mode!(State),
        "The permission bits that the directories of StateDirectory= get at every start.",
    )
    .since(234),
    here(
        "CacheDirectoryMode",
        directory_mode!(Cache),
        "The permission bits that the directories of CacheDirectory= get at every start.",
    )
    .since(234),
    here(
        "LogsDirectoryMode",
        directory_mode!(Logs),
        "The permission bits that the directories of LogsDirectory= get at every start.",
    )
    .since(234),
    here(
        "ConfigurationDirectoryMode",
        directory_mode!(Configuration),
        "The permission bits that the directories of ConfigurationDirectory= get when they are created.",
    )
    .since(234),
    here(
        "RuntimeDirectoryPreserve",
        scalar!(Word<Preserve>: directories.preserve_runtime),
        "Whether the directories of RuntimeDirectory= outlive the service: never, always, or over a restart.",
    )
    .since(235),
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
    here(
        "LockPersonality",
        scalar!(Boolean: sandbox.lock_personality),
        "Keeps the service from changing its execution domain with personality(2).",
    )
    .since(235)
    .implies(&[DeniesSystemCalls(&["personality"])])
    .exposure(&["LockPersonality"])
    .propose(Propose::WhenUnused),
    here(
        "MemoryDenyWriteExecute",
        scalar!(Boolean: sandbox.memory_deny_write_execute),
        "Denies memory that is both writable and executable; programs that generate code as they run (just-in-time compilers) break.",
    )
    .since(231)
    .exposure(&["MemoryDenyWriteExecute"])
    .propose(Propose::WhenUnused),
    here(
        "RestrictRealtime",
        scalar!(Boolean: sandbox.restrict_realtime),
        "Keeps the service from taking a real-time scheduling policy, with which it could hold up the machine.",
    )
    .since(231)
    .implies(&[DeniesSystemCalls(&["sched_setscheduler"]), Defaults("LimitRTPRIO", "0")])
    .exposure(&["RestrictRealtime"])
    .propose(Propose::WhenUnused),
    here(
        "RestrictSUIDSGID",
        scalar!(Boolean: sandbox.restrict_suid_sgid),
        "Keeps the service from setting the set-user-ID and set-group-ID bits on files.",
    )
    .since(242)
    .exposure(&["RestrictSUIDSGID"])
    .propose(Propose::WhenUnused),
    here(
        "RemoveIPC",
        scalar!(Boolean: sandbox.remove_ipc),
        "Removes the IPC objects of the service's user and group when the service stops; without effect for root.",
    )
    .since(232)
    .exposure(&["RemoveIPC"])
    .propose(Propose::WhenUnused),
    here(
        "PrivateMounts",
        optional!(Boolean: paths.private_mounts),
        "Gives the service a mount namespace of its own, so that what it mounts stays with it.",
    )
    .since(239)
    .implies(&[MountNamespace])
    .exposure(&["PrivateMounts"])
    .propose(Propose::Always),
    here(
        "MountFlags",
        optional!(Word<Propagation>: paths.mount_flags),
        "How mounts spread between the service's namespace and the host: `shared`, `slave` or `private`.",
    )
    .implies(&[MountNamespace]),
    here(
        "BindPaths",
        binds!(false),
        "Makes files and directories of the host visible at other places, or at their own where that is hidden.",
    )
    .since(233)
    .plan("bind: each source on its destination")
    .implies(&[MountNamespace])
    .propose(Propose::FromEvidence),
    here("BindReadOnlyPaths", binds!(true), "As BindPaths=, read-only. Both directives share one list.")
        .since(233)
        .plan("bind-read-only: each source on its destination")
        .implies(&[MountNamespace])
        .propose(Propose::FromEvidence),
    here(
        "MountAPIVFS",
        optional!(Boolean: paths.mount_api_vfs),
        "Mounts /proc, /dev, /sys and /run in the service's root; on by default with RootDirectory= and RootImage=.",
    )
    .since(233)
    .plan("proc, sysfs, /dev and /run")
    .implies(&[MountNamespace]),
    here(
        "BindLogSockets",
        optional!(Boolean: paths.bind_log_sockets),
        "Makes the journal's sockets visible in the service's root, so that it can log; on where MountAPIVFS= is.",
    )
    .since(257)
    .plan("bind-read-only: /run/systemd/journal/socket, stdout, dev-log")
    .implies(&[MountNamespace]),
    here(
        "DynamicUser",
        scalar!(Boolean: identity.dynamic_user),
        "Runs the service as a user that exists only while it runs, with a sandbox around it that keeps that user's files together.",
    )
    .since(232)
    .fatal()
    .plan("as the directives that it forces; and the private directories below /var/lib, /var/cache, /var/log")
    .implies(&[
        MountNamespace,
        Forces("ProtectSystem", "strict"),
        Defaults("ProtectHome", "read-only"),
        Defaults("PrivateTmp", "disconnected"),
        Forces("RemoveIPC", "yes"),
        Forces("NoNewPrivileges", "yes"),
        Forces("RestrictSUIDSGID", "yes"),
    ])
    .exposure(&["UserOrDynamicUser"]),
];
