//! What planning must know of the machine.

pub mod fake;
mod mounts;

pub use mounts::{MountSource, MountTable, Untold};

use ringfence_terms::{AbsPath, Errno};
use std::ffi::OsString;

/// A snapshot of the machine, as planning sees it. The real one reads the file system on demand and remembers what it
/// saw; tests hand in a small invented one.
pub trait Facts {
    /// What is at a path of the host, without following a symlink at its end; the directories on the way must be real
    /// ones (the planner follows symlinks itself, one step at a time).
    fn node(&self, path: &AbsPath) -> Result<Node, Errno>;
    /// The host's mount table.
    fn mounts(&self) -> &MountTable;
    /// What the kernel and the caller's privileges allow.
    fn features(&self) -> &Features;
    /// A user by name or number.
    fn user(&self, name: &str) -> Option<User>;
    /// A group's number by name or number.
    fn group(&self, name: &str) -> Option<u32>;
    /// A group's name by its number.
    fn group_name(&self, gid: u32) -> Option<String>;
    /// All groups that list a user as a member.
    fn groups_of(&self, user: &str) -> Vec<u32>;

    /// The group that `Group=` or `SupplementaryGroups=` names: a number must be that of a group that exists (systemd:
    /// `src/basic/user-util.c: get_group_creds`).
    fn group_of_line(&self, value: &str) -> Option<u32> {
        match value.parse::<u32>() {
            Ok(number @ (0 | 65534)) => Some(number),
            Ok(number) => self.group_name(number).map(|_| number),
            Err(_) => self.group(value),
        }
    }
}

/// What `lstat(2)` tells of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its kind.
    pub kind: NodeKind,
    /// Permission bits, with setuid, setgid and sticky (07777).
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// For a device, its number as `st_rdev`; else 0.
    pub rdev: u64,
    /// Whether an access control list adds to the mode bits: then ownership and mode alone do not decide.
    pub has_acl: bool,
}

/// The kinds of file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symlink, and where it points.
    Symlink(OsString),
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A unix socket.
    Socket,
}

/// One mount of the host (proc_pid_mountinfo(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Mount ID.
    pub id: u32,
    /// The ID of the mount that it lies on.
    pub parent: u32,
    /// The directory of the file system that is its root.
    pub root: OsString,
    /// Where it is mounted.
    pub path: AbsPath,
    /// The file system's type, for example `ext4`.
    pub fs_type: String,
    /// The mount source.
    pub source: OsString,
    /// Flags of the mount itself.
    pub flags: MountFlags,
    /// The file system's own read-only flag.
    pub super_read_only: bool,
    /// The super block's options, as text.
    pub super_options: String,
}

/// The flags of one mount that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MountFlags {
    /// `ro`.
    pub read_only: bool,
    /// `nosuid`.
    pub nosuid: bool,
    /// `nodev`.
    pub nodev: bool,
    /// `noexec`.
    pub noexec: bool,
}

/// What the kernel and the caller's privileges allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// The caller has `CAP_SYS_ADMIN` in the initial user namespace.
    pub privileged: bool,
    /// User namespaces may be made.
    pub user_namespaces: bool,
    /// `/sys/fs/cgroup` is a unified (version 2) hierarchy.
    pub unified_cgroups: bool,
    /// SELinux is in use; then `NoNewPrivileges=` does not make mounts nosuid.
    pub selinux: bool,
    /// AppArmor is in use.
    pub apparmor: bool,
    /// Kernel release, major and minor.
    pub kernel: (u32, u32),
    /// Who plans: a user manager's units run as this user.
    pub caller: Caller,
    /// The machine was booted with systemd (`/run/systemd/system` exists; sd_booted(3)).
    pub booted_with_systemd: bool,
}

/// The user and the groups of the process that plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// User number.
    pub uid: u32,
    /// The number of its own group.
    pub gid: u32,
    /// Home directory.
    pub home: OsString,
    /// Login shell.
    pub shell: OsString,
}
