//! A table of which only what somebody asks for is looked up.

use super::super::Mount;
use super::Spelling;
use hashbrown::HashMap;
use ringfence_terms::AbsPath;
use std::fmt;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock};

/// Who knows the machine's mounts, one by one.
pub trait MountSource: Send + Sync {
    /// The mount whose mount point this is, if it is one.
    ///
    /// # Errors
    /// When that cannot be told with certainty; then all are asked for.
    fn at(&self, path: &AbsPath) -> Result<Option<Mount>, Untold>;
    /// The mount that a path without symlinks lies on.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    fn covering(&self, path: &AbsPath) -> Result<Mount, Untold>;
    /// All of them, in any order.
    fn all(&self) -> Vec<Mount>;
}

/// It cannot be told for one path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untold;

/// How many mounts are kept one by one: whoever asks for more had better have all.
const KEPT: usize = 64;

/// What has been asked for so far.
pub(super) struct Asked {
    source: Box<dyn MountSource>,
    kept: [OnceLock<Mount>; KEPT],
    answers: RwLock<Answers>,
}

/// By path, which of the kept mounts it is.
#[derive(Default)]
struct Answers {
    at: HashMap<AbsPath, Option<usize>>,
    covering: HashMap<AbsPath, usize>,
}

impl Asked {
    pub(super) fn new(source: Box<dyn MountSource>) -> Asked {
        Asked { source, kept: [const { OnceLock::new() }; KEPT], answers: RwLock::default() }
    }

    pub(super) fn all(&self) -> Vec<Mount> {
        self.source.all()
    }

    pub(super) fn at(&self, path: &Path) -> Result<Option<&Mount>, Untold> {
        let answers = || self.answers.read().unwrap_or_else(PoisonError::into_inner);
        let known = answers().at.get(&Spelling::of(path)).copied();
        let index = match known {
            Some(index) => index,
            None => {
                let path = AbsPath::parse(path).map_err(|_| Untold)?;
                let index = self.source.at(&path)?.map(|mount| self.keep(mount)).transpose()?;
                let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
                *answers.at.entry(path).or_insert(index)
            }
        };
        index.map(|index| self.kept(index)).transpose()
    }

    pub(super) fn covering(&self, path: &AbsPath) -> Result<&Mount, Untold> {
        let known = self.answers.read().unwrap_or_else(PoisonError::into_inner).covering.get(path).copied();
        let index = match known {
            Some(index) => index,
            None => {
                let index = self.keep(self.source.covering(path)?)?;
                let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
                *answers.covering.entry(path.clone()).or_insert(index)
            }
        };
        self.kept(index)
    }

    fn kept(&self, index: usize) -> Result<&Mount, Untold> {
        self.kept.get(index).and_then(OnceLock::get).ok_or(Untold)
    }

    fn keep(&self, mut mount: Mount) -> Result<usize, Untold> {
        for (index, slot) in self.kept.iter().enumerate() {
            match slot.set(mount) {
                Ok(()) => return Ok(index),
                Err(back) if slot.get() == Some(&back) => return Ok(index),
                Err(back) => mount = back,
            }
        }
        Err(Untold)
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept: Vec<&Mount> = self.kept.iter().filter_map(OnceLock::get).collect();
        f.debug_struct("Asked").field("kept", &kept).finish_non_exhaustive()
    }
}
