//! The mounts as they are while the service's view is being built, read from the kernel.

use super::failed;
use crate::failure::Failure;
use ringfence_sandbox::facts::Mount;
use ringfence_terms::AbsPath;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;

/// The mount table, seen from the service's root.
pub struct Live {
    /// `/proc/self/mountinfo`, opened before anything can hide it.
    file: std::fs::File,
    /// Where the service's root is.
    root: AbsPath,
    /// The service's root is the host's own tree, and not a copy.
    pub in_place: bool,
}

impl Live {
    /// Opens the table in the host's `/proc`; the service's root is at `root`.
    pub fn open(host: &OwnedFd, root: &str, in_place: bool) -> Result<Live, Failure> {
        let path = "proc/self/mountinfo";
        let fail = |e: Errno| failed("read the mount table").errno(e).path(format!("/{path}"));
        let file = rustix::fs::openat(host.as_fd(), path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(fail)?;
        let root = AbsPath::parse(root).map_err(|_| fail(Errno::INVAL))?;
        Ok(Live { file: file.into(), root, in_place })
    }

    /// The mounts at or below a path of the service, sorted by path; of those on one mount point the top one. Some may be
    /// hidden by others further up.
    pub fn at_or_below(&self, path: &AbsPath) -> std::io::Result<Vec<Mount>> {
        use std::io::{Read, Seek};
        let mut text = Vec::new();
        let mut file = &self.file;
        file.rewind()?;
        file.read_to_end(&mut text)?;
        let mut top = BTreeMap::new();
        for mount in ringfence_host::mounts(&text)? {
            if let Some(inside) = mount.path.rebase(&self.root, &AbsPath::root())
                && inside.is_at_or_below(path)
            {
                top.insert(inside.clone(), Mount { path: inside, ..mount });
            }
        }
        Ok(top.into_values().collect())
    }

    /// The mount points that must go before something new is mounted at a path, what lies deepest first.
    ///
    /// On the host's own `/`, which cannot go, everything else goes but `/proc`: systemd has the mount table open there
    /// (`src/shared/mount-util.c: umount_recursive_full`). A table that cannot be read any more leaves mounts where they
    /// are, to be covered by the new one.
    pub fn to_clear(&self, path: &AbsPath) -> Vec<AbsPath> {
        let mut all: Vec<AbsPath> =
            self.at_or_below(path).unwrap_or_default().into_iter().map(|mount| mount.path).collect();
        all.retain(|mount| !(mount.is_root() || path.is_root() && mount.as_bytes() == b"/proc"));
        all.reverse();
        all
    }
}
