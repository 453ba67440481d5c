//! Where a unit's drop-in belongs.

use crate::tree::{Missing, Tree};
use crate::{ApplyError, cannot, file};
use rustix::fd::OwnedFd;
use rustix::fs::{Access, AtFlags, FileType};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// The drop-in's name.
pub const NAME: &str = "50-ringfence.conf";
/// What was there before the change that is going on. systemd reads only what ends in `.conf`.
pub(crate) const PREVIOUS: &str = "50-ringfence.conf.previous";
/// What was there before ringfence first installed something.
pub(crate) const ORIGINAL: &str = "50-ringfence.conf.original";
/// What somebody made of the installed file, kept when it is taken back.
pub(crate) const EDITED: &str = "50-ringfence.conf.edited";

/// A directory for a unit's drop-ins that may be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub(crate) directory: PathBuf,
    /// What of it is to be made.
    pub(crate) missing: Vec<PathBuf>,
}

impl Slot {
    /// The place for a unit. A directory that is a link is followed where that is harmless.
    ///
    /// # Errors
    /// When it cannot be written to, when it is another unit's too, or when others than the caller may write there.
    pub fn of(tree: &Tree, unit: &str) -> Result<Slot, ApplyError> {
        let named = tree.units.join(format!("{unit}.d"));
        let shown = tree.outside(&named);
        let missing = tree.missing(&named).map_err(cannot("look at", shown.display()))?;
        if let Some(first) = missing.first() {
            if tree.is_link(first) {
                return Err(ApplyError::Place(format!(
                    "{} is a link to nowhere; remove it or make what it points to",
                    tree.outside(first).display()
                )));
            }
            let parent = first.parent().unwrap_or(Path::new("/"));
            let directory = tree.open(parent).map_err(cannot("open", tree.outside(parent).display()))?;
            is_writable(&directory).map_err(cannot("write below", tree.outside(parent).display()))?;
            return Ok(Slot { directory: named, missing });
        }
        let directory = tree.open(&named).map_err(cannot("open", shown.display()))?;
        let real =
            tree.real_path(&directory).map_err(cannot("find out where it really is:", shown.display()))?;
        let same_name = real.file_name() == named.file_name();
        if !same_name && real.extension().is_some_and(|extension| extension == "d") {
            return Err(ApplyError::Place(format!(
                "{} is a link to {}: what is written there changes other units, too; write the drop-in with -o instead",
                shown.display(),
                real.display()
            )));
        }
        let stat = rustix::fs::fstat(&directory).map_err(cannot("look at", real.display()))?;
        if stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_mode & 0o022 != 0 {
            let owner = if rustix::process::geteuid().is_root() { "root" } else { "you" };
            return Err(ApplyError::Place(format!(
                "{} may be written by others than {owner}; whoever they are, they decide what the service runs",
                tree.outside(&real).display()
            )));
        }
        is_writable(&directory).map_err(cannot("write to", shown.display()))?;
        let slot = Slot { directory: real, missing };
        slot.previous(&directory)?;
        Ok(slot)
    }

    /// The drop-in's path, from the root of its tree on.
    pub fn file(&self) -> PathBuf {
        self.directory.join(NAME)
    }

    /// Whether a drop-in is there already, which must be something that can be put back.
    pub(crate) fn previous(&self, directory: &OwnedFd) -> Result<bool, ApplyError> {
        let stat = file::stat(directory, NAME).map_err(cannot("look at", self.file().display()))?;
        match stat.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            None => Ok(false),
            Some(FileType::RegularFile | FileType::Symlink) => Ok(true),
            Some(_) => Err(ApplyError::Place(format!("{} is no file; remove it", self.file().display()))),
        }
    }

    /// The directories to make, each the caller's.
    pub(crate) fn to_make(&self) -> Vec<Missing> {
        let owner = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        self.missing.iter().map(|path| Missing { path: path.clone(), mode: 0o755, owner }).collect()
    }
}

/// The kernel's answer for root is about the file system: whether it is read-only.
fn is_writable(directory: &OwnedFd) -> Result<(), Errno> {
    rustix::fs::accessat(directory, ".", Access::WRITE_OK, AtFlags::EACCESS)
}
