//! Why a process could not be started, as data.

use crate::Step;
use ringfence_terms::{Errno, Origin};
use std::fmt;
use std::path::PathBuf;

/// A step of the set-up failed: which, on what, because of which line, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub step: Step,
    /// What could not be done; reads on after "failed to ", for example `make /srv/x read-only`.
    pub what: String,
    /// What the kernel said, when it was the kernel.
    pub errno: Option<Errno>,
    /// The path concerned.
    pub path: Option<PathBuf>,
    /// The line responsible.
    pub origin: Option<Origin>,
    /// What to do.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of which nothing but the step and what was tried is known yet.
    pub fn new(step: Step, what: impl Into<String>) -> Failure {
        Failure { step, what: what.into(), errno: None, path: None, origin: None, hint: None }
    }

    /// With what the kernel said.
    #[must_use]
    pub fn errno(mut self, errno: impl Into<Raw>) -> Failure {
        self.errno = Some(errno.into().0);
        self
    }

    /// With the path concerned.
    #[must_use]
    pub fn path(mut self, path: impl Into<PathBuf>) -> Failure {
        self.path = Some(path.into());
        self
    }

    /// With the line responsible, if one is.
    #[must_use]
    pub fn origin(mut self, origin: Option<&Origin>) -> Failure {
        self.origin = origin.cloned();
        self
    }

    /// With advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// systemd's exit status.
    pub fn status(&self) -> u8 {
        self.step.status()
    }
}

impl fmt::Display for Failure {
    /// One line, without the origin and the hint: those are for the caller to place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}", self.what)?;
        if let Some(errno) = self.errno {
            write!(f, ": {} ({errno})", errno.message().unwrap_or("unknown error"))?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// An error number, whichever type carried it.
pub struct Raw(Errno);

impl From<Errno> for Raw {
    fn from(errno: Errno) -> Raw {
        Raw(errno)
    }
}

impl From<rustix::io::Errno> for Raw {
    fn from(errno: rustix::io::Errno) -> Raw {
        Raw(Errno(errno.raw_os_error()))
    }
}

impl From<std::io::Error> for Raw {
    fn from(error: std::io::Error) -> Raw {
        Raw(Errno(error.raw_os_error().unwrap_or(Errno::EIO.0)))
    }
}

impl From<&std::io::Error> for Raw {
    fn from(error: &std::io::Error) -> Raw {
        Raw(Errno(error.raw_os_error().unwrap_or(Errno::EIO.0)))
    }
}
