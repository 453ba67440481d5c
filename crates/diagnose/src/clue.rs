//! What a line of a log tells, before the unit is asked.

use ringfence_terms::{AbsPath, Errno};

/// One thing that a line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clue {
    /// A path that a namespace needs could not be mounted.
    Namespace {
        /// As the service sees it.
        path: AbsPath,
        /// Why.
        errno: Errno,
    },
    /// A program could not be executed.
    Execute {
        /// The program, as the unit names it.
        program: String,
        /// Why.
        errno: Errno,
    },
    /// A shared library could not be loaded.
    Library {
        /// Its name.
        name: String,
    },
    /// A program was denied the use of a path.
    Denied {
        /// The candidates, likeliest first.
        paths: Vec<AbsPath>,
        /// How.
        errno: Errno,
    },
    /// A process died of a filtered system call; its number and ABI, where an audit record tells.
    Sigsys {
        /// The architecture (audit(7)) and the number.
        call: Option<(u32, u32)>,
    },
    /// A socket family is not supported.
    AddressFamily,
    /// User or group is unknown.
    UserMissing {
        /// It is the group that is unknown.
        group: bool,
    },
    /// The working directory cannot be entered.
    WorkingDirectory {
        /// Why.
        errno: Option<Errno>,
    },
    /// A directory of `StateDirectory=` or its kin could not be set up.
    DirectorySetup {
        /// The base, for example `/var/lib`.
        base: String,
    },
    /// A security module said no.
    MandatoryAccessControl {
        /// Which module.
        module: &'static str,
        /// The path, where it is about one.
        path: Option<AbsPath>,
    },
    /// The service ended with one of systemd's own statuses, and no other line says why.
    Status {
        /// The status.
        status: u8,
    },
}
