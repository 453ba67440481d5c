//! What is recorded.

use rustix::process::Pid;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// What is recorded.
#[derive(Clone, Debug)]
pub enum Target {
    /// A command that the recorder starts, and everything that descends from it.
    Command(Command),
    /// A running process, its threads, and everything that descends from it, those descendants included that run already.
    Process(Pid),
    /// Every process that is or comes into a control group or one below it: the group's directory.
    Cgroup(PathBuf),
}

/// A command to start and record. It inherits everything else from the recorder.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program: a path, or a name to look up in `$PATH`.
    pub program: OsString,
    /// Its arguments, without its own name.
    pub arguments: Vec<OsString>,
}

impl fmt::Display for Target {
    /// In the words of the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Command(command) => {
                write!(f, "-- {}", command.program.display())?;
                command.arguments.iter().try_for_each(|a| write!(f, " {}", a.display()))
            }
            Target::Process(pid) => write!(f, "--pid {}", pid.as_raw_nonzero()),
            Target::Cgroup(path) => write!(f, "--cgroup {}", path.display()),
        }
    }
}
