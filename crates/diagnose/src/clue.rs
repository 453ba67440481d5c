//! What a line of a log tells, or a recorder saw, before the unit is asked.

use ringfence_seccomp::{AddressFamily, NamespaceType};
use ringfence_settings::Capability;
use ringfence_terms::{AbsPath, Errno};

/// One thing that a line tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        /// What for.
        want: Want,
        /// Calls that it may have been, by their names.
        calls: Vec<&'static str>,
    },
    /// An operation without a path, or one that needs a privilege, failed.
    Operation {
        /// The system calls behind it, by their names; the likeliest first.
        calls: Vec<&'static str>,
        /// The capability that it takes.
        capability: Option<Capability>,
        /// How it failed.
        errno: Errno,
        /// The path concerned, if the line names one.
        path: Option<AbsPath>,
    },
    /// A process died of a filtered system call; its number and ABI, where an audit record tells.
    Sigsys {
        /// The architecture (audit(7)) and the number.
        call: Option<(u32, u32)>,
    },
    /// A socket family is not supported.
    AddressFamily {
        /// Which one, if that is known.
        family: Option<AddressFamily>,
    },
    /// A namespace could not be made or entered.
    Unshare {
        /// Which kind, if that is known.
        kind: Option<NamespaceType>,
        /// How it failed.
        errno: Errno,
    },
    /// Memory could not be made writable and executable.
    WriteExecute,
    /// The kernel asked for a capability that the process lacks.
    Capability(Capability),
    /// A setting that forbids one use of a call was hit.
    Protection {
        /// `RestrictSUIDSGID` and its like.
        directive: &'static str,
        /// The call.
        call: &'static str,
    },
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
    /// A credential could not be had.
    Credentials,
    /// A security module said no.
    SecurityModule {
        /// Which module.
        module: Module,
        /// The path, where it is about one.
        path: Option<AbsPath>,
        /// What was asked for, in the module's words.
        asked: String,
    },
    /// The service did not say in time that it is ready.
    StartTimeout,
    /// Somebody said that it is ready who may not.
    NotifyRefused,
    /// The service ended with one of systemd's own statuses, and no other line says why.
    Status {
        /// The status.
        status: u8,
    },
}

/// What a path was wanted for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Want {
    /// The line does not tell.
    #[default]
    Unknown,
    /// To be read.
    Read,
    /// To be written, made, or changed otherwise.
    Change,
    /// To be executed.
    Execute,
}

/// A module that enforces mandatory access control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Module {
    /// SELinux.
    SeLinux,
    /// AppArmor.
    AppArmor,
    /// Smack.
    Smack,
}

impl Module {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Module::SeLinux => "SELinux",
            Module::AppArmor => "AppArmor",
            Module::Smack => "Smack",
        }
    }
}
