//! A place to put things aside while the service's view is being built.
//!
//! It is a small tmpfs that becomes the root of the new mount namespace for a while, with the host's tree in a directory
//! of it. So it needs no directory of the host, hides nothing, lies below no entry whose flags could reach it, and goes
//! away with one unmount at the end. Nothing is copied for it: `pivot_root(2)` only hangs the tree elsewhere.

use super::tree::{attach, clone_at, file_type, locate, new_file_system};
use ringfence_sys::mount::Reach;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, mkdirat, mknodat};
use rustix::io::{Errno, Result};
use rustix::mount::{MountAttrFlags, UnmountFlags, unmount};
use std::path::Path;

/// Where the host's root directory is while the view is being built.
pub const HOST: &str = "/host";

/// The place.
pub struct Staging {
    root: OwnedFd,
    spots: u32,
}

/// The kinds of file that systemd makes inaccessible, by their name in `/run/systemd/inaccessible`.
const NODES: [(&str, FileType); 6] = [
    ("reg", FileType::RegularFile),
    ("dir", FileType::Directory),
    ("fifo", FileType::Fifo),
    ("sock", FileType::Socket),
    ("chr", FileType::CharacterDevice),
    ("blk", FileType::BlockDevice),
];

impl Staging {
    /// Makes the place and hangs the tree of mounts into it; the second value is the host's root directory there.
    ///
    /// From here on a path that starts with `/` no longer leads to the host's files.
    pub fn set_up() -> Result<(Staging, OwnedFd)> {
        let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
        let root = new_file_system("tmpfs", &["mode=0755", "size=4m", "nr_inodes=64k"], flags)
            .map_err(|e| e.errno)?;
        let host = rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        attach(&root, &host)?;
        mkdirat(&root, &HOST[1..], Mode::from_raw_mode(0o700))?;
        rustix::process::fchdir(&root)?;
        rustix::process::pivot_root(".", &HOST[1..])?;
        Ok((Staging { root, spots: 0 }, host))
    }

    /// A new empty directory, to mount something on.
    pub fn spot(&mut self) -> Result<OwnedFd> {
        Ok(self.named_spot()?.0)
    }

    /// A place for a mount to be moved to: a mount of a file goes onto a file.
    pub fn spot_for(&mut self, mount: impl AsFd) -> Result<OwnedFd> {
        if file_type(mount)? == FileType::Directory {
            return self.spot();
        }
        let name = format!("spot-{}", self.spots);
        self.spots += 1;
        mknodat(&self.root, &name, FileType::RegularFile, Mode::empty(), 0)?;
        locate(self.root.as_fd(), Path::new(&name))
    }

    /// An empty directory, with its path while the view is being built.
    pub fn named_spot(&mut self) -> Result<(OwnedFd, String)> {
        let name = format!("/spot-{}", self.spots);
        self.spots += 1;
        mkdirat(&self.root, &name[1..], Mode::from_raw_mode(0o755))?;
        Ok((locate(self.root.as_fd(), Path::new(&name))?, name))
    }

    /// A detached mount of an empty node of mode 000 and of the given type.
    ///
    /// The kernel allows no device nodes to be made in a user namespace; a socket stands in for them then, as in
    /// systemd (`mode_to_inaccessible_node`).
    pub fn inaccessible(&self, kind: FileType) -> Result<OwnedFd> {
        let name = node_name(kind)?;
        match locate(self.root.as_fd(), Path::new(name)) {
            Ok(node) => return clone_at(node, Reach::One),
            Err(Errno::NOENT) => {}
            Err(e) => return Err(e),
        }
        let made = match kind {
            FileType::Directory => mkdirat(&self.root, name, Mode::empty()),
            kind => mknodat(&self.root, name, kind, Mode::empty(), 0),
        };
        match made {
            Err(Errno::PERM) if kind == FileType::CharacterDevice || kind == FileType::BlockDevice => {
                self.inaccessible(FileType::Socket)
            }
            Err(e) => Err(e),
            Ok(()) => clone_at(locate(self.root.as_fd(), Path::new(name))?, Reach::One),
        }
    }

    /// A detached mount of one of the two directories of `PrivateTmp=disconnected`, which share a file system of
    /// their own (systemd: `append_private_tmp` in `src/core/namespace.c`).
    pub fn private_tmp(&mut self, name: &str) -> Result<OwnedFd> {
        let store = self.private_store()?;
        match mkdirat(&store, name, Mode::from_raw_mode(0o1777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => return Err(e),
        }
        clone_at(locate(store.as_fd(), Path::new(name))?, Reach::One)
    }

    /// That file system itself.
    pub fn private_store(&mut self) -> Result<OwnedFd> {
        match locate(self.root.as_fd(), Path::new("private-tmp")) {
            Err(Errno::NOENT) => {
                mkdirat(&self.root, "private-tmp", Mode::from_raw_mode(0o700))?;
                let options = ["mode=0700", "size=10%", "nr_inodes=400k"];
                let flags = MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_STRICTATIME;
                let store = new_file_system("tmpfs", &options, flags).map_err(|e| e.errno)?;
                attach(&store, locate(self.root.as_fd(), Path::new("private-tmp"))?)?;
                Ok(store)
            }
            other => other,
        }
    }

    /// Makes `root` the process's root directory and takes the place away, with everything else that is mounted
    /// there (pivot_root(2), "pivot_root(".", ".")").
    pub fn leave_for(self, root: &OwnedFd) -> Result<()> {
        rustix::process::fchdir(root)?;
        rustix::process::pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")
    }
}

/// The name of the inaccessible node that stands for a type of file; symlinks cannot be covered.
pub fn node_name(kind: FileType) -> Result<&'static str> {
    NODES.iter().find(|(_, k)| *k == kind).map(|(name, _)| *name).ok_or(Errno::LOOP)
}

impl AsFd for Staging {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }
}
