//! What can go wrong.

use ringfence_manager::ManagerError;
use rustix::io::Errno;
use std::fmt::Display;

/// Why a change could not be made, undone or looked up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A file or directory could not be dealt with.
    #[error("cannot {doing}: {errno}")]
    File {
        /// What was being done to which path, as it reads after "cannot".
        doing: String,
        /// The kernel's answer.
        errno: Errno,
    },
    /// The place of the drop-in is not one to write to.
    #[error("{0}")]
    Place(String),
    /// Another ringfence changes the machine now.
    #[error("another ringfence is installing or taking back a drop-in; wait until it is done")]
    Busy,
    /// What an earlier call wrote about itself cannot be read.
    #[error("{path}: {why}")]
    State {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing of ours is installed for the unit.
    #[error("nothing that ringfence installed is in place for {unit}")]
    NotInstalled {
        /// The unit.
        unit: String,
    },
    /// The service manager could not be asked.
    #[error(transparent)]
    Manager(#[from] ManagerError),
    /// The service manager could not do it.
    #[error("{unit} could not be {what}: {why}")]
    Job {
        /// The unit.
        unit: String,
        /// What was asked, as it reads after "could not be".
        what: &'static str,
        /// What came of it.
        why: String,
    },
    /// Whoever called wants it to end.
    #[error("interrupted")]
    Interrupted,
}

/// Turns the kernel's answer into an error that says what was done to which path.
pub(crate) fn cannot(verb: &str, what: impl Display) -> Box<dyn FnOnce(Errno) -> ApplyError> {
    let doing = format!("{verb} {what}");
    Box::new(move |errno| ApplyError::File { doing, errno })
}
