//! One entry of a plan, what becomes of it, and why another is gone.

use super::mode::{EntryFlags, MountMode};
use ringfence_terms::{AbsPath, Origin};

/// One mount point of the service's view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountEntry {
    /// Where, inside the service's root, symlinks resolved.
    pub path: AbsPath,
    /// The path as the line names it, when resolving symlinks changed it.
    pub requested: Option<AbsPath>,
    /// What is done there.
    pub mode: MountMode,
    /// Flags that are set at the end, on top of what the mode itself means.
    pub flags: EntryFlags,
    /// A missing path does not matter (`-`, or built in).
    pub optional: bool,
    /// What mounting does on this host.
    pub outcome: Outcome,
    /// Whether the destination must first be made, and as what.
    pub create: Option<Create>,
    /// The line responsible; `None` for what systemd always adds.
    pub origin: Option<Origin>,
    /// Lines whose entries for the same path were merged into this one and left their flags.
    pub merged: Vec<Origin>,
    /// The lines of flags that merging brought.
    pub flag_lines: FlagLines,
    /// When its turn comes: entries are mounted by rising number. That is the order of the list, but for an entry that
    /// reached its place through a symlink.
    pub turn: usize,
}

impl MountEntry {
    /// The flag rounds make this entry's mount, and what is mounted below it, read-only.
    pub fn makes_read_only(&self) -> bool {
        self.flags.read_only || self.mode.is_read_only() || self.mode == MountMode::PrivateDev
    }

    /// The flag rounds make it noexec.
    pub fn makes_noexec(&self) -> bool {
        self.flags.noexec || self.mode.is_noexec()
    }

    /// The flag rounds take noexec away from it.
    pub fn makes_exec(&self) -> bool {
        !self.makes_noexec() && (self.flags.exec || self.mode == MountMode::Exec)
    }

    /// The line that makes it read-only, when it is.
    pub fn read_only_line(&self) -> Option<&Origin> {
        self.flag_lines.read_only.as_ref().or(self.origin.as_ref())
    }

    /// The line that makes it noexec, when it is.
    pub fn noexec_line(&self) -> Option<&Origin> {
        self.flag_lines.noexec.as_ref().or(self.origin.as_ref())
    }

    /// Whether its read-only flag reaches the mounts below it, and not only its own one (systemd: `make_read_only`).
    pub fn read_only_reaches_down(&self) -> bool {
        (self.flags.read_only || self.mode.is_read_only()) && !self.mode.is_memory()
    }
}

/// The lines that gave an entry flags which its own line does not ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagLines {
    /// Read-only.
    pub read_only: Option<Origin>,
    /// Nothing can be executed.
    pub noexec: Option<Origin>,
    /// Executing is allowed again.
    pub exec: Option<Origin>,
}

/// What mounting an entry does on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is mounted.
    Mounted,
    /// The path is not there and may be missing.
    Missing,
    /// The path is a mount point already and the mode does nothing then; the entry still shields what is below it from
    /// the flags of entries above.
    AlreadyMountPoint,
}

/// How a missing destination is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// A directory, and its parents.
    Directory,
    /// An empty file, and its parents.
    File,
}

/// An entry that has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its path.
    pub path: AbsPath,
    /// What it would have done.
    pub mode: MountMode,
    /// The flags that it would have set.
    pub flags: EntryFlags,
    /// It is a duplicate that left a flag to the winner which that did not have: so it is not without effect.
    pub left_flags: bool,
    /// Its line.
    pub origin: Option<Origin>,
    /// Why it is gone.
    pub why: DropReason,
}

/// Why an entry is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// A stricter entry stands on the same path.
    DuplicateOf {
        /// That entry's line.
        winner: Option<Origin>,
        /// What that entry does.
        mode: MountMode,
    },
    /// It lies below an inaccessible path.
    Masked {
        /// The inaccessible path.
        by: AbsPath,
        /// That entry's line.
        origin: Option<Origin>,
    },
    /// The entry above it does the same already.
    Redundant {
        /// The path of the entry above.
        under: AbsPath,
    },
    /// It lies outside `RootDirectory=`.
    OutsideRoot,
    /// It serves systemd itself, which does not run here.
    WithoutSystemd,
}
