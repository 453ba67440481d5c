//! What a process did or wants to do with a path.

use crate::AbsPath;
use std::fmt;

/// One kind of use of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessKind {
    /// Look the path up and read its attributes: `stat(2)`.
    Stat,
    /// Open for reading, or list a directory.
    Read,
    /// Open an existing file for writing; for a directory, change its entries.
    Write,
    /// Make the path where nothing is yet.
    Create,
    /// Execute a file.
    Execute,
}

impl AccessKind {
    /// Every kind, from the weakest to the strongest.
    pub const ALL: [AccessKind; 5] =
        [AccessKind::Stat, AccessKind::Read, AccessKind::Write, AccessKind::Create, AccessKind::Execute];

    /// The word used on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            AccessKind::Stat => "stat",
            AccessKind::Read => "read",
            AccessKind::Write => "write",
            AccessKind::Create => "create",
            AccessKind::Execute => "exec",
        }
    }
}

impl fmt::Display for AccessKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One kind of use of one path, as the service names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Access {
    /// The path as the service sees it.
    pub path: AbsPath,
    /// What it does there.
    pub kind: AccessKind,
}
