//! What ringfence remembers of what it installed, and of what it is about to change: `/var/lib/ringfence`, or a user's own directory for such.

use crate::tree::{Missing, Tree};
use crate::{ApplyError, cannot, file};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const UNFINISHED: &str = "unfinished.json";
const LOCK: &str = "lock";
/// The version of both documents.
pub(crate) const VERSION: u32 = 1;

/// A change that has begun, as it is written down before each of its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub(crate) version: u32,
    /// The unit that is changed.
    pub unit: String,
    /// What is wanted.
    pub goal: Goal,
    /// The last step that is done; the next may have begun.
    pub step: Step,
    /// The directory of the drop-in.
    pub(crate) directory: PathBuf,
    /// A drop-in of that name was there.
    pub(crate) previous: bool,
    /// ... and it was ours: what was there before ours is kept already.
    pub(crate) again: bool,
    /// The drop-in.
    pub(crate) text: String,
    /// The directories that are made for it, the outermost first.
    pub(crate) made: Vec<PathBuf>,
    /// What the service was doing, or each instance of a template; nothing in an image, where no service runs.
    pub(crate) services: Vec<Before>,
}

/// What a change is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// A drop-in is installed. When that does not come to its end, everything is to be as before.
    Install,
    /// What was installed is taken back. When that does not come to its end, it is brought to it.
    Remove,
}

/// The steps of a change, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// It is written down what will be done.
    Prepared,
    /// The files are as they are to be.
    Written,
    /// The service manager has read them.
    Reloaded,
    /// The service runs with them.
    Restarted,
    /// It was watched, and works.
    Watched,
}

/// What a service was doing before a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The service's name.
    pub unit: String,
    /// It ran.
    pub running: bool,
    /// Which of its runs that was (systemd.exec(5), `$INVOCATION_ID`).
    pub invocation: Option<String>,
}

/// What is installed for a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    pub(crate) version: u32,
    /// The unit.
    pub unit: String,
    pub(crate) directory: PathBuf,
    /// There was a drop-in of that name before, and it is kept.
    pub(crate) original: bool,
    /// The drop-in that was installed.
    pub text: String,
    /// The directories that were made, the outermost first.
    pub(crate) made: Vec<PathBuf>,
}

/// The state of a tree, which nobody else changes meanwhile.
#[derive(Debug)]
pub struct Locked<'t> {
    pub(crate) tree: &'t Tree,
    directory: OwnedFd,
    _lock: OwnedFd,
}

impl Tree {
    /// Makes sure that nobody else changes what is installed, as long as the value lives. With `wait`, after whoever does it now.
    ///
    /// # Errors
    /// [`ApplyError::Busy`] when somebody does and `wait` is not wanted; else when the state's directory cannot be used.
    pub fn lock(&self, wait: bool) -> Result<Locked<'_>, ApplyError> {
        let path = self.state.as_path();
        let shown = self.outside(path);
        let owner = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        for missing in self.missing(path).map_err(cannot("look at", shown.display()))? {
            let mode = if missing == path { 0o700 } else { 0o755 };
            let failed = cannot("make", self.outside(&missing).display());
            self.make(&Missing { path: missing, mode, owner }).map_err(failed)?;
        }
        let directory = self.open(path).map_err(cannot("open", shown.display()))?;
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = rustix::fs::openat(&directory, LOCK, flags, Mode::from_raw_mode(0o600))
            .map_err(cannot("open", shown.join(LOCK).display()))?;
        let how = if wait { FlockOperation::LockExclusive } else { FlockOperation::NonBlockingLockExclusive };
        match rustix::fs::flock(&lock, how) {
            Ok(()) => {
                // Somebody may have been killed while writing.
                file::remove(&directory, file::BESIDE).map_err(cannot("tidy", shown.display()))?;
                Ok(Locked { tree: self, directory, _lock: lock })
            }
            Err(Errno::WOULDBLOCK) => Err(ApplyError::Busy),
            Err(errno) => Err(cannot("lock", shown.join(LOCK).display())(errno)),
        }
    }

    /// Whether something is installed for a unit, as far as can be said without the lock.
    pub fn has_installed(&self, unit: &str) -> bool {
        self.has(&name_of(unit))
    }

    /// Whether a change was begun and is not at its end: it goes on now, or whoever made it is gone.
    pub fn has_unfinished_change(&self) -> bool {
        self.has(UNFINISHED)
    }

    fn has(&self, name: &str) -> bool {
        self.open(&self.state)
            .and_then(|directory| file::stat(&directory, name))
            .is_ok_and(|found| found.is_some())
    }
}

impl Locked<'_> {
    /// The change that somebody began and did not end.
    ///
    /// # Errors
    /// When what is written down cannot be read.
    pub fn unfinished(&self) -> Result<Option<Change>, ApplyError> {
        self.read(UNFINISHED)
    }

    /// What is installed for a unit.
    ///
    /// # Errors
    /// When what is written down cannot be read.
    pub fn installed(&self, unit: &str) -> Result<Option<Installed>, ApplyError> {
        self.read(&name_of(unit))
    }

    pub(crate) fn write_down(&self, change: &Change) -> Result<(), ApplyError> {
        self.write(UNFINISHED, change)
    }

    pub(crate) fn strike_out(&self) -> Result<(), ApplyError> {
        self.remove(UNFINISHED)
    }

    pub(crate) fn remember(&self, installed: &Installed) -> Result<(), ApplyError> {
        self.write(&name_of(&installed.unit), installed)
    }

    pub(crate) fn forget(&self, unit: &str) -> Result<(), ApplyError> {
        self.remove(&name_of(unit))
    }

    fn shown(&self, name: &str) -> PathBuf {
        self.tree.outside(&self.tree.state).join(name)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ApplyError> {
        let failed = || cannot("read", self.shown(name).display());
        let Some(file) = file::open(&self.directory, name).map_err(failed())? else { return Ok(None) };
        let content = file::read(&file).map_err(failed())?;
        let state = |why: String| ApplyError::State { path: self.shown(name).display().to_string(), why };
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let of: Versioned = serde_json::from_slice(&content).map_err(|e| state(e.to_string()))?;
        if of.version != VERSION {
            return Err(state(format!("it is of version {}, which a newer ringfence wrote", of.version)));
        }
        serde_json::from_slice(&content).map(Some).map_err(|e| state(e.to_string()))
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), ApplyError> {
        let state = |why: String| ApplyError::State { path: self.shown(name).display().to_string(), why };
        let mut text = serde_json::to_vec_pretty(value).map_err(|e| state(e.to_string()))?;
        text.push(b'\n');
        file::replace(&self.directory, name, &text, None).map_err(cannot("write", self.shown(name).display()))
    }

    fn remove(&self, name: &str) -> Result<(), ApplyError> {
        file::remove(&self.directory, name)
            .and_then(|()| rustix::fs::fsync(self.directory.as_fd()))
            .map_err(cannot("remove", self.shown(name).display()))
    }
}

/// A unit's name has no slash in it.
fn name_of(unit: &str) -> String {
    format!("installed-{unit}.json")
}
