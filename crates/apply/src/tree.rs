//! Files below a root: the machine's own, or an image's. Links are followed as they would be followed inside; nothing leads out.

use crate::{ApplyError, cannot};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Uid};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Where administrators configure units (systemd.unit(5), "Unit File Load Path").
const UNITS: &str = "/etc/systemd/system";

/// Where ringfence remembers what it changed.
const STATE: &str = "/var/lib/ringfence";

/// A root directory, and where in it drop-ins and what is remembered of them belong.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
    at: PathBuf,
    pub(crate) units: PathBuf,
    pub(crate) state: PathBuf,
}

/// A directory that was not there, to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// From the root of the tree on.
    pub path: PathBuf,
    /// Its mode.
    pub mode: u32,
    /// User and group that it is to belong to.
    pub owner: (u32, u32),
}

impl Tree {
    /// The machine's own files.
    ///
    /// # Errors
    /// When `/` cannot be opened.
    pub fn machine() -> Result<Tree, ApplyError> {
        Tree::below(Path::new("/"))
    }

    /// The files of an image.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn below(dir: &Path) -> Result<Tree, ApplyError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root =
            rustix::fs::openat(CWD, dir, flags, Mode::empty()).map_err(cannot("open", dir.display()))?;
        Ok(Tree { root, at: dir.to_path_buf(), units: UNITS.into(), state: STATE.into() })
    }

    /// The machine's files, as a user has them whose units are configured and whose programs keep their state in these
    /// directories (`$XDG_CONFIG_HOME`, `$XDG_STATE_HOME`).
    ///
    /// # Errors
    /// When `/` cannot be opened.
    pub fn of_user(configuration: &Path, state: &Path) -> Result<Tree, ApplyError> {
        let tree = Tree::machine()?;
        Ok(Tree { units: configuration.join("systemd/user"), state: state.join("ringfence"), ..tree })
    }

    /// A path of the tree, as it is named from outside; for messages.
    pub fn outside(&self, path: &Path) -> PathBuf {
        self.at.join(path.strip_prefix("/").unwrap_or(path))
    }

    pub(crate) fn open(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat2(&self.root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)
    }

    /// Where a directory of the tree really is, links followed, from the root of the tree on.
    pub(crate) fn real_path(&self, directory: &OwnedFd) -> Result<PathBuf, Errno> {
        let of = |fd: &OwnedFd| {
            rustix::fs::readlink(format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new()).map(|path| {
                PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(
                    path.into_bytes(),
                ))
            })
        };
        let (root, path) = (of(&self.root)?, of(directory)?);
        Ok(path.strip_prefix(&root).map_or(path.clone(), |below| Path::new("/").join(below)))
    }

    /// What of a directory and those above it is not there, the outermost first.
    pub(crate) fn missing(&self, path: &Path) -> Result<Vec<PathBuf>, Errno> {
        let mut missing = Vec::new();
        for directory in path.ancestors().filter(|p| p.parent().is_some()) {
            match self.open(directory) {
                Ok(_) => break,
                Err(Errno::NOENT) => missing.insert(0, directory.to_path_buf()),
                Err(errno) => return Err(errno),
            }
        }
        Ok(missing)
    }

    /// Makes one directory whose parent is there. One that is there already is left as it is.
    pub(crate) fn make(&self, directory: &Missing) -> Result<(), Errno> {
        let (Some(parent), Some(name)) = (directory.path.parent(), directory.path.file_name()) else {
            return Err(Errno::INVAL);
        };
        let parent = self.open(parent)?;
        match rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o700)) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(()),
            Err(errno) => return Err(errno),
        }
        let (uid, gid) = (Uid::from_raw(directory.owner.0), Gid::from_raw(directory.owner.1));
        rustix::fs::chownat(&parent, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        // mkdir(2) takes the umask off the mode.
        rustix::fs::chmodat(&parent, name, Mode::from_raw_mode(directory.mode), AtFlags::empty())?;
        rustix::fs::fsync(&parent)
    }

    /// Removes a directory if nothing is in it.
    pub(crate) fn remove_if_empty(&self, path: &Path) -> Result<(), Errno> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        let removed = self.open(parent).and_then(|parent| {
            rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR)?;
            rustix::fs::fsync(&parent)
        });
        match removed {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::BUSY) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Whether the path is there, and a link.
    pub(crate) fn is_link(&self, path: &Path) -> bool {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return false };
        let Ok(parent) = self.open(parent) else { return false };
        rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
    }
}

/// Makes sure that what a directory holds, its names, outlasts a loss of power.
pub(crate) fn sync(directory: impl AsFd) -> Result<(), Errno> {
    rustix::fs::fsync(directory)
}
