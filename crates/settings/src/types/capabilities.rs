//! Capabilities (capabilities(7)).

use crate::value::number;
use std::fmt;

/// One capability, by its number in the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Capability(u8);

/// The names, at the index of their number; Linux 6.18 knows 41.
static NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

impl Capability {
    /// The highest number that a unit may name (systemd: `CAP_LIMIT`).
    pub const LIMIT: u8 = 62;
    /// The highest one that a unit may name; no kernel has it yet.
    pub const HIGHEST: Capability = Capability(Self::LIMIT);

    /// The capability with a number from 0 to 62.
    pub fn from_number(number: u8) -> Option<Capability> {
        (number <= Self::LIMIT).then_some(Capability(number))
    }

    /// A number from 0 to 62, or a name with `CAP_`, in any case (systemd: `capability_from_name`).
    pub fn parse(text: &str) -> Option<Capability> {
        if let Ok(number) = number::integer(text) {
            return u8::try_from(number).ok().and_then(Capability::from_number);
        }
        let number = NAMES.iter().position(|n| n.eq_ignore_ascii_case(text))?;
        Capability::from_number(number as u8)
    }

    /// The names of all capabilities that have one, by number.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter()
    }

    /// The number in the kernel.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The name with `CAP_`; the number for one that has no name yet.
    pub fn name(self) -> String {
        NAMES.get(usize::from(self.0)).map_or_else(|| self.0.to_string(), |n| n.to_string())
    }

    /// Every capability that has a name.
    pub fn all_named() -> impl Iterator<Item = Capability> {
        (0..NAMES.len() as u8).map(Capability)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Whether two texts are equal; `==` on texts is not yet for compile time.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut n = 0;
    while n < a.len() && n < b.len() && a[n] == b[n] {
        n += 1;
    }
    n == a.len() && n == b.len()
}

/// A set of capabilities, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CapabilitySet(pub u64);

impl CapabilitySet {
    /// No capability.
    pub const EMPTY: CapabilitySet = CapabilitySet(0);
    /// Every capability that there is or will be: the default of `CapabilityBoundingSet=`.
    pub const ALL: CapabilitySet = CapabilitySet(u64::MAX);

    /// The set of these capabilities, by their names with `CAP_` in upper case. An unknown name does not compile.
    pub const fn named(names: &[&str]) -> CapabilitySet {
        let (mut set, mut n) = (0, 0);
        while n < names.len() {
            let mut number = 0;
            while !same(names[n], NAMES[number]) {
                number += 1;
            }
            set |= 1 << number;
            n += 1;
        }
        CapabilitySet(set)
    }

    /// Whether the two have any capability in common.
    pub const fn meets(self, other: CapabilitySet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set has it.
    pub fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability.0) != 0
    }

    /// The set with one more.
    #[must_use]
    pub fn with(self, capability: Capability) -> CapabilitySet {
        CapabilitySet(self.0 | 1 << capability.0)
    }

    /// The set with one less.
    #[must_use]
    pub fn without(self, capability: Capability) -> CapabilitySet {
        CapabilitySet(self.0 & !(1 << capability.0))
    }

    /// The members that have a name, by number.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::all_named().filter(move |c| self.contains(*c))
    }
}

impl Capability {
    /// `CAP_DAC_OVERRIDE`: ignores file modes.
    pub const DAC_OVERRIDE: Capability = Capability(1);
    /// `CAP_DAC_READ_SEARCH`: ignores file modes for reading and searching.
    pub const DAC_READ_SEARCH: Capability = Capability(2);
    /// `CAP_FOWNER`: acts as the owner of every file.
    pub const FOWNER: Capability = Capability(3);
    /// `CAP_SETUID`: changes users.
    pub const SETUID: Capability = Capability(7);
    /// `CAP_SETPCAP`.
    pub const SETPCAP: Capability = Capability(8);
    /// `CAP_SYS_MODULE`.
    pub const SYS_MODULE: Capability = Capability(16);
    /// `CAP_SYS_RAWIO`.
    pub const SYS_RAWIO: Capability = Capability(17);
    /// `CAP_SYS_ADMIN`.
    pub const SYS_ADMIN: Capability = Capability(21);
    /// `CAP_SYS_TIME`.
    pub const SYS_TIME: Capability = Capability(25);
    /// `CAP_MKNOD`.
    pub const MKNOD: Capability = Capability(27);
    /// `CAP_SYSLOG`.
    pub const SYSLOG: Capability = Capability(34);
    /// `CAP_WAKE_ALARM`.
    pub const WAKE_ALARM: Capability = Capability(35);
}
