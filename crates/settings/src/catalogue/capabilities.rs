//! systemd.exec(5), "Capabilities" and "Security".

use super::field::{Field, scalar};
use super::{Directive, Kind, Manual, Merge, Propose, Section};
use crate::CapabilitySet;
use crate::read::{Boolean, capabilities, secure_bits, show_capabilities, show_secure_bits};

const CAPABILITIES: Manual = Manual { page: "systemd.exec(5)", chapter: "Capabilities" };
const SECURITY: Manual = Manual { page: "systemd.exec(5)", chapter: "Security" };

const fn here(name: &'static str, manual: Manual, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, manual, field, doc)
}

macro_rules! capability_set {
    ($field:ident, $initial:expr) => {
        Field {
            kind: Kind::Form("capabilities such as `CAP_NET_BIND_SERVICE`; after `~`, those to take away"),
            merge: Merge::Capabilities,
            kept: false,
            read: |line, settings| capabilities(line, &mut settings.sandbox.$field, $initial),
            show: |settings| show_capabilities(&settings.sandbox.$field),
        }
    };
}

pub(super) static ALL: &[Directive] = &[
    here(
        "CapabilityBoundingSet",
        CAPABILITIES,
        capability_set!(bounding_set, CapabilitySet::ALL),
        "The capabilities that the service may have at all, even as root.",
    )
    .exposure(&[
        "CapabilityBoundingSet_CAP_SYS_ADMIN",
        "CapabilityBoundingSet_CAP_SET_UID_GID_PCAP",
        "CapabilityBoundingSet_CAP_SYS_PTRACE",
        "CapabilityBoundingSet_CAP_SYS_TIME",
        "CapabilityBoundingSet_CAP_NET_ADMIN",
        "CapabilityBoundingSet_CAP_SYS_RAWIO",
        "CapabilityBoundingSet_CAP_SYS_MODULE",
        "CapabilityBoundingSet_CAP_AUDIT",
        "CapabilityBoundingSet_CAP_SYSLOG",
        "CapabilityBoundingSet_CAP_SYS_NICE_RESOURCE",
        "CapabilityBoundingSet_CAP_MKNOD",
        "CapabilityBoundingSet_CAP_CHOWN_FSETID_SETFCAP",
        "CapabilityBoundingSet_CAP_DAC_FOWNER_IPC_OWNER",
        "CapabilityBoundingSet_CAP_KILL",
        "CapabilityBoundingSet_CAP_NET_BIND_SERVICE_BROADCAST_RAW)",
        "CapabilityBoundingSet_CAP_SYS_BOOT",
        "CapabilityBoundingSet_CAP_MAC",
        "CapabilityBoundingSet_CAP_LINUX_IMMUTABLE",
        "CapabilityBoundingSet_CAP_IPC_LOCK",
        "CapabilityBoundingSet_CAP_SYS_CHROOT",
        "CapabilityBoundingSet_CAP_BLOCK_SUSPEND",
        "CapabilityBoundingSet_CAP_WAKE_ALARM",
        "CapabilityBoundingSet_CAP_LEASE",
        "CapabilityBoundingSet_CAP_SYS_TTY_CONFIG",
        "CapabilityBoundingSet_CAP_SYS_PACCT",
        "CapabilityBoundingSet_CAP_BPF",
    ])
    .propose(Propose::FromEvidence),
    here(
        "AmbientCapabilities",
        CAPABILITIES,
        capability_set!(ambient, CapabilitySet::EMPTY),
        "Capabilities that the service has though it is not root.",
    )
    .since(229)
    .exposure(&["AmbientCapabilities"])
    .propose(Propose::FromEvidence),
    here(
        "NoNewPrivileges",
        SECURITY,
        scalar!(Boolean: sandbox.no_new_privileges),
        "Lets no program of the service gain privileges by set-user-ID bits or file capabilities.",
    )
    .since(187)
    .exposure(&["NoNewPrivileges"])
    .propose(Propose::WhenUnused),
    here(
        "SecureBits",
        SECURITY,
        Field {
            kind: Kind::Form("`keep-caps`, `no-setuid-fixup`, `noroot`, each perhaps with `-locked`"),
            merge: Merge::Last,
            kept: false,
            read: |line, settings| secure_bits(line, &mut settings.sandbox.secure_bits),
            show: |settings| show_secure_bits(&settings.sandbox.secure_bits),
        },
        "Flags that change what being root means for capabilities (capabilities(7)).",
    ),
];
