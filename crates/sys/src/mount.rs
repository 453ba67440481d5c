//! Flags of a mount, or of a whole tree of mounts, in one call (`mount_setattr(2)`); and what the kernel tells of one mount
//! without being asked for all (`statmount(2)`, `listmount(2)`).

mod status;

pub use status::{MountStatus, few_mounts_below_root, mount_status};

use crate::last_error;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd};
use rustix::io::Result;

/// Flags of a mount, as `mount_setattr(2)` takes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MountFlags(u64);

// The values are `MOUNT_ATTR_*` of `linux/mount.h`.
impl MountFlags {
    /// `ro`.
    pub const READ_ONLY: MountFlags = MountFlags(0x1);
    /// `nosuid`.
    pub const NOSUID: MountFlags = MountFlags(0x2);
    /// `nodev`.
    pub const NODEV: MountFlags = MountFlags(0x4);
    /// `noexec`.
    pub const NOEXEC: MountFlags = MountFlags(0x8);
    /// `MOUNT_ATTR_IDMAP`, only together with a user namespace.
    const ID_MAPPED: MountFlags = MountFlags(0x10_0000);

    /// No flag.
    pub const NONE: MountFlags = MountFlags(0);

    /// Whether all of these flags are set.
    pub fn contains(self, flags: MountFlags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether no flag is set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl std::ops::BitOr for MountFlags {
    type Output = MountFlags;
    fn bitor(self, other: MountFlags) -> MountFlags {
        MountFlags(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for MountFlags {
    fn bitor_assign(&mut self, other: MountFlags) {
        self.0 |= other.0;
    }
}

/// To which mounts a change applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The one mount.
    One,
    /// It and every mount below it (`AT_RECURSIVE`).
    Tree,
}

/// `struct mount_attr` of `linux/mount.h`.
#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Sets and clears flags of the mount whose root `tree` is. Either all mounts within reach change, or none.
///
/// Linux 5.12.
pub fn set_mount_flags(tree: impl AsFd, reach: Reach, set: MountFlags, clear: MountFlags) -> Result<()> {
    let attributes = Attributes { set: set.0, clear: clear.0, propagation: 0, user_namespace: 0 };
    mount_setattr(tree.as_fd(), reach, &attributes)
}

/// Maps the owners of the files of a detached mount as the user namespace `map` says (an ID-mapped mount), and sets
/// flags at the same time.
///
/// Linux 5.12; the file system must support it, and the mount must not be attached anywhere yet.
pub fn set_id_map(tree: impl AsFd, reach: Reach, map: BorrowedFd<'_>, set: MountFlags) -> Result<()> {
    let attributes = Attributes {
        set: (set | MountFlags::ID_MAPPED).0,
        clear: 0,
        propagation: 0,
        user_namespace: map.as_raw_fd() as u64,
    };
    mount_setattr(tree.as_fd(), reach, &attributes)
}

fn mount_setattr(tree: BorrowedFd<'_>, reach: Reach, attributes: &Attributes) -> Result<()> {
    const AT_RECURSIVE: libc::c_int = 0x8000;
    const SYS_MOUNT_SETATTR: libc::c_long = 442;
    let recursive = if reach == Reach::Tree { AT_RECURSIVE } else { 0 };
    // SAFETY: the kernel reads `size_of::<Attributes>()` bytes at the address of `attributes`, which is borrowed for
    // the whole call and laid out as C lays out `struct mount_attr`, and a NUL-terminated empty path that lives
    // forever; it writes nothing of ours.
    let result = unsafe {
        libc::syscall(
            SYS_MOUNT_SETATTR,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursive,
            std::ptr::from_ref(attributes),
            size_of::<Attributes>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
