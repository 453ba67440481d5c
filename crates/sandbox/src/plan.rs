//! The ordered mounts that settings yield on a host.

use ringfence_settings::DirectoryKind;
use ringfence_terms::{AbsPath, Origin};
use std::ffi::OsString;

/// What a command of the service will see. Pure data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Why the command gets a mount namespace of its own; empty when it gets none, and then `mounts` is empty as well.
    pub reasons: Vec<Reason>,
    /// What becomes the service's `/`.
    pub root: Root,
    /// Every entry that survives, sorted as systemd sorts them: parents before children.
    pub mounts: Vec<MountEntry>,
    /// Entries that another one made void, and why: an explanation for `why` and `lint`.
    pub dropped: Vec<Dropped>,
    /// Symlinks made inside the new root after mounting.
    pub symlinks: Vec<Symlink>,
    /// Directories of `RuntimeDirectory=` and its kin, made on the host before any mount, in the order of making.
    pub directories: Vec<DirectorySetup>,
    /// What the whole tree's propagation is set to at the end (`MountFlags=`; systemd's default is shared).
    pub propagation: Propagation,
    /// Every applied entry's mount gets nosuid (`NoNewPrivileges=` without SELinux).
    pub nosuid_all: bool,
    /// The start fails: systemd would exit with this status.
    pub failure: Option<Failure>,
}

/// Why a mount namespace is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The directive at work, for example `ProtectSystem`.
    pub directive: &'static str,
    /// Its line; none for a default that something else set off.
    pub origin: Option<Origin>,
}

/// What becomes the service's `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The host's own tree.
    Host,
    /// `RootDirectory=`, symlinks resolved.
    Directory(AbsPath),
}

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
}

/// Flags for an entry, set after all mounts are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryFlags {
    /// Read-only.
    pub read_only: bool,
    /// No set-user-ID.
    pub nosuid: bool,
    /// Nothing can be executed.
    pub noexec: bool,
    /// Executing is allowed again.
    pub exec: bool,
}

/// What is mounted. The order of variants is not their priority: see [`MountMode::priority`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountMode {
    /// Covered by an empty node of mode 000 of the same kind.
    Inaccessible,
    /// `source`, a path of the host, is shown here.
    Bind {
        /// Host path, symlinks resolved when the plan was made.
        source: AbsPath,
        /// With what is mounted below it.
        recursive: bool,
        /// Made by `StateDirectory=` or its kin and mapped to the service's user (65534 on disk).
        id_mapped: bool,
    },
    /// A directory below the host's `/tmp` or `/var/tmp`, one for all commands of the unit.
    PrivateTmp,
    /// `PrivateTmp=disconnected`: a directory of the unit's own temporary file system.
    PrivateTmpfs,
    /// A new `/dev` with the pseudo devices only.
    PrivateDev,
    /// The host's `/dev` (nothing happens where that is a mount point already).
    BindDev,
    /// An empty read-only directory in memory.
    EmptyDir,
    /// A new sysfs.
    PrivateSysfs,
    /// The host's `/sys` (nothing happens where that is a mount point already).
    BindSysfs,
    /// A new proc file system with these options.
    Proc {
        /// For example `hidepid=invisible`.
        options: Vec<String>,
    },
    /// A new cgroup2 file system in a new cgroup namespace.
    PrivateCgroup,
    /// The path becomes a mount point and read-only.
    ReadOnly,
    /// The path becomes a mount point and stays as writable as it is.
    ReadWrite,
    /// The path becomes a mount point and noexec.
    NoExec,
    /// The path becomes a mount point and executable.
    Exec,
    /// A new tmpfs.
    Tmpfs {
        /// Options for the file system itself, for example `mode=0755`.
        options: Vec<String>,
        /// Flags for the mount.
        nosuid: bool,
        /// Flags for the mount.
        nodev: bool,
        /// Flags for the mount.
        noexec: bool,
    },
    /// A new tmpfs on `/run` (nothing happens where that is a mount point already).
    Run,
    /// A new POSIX message queue file system.
    Mqueue,
    /// As [`MountMode::ReadWrite`], but built in: loses against everything else on the same path.
    ReadWriteImplicit,
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
}

/// A symlink inside the new root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symlink {
    /// Where.
    pub path: AbsPath,
    /// What it says.
    pub target: OsString,
    /// The line responsible.
    pub origin: Option<Origin>,
}

/// One directory that is made on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectorySetup {
    /// The family.
    pub kind: DirectoryKind,
    /// On the host; below `private/` with `DynamicUser=`.
    pub path: AbsPath,
    /// Its mode.
    pub mode: u32,
    /// Symlinks to it on the host.
    pub symlinks: Vec<AbsPath>,
    /// It is only made; a listed directory above it is the one that is shown.
    pub only_create: bool,
    /// The public symlink of a `DynamicUser=` directory, for example `/var/lib/foo`.
    pub public: Option<AbsPath>,
    /// The line.
    pub origin: Option<Origin>,
}

/// Mount propagation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// Peer group of its own, still slave of the host's.
    #[default]
    Shared,
    /// Slave of the host's only.
    Slave,
    /// Neither.
    Private,
}

/// The set-up would fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// systemd's exit status, 200 to 245.
    pub status: u8,
    /// The path concerned.
    pub path: Option<AbsPath>,
    /// Which error.
    pub errno: ringfence_terms::Errno,
    /// The line responsible.
    pub origin: Option<Origin>,
    /// What is wrong and what to do, one or two sentences.
    pub why: String,
}
