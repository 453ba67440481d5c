//! systemd.exec(5), "System Call Filtering", with `RestrictAddressFamilies=` and `RestrictNamespaces=`.

use ringfence_seccomp::{
    AddressFamilies, NamespaceRestriction, SyscallArchitectures, SyscallFilter, SyscallLog,
};
use ringfence_terms::Origin;

/// What seccomp filters deny, each in the type of `ringfence-seccomp` that knows how its lines merge.
#[derive(Clone, Debug, Default)]
pub struct Syscalls {
    /// `SystemCallFilter=`, and `SystemCallErrorNumber=` as its [`SyscallFilter::denial`].
    pub filter: Merged<SyscallFilter>,
    /// `SystemCallLog=`.
    pub log: Merged<SyscallLog>,
    /// `SystemCallArchitectures=`.
    pub architectures: Merged<SyscallArchitectures>,
    /// `RestrictAddressFamilies=`.
    pub address_families: Merged<AddressFamilies>,
    /// `RestrictNamespaces=`.
    pub namespaces: Merged<NamespaceRestriction>,
}

/// A value that several lines make together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged<T> {
    /// What they make; it knows for each of its parts which line that came from.
    pub value: T,
    /// The lines, in order, from the last reset on.
    pub lines: Vec<Origin>,
}
