//! What an entry mounts, and which entry survives when two share a path.

use ringfence_terms::AbsPath;

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

impl MountMode {
    /// When two entries share a path the one with the lower number survives (systemd: `src/core/namespace.c`, the order
    /// of `MountMode`).
    pub fn priority(&self) -> u8 {
        match self {
            MountMode::Inaccessible => 0,
            MountMode::Bind { recursive: false, .. } | MountMode::PrivateTmpfs => 3,
            MountMode::Bind { recursive: true, .. } => 4,
            MountMode::PrivateTmp => 5,
            MountMode::PrivateDev => 6,
            MountMode::BindDev => 7,
            MountMode::EmptyDir => 8,
            MountMode::PrivateSysfs => 9,
            MountMode::BindSysfs => 10,
            MountMode::Proc { .. } => 11,
            MountMode::PrivateCgroup => 12,
            MountMode::ReadOnly => 13,
            MountMode::ReadWrite => 14,
            MountMode::NoExec => 15,
            MountMode::Exec => 16,
            MountMode::Tmpfs { .. } => 17,
            MountMode::Run => 18,
            MountMode::Mqueue => 22,
            MountMode::ReadWriteImplicit => 23,
        }
    }

    /// The word for it in JSON and in listings.
    pub fn word(&self) -> &'static str {
        match self {
            MountMode::Inaccessible => "inaccessible",
            MountMode::Bind { .. } => "bind",
            MountMode::PrivateTmp | MountMode::PrivateTmpfs => "private-tmp",
            MountMode::PrivateDev => "private-dev",
            MountMode::BindDev => "bind-dev",
            MountMode::EmptyDir => "empty",
            MountMode::PrivateSysfs => "sysfs",
            MountMode::BindSysfs => "bind-sysfs",
            MountMode::Proc { .. } => "proc",
            MountMode::PrivateCgroup => "cgroup",
            MountMode::ReadOnly => "read-only",
            MountMode::ReadWrite => "read-write",
            MountMode::NoExec => "no-exec",
            MountMode::Exec => "exec",
            MountMode::Tmpfs { .. } => "tmpfs",
            MountMode::Run => "run",
            MountMode::Mqueue => "mqueue",
            MountMode::ReadWriteImplicit => "read-write-implicit",
        }
    }

    /// Modes that only change the flags of what is there (and make it a mount point).
    pub fn is_access_only(&self) -> bool {
        matches!(
            self,
            MountMode::ReadOnly
                | MountMode::ReadWrite
                | MountMode::ReadWriteImplicit
                | MountMode::Exec
                | MountMode::NoExec
        )
    }

    /// The mode makes its mount read-only (systemd: `mount_entry_read_only`, and `make_read_only` for `/dev`).
    pub fn is_read_only(&self) -> bool {
        matches!(self, MountMode::ReadOnly | MountMode::Inaccessible)
    }

    /// The mode makes its mount noexec (systemd: `mount_entry_noexec`).
    pub fn is_noexec(&self) -> bool {
        matches!(
            self,
            MountMode::NoExec
                | MountMode::Inaccessible
                | MountMode::PrivateSysfs
                | MountMode::BindSysfs
                | MountMode::Proc { .. }
        )
    }

    /// A new file system in memory, on which nothing else can be mounted yet: its flags are set on this one mount and
    /// not on what is mounted below it (systemd: `make_read_only`, `make_noexec`).
    pub fn is_memory(&self) -> bool {
        matches!(self, MountMode::EmptyDir | MountMode::Tmpfs { .. })
    }
}
