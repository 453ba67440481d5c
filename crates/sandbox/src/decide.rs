//! From a plan and an access to a verdict.

use ringfence_terms::{Errno, Origin};

/// Who asks: the service's process when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// File-system user.
    pub uid: u32,
    /// File-system group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Effective capabilities.
    pub capabilities: ringfence_settings::CapabilitySet,
}

/// The plan's answer to one access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Allowed(Because),
    /// It fails.
    Denied {
        /// With this error.
        errno: Errno,
        /// For this reason.
        because: Because,
    },
    /// It cannot be said here, for the reason given (an access control list, a mandatory access control, a host path
    /// that the caller may not look at).
    Undecidable(String),
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// One sentence, for people.
    pub reason: String,
    /// The line responsible, when a line is.
    pub origin: Option<Origin>,
    /// The path at which it is decided (a component of the asked-for one, symlinks resolved).
    pub at: ringfence_terms::AbsPath,
    /// The kind of cause.
    pub cause: Cause,
}

/// The kind of cause of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing forbids it.
    Open,
    /// A mount is read-only because of the plan.
    ReadOnlyMount,
    /// A mount is read-only on the host already.
    HostReadOnly,
    /// A mount is noexec.
    NoExecMount,
    /// The path is covered by an inaccessible node.
    Inaccessible,
    /// The path is hidden by an empty or private file system (it exists on the host).
    Hidden,
    /// The path does not exist on the host either.
    Missing,
    /// Owner, group and mode forbid it.
    Permissions,
    /// A device node that the device policy does not allow, or nodev.
    Device,
    /// It is there already (create), is a directory, is not one, is busy, loops …
    Kind,
}
