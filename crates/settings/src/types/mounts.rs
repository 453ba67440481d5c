//! systemd.exec(5), "Paths", and the path lists of "Sandboxing".

use super::sandbox::words;
use ringfence_terms::{AbsPath, Sourced};

/// Root, working directory, and every mount that the unit asks for by path.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// `RootDirectory=`.
    pub root_directory: Sourced<Option<AbsPath>>,
    /// `RootDirectoryStartOnly=`.
    pub root_directory_start_only: Sourced<bool>,
    /// `RootImage=`; not enforced.
    pub root_image: Sourced<Option<AbsPath>>,
    /// `RootEphemeral=`; not enforced.
    pub root_ephemeral: Sourced<bool>,
    /// `WorkingDirectory=`.
    pub working_directory: Sourced<WorkingDirectory>,
    /// `MountAPIVFS=` as written; `None` is automatic. The planner decides what is effective.
    pub mount_api_vfs: Sourced<Option<bool>>,
    /// `BindLogSockets=` as written; `None` is automatic.
    pub bind_log_sockets: Sourced<Option<bool>>,
    /// `PrivateMounts=` as written; `None` is automatic.
    pub private_mounts: Sourced<Option<bool>>,
    /// `MountFlags=`; `None` is the default.
    pub mount_flags: Sourced<Option<Propagation>>,
    /// `ReadWritePaths=`, `ReadOnlyPaths=`, `InaccessiblePaths=`, `ExecPaths=`, `NoExecPaths=`: each list in file
    /// order, all in one vector; use [`Paths::access`] for one list.
    pub access: Vec<Sourced<AccessPath>>,
    /// `BindPaths=` and `BindReadOnlyPaths=`, one shared list in file order.
    pub binds: Vec<Sourced<BindMount>>,
    /// `TemporaryFileSystem=`.
    pub temporary: Vec<Sourced<TemporaryFileSystem>>,
    /// `ExecSearchPath=`.
    pub exec_search_path: Vec<Sourced<AbsPath>>,
    /// `MountImages=` is set; not enforced (its line is in `Settings::not_enforced`).
    pub mount_images: bool,
    /// `ExtensionImages=` or `ExtensionDirectories=` is set; not enforced.
    pub extensions: bool,
}

impl Paths {
    /// One of the five path lists, in file order.
    pub fn access(&self, kind: PathAccess) -> impl Iterator<Item = &Sourced<AccessPath>> {
        self.access.iter().filter(move |p| p.value.access == kind)
    }
}

/// Which of the five path lists an entry stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathAccess {
    /// `ReadWritePaths=`.
    ReadWrite,
    /// `ReadOnlyPaths=`.
    ReadOnly,
    /// `InaccessiblePaths=`.
    Inaccessible,
    /// `ExecPaths=`.
    Exec,
    /// `NoExecPaths=`.
    NoExec,
}

/// One word of one of the five path lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPath {
    /// The list.
    pub access: PathAccess,
    /// The path, without its prefixes.
    pub path: AbsPath,
    /// `-`: nothing happens when the path does not exist.
    pub optional: bool,
    /// `+`: the path is meant below the service's root directory.
    pub in_root: bool,
}

/// One word of `BindPaths=` or `BindReadOnlyPaths=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindMount {
    /// On the host.
    pub source: AbsPath,
    /// In the service's root.
    pub destination: AbsPath,
    /// `BindReadOnlyPaths=`.
    pub read_only: bool,
    /// `rbind` (the default) rather than `norbind`.
    pub recursive: bool,
    /// `-`: nothing happens when the source does not exist.
    pub optional: bool,
}

/// One word of `TemporaryFileSystem=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryFileSystem {
    /// Where it is mounted.
    pub path: AbsPath,
    /// The mount options as written after the colon, unsplit; empty when there are none.
    pub options: String,
}

words! {
    /// `MountFlags=`.
    Propagation {
        /// `shared`.
        #[default] Shared = "shared",
        /// `slave`.
        Slave = "slave",
        /// `private`.
        Private = "private",
    }
}

/// `WorkingDirectory=`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingDirectory {
    /// Where to; `None` is the default: `/`, or the home directory for a user manager's unit.
    pub directory: Option<WorkingDirectoryTarget>,
    /// `-`: a missing directory does not matter.
    pub optional: bool,
}

/// What `WorkingDirectory=` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkingDirectoryTarget {
    /// `~`, the home directory of `User=`.
    Home,
    /// A path in the service's root.
    Path(AbsPath),
}
