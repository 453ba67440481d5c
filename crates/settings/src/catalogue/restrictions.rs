//! systemd.exec(5), "Sandboxing": what system call filters and flags of the process take away.

use super::field::{Field, kept, merged, optional, scalar};
use super::{Directive, Implication, Manual, Propose, Section};
use crate::Propagation;
use crate::read::Text;
use crate::read::{Boolean, Word};
use Implication::{Defaults, DeniesSystemCalls, MountNamespace};
use ringfence_seccomp::{AddressFamilies, NamespaceRestriction};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Sandboxing" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

pub(super) static ALL: &[Directive] = &[
    here(
        "RestrictAddressFamilies",
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
        "RestrictFileSystems",
        kept!(Text, Signed),
        "Which types of file systems the service may open files on.",
    )
    .since(250)
    .cannot("file systems are not restricted by type: the service can use every one that it sees"),
    here(
        "RestrictNamespaces",
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
];
