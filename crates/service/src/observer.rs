//! What happens while a service runs, told as it happens.

use crate::{Exit, ServiceResult};
use ringfence_engine::{Failure, Shortfall};
use ringfence_settings::Command;
use rustix::process::Pid;
use std::time::Duration;

/// Which of a unit's commands a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `ExecCondition=`.
    Condition,
    /// `ExecStartPre=`.
    StartPre,
    /// `ExecStart=`.
    Start,
    /// `ExecStartPost=`.
    StartPost,
    /// `ExecReload=`.
    Reload,
    /// `ExecStop=`.
    Stop,
    /// `ExecStopPost=`.
    StopPost,
}

impl Role {
    /// The directive.
    pub fn directive(self) -> &'static str {
        match self {
            Role::Condition => "ExecCondition",
            Role::StartPre => "ExecStartPre",
            Role::Start => "ExecStart",
            Role::StartPost => "ExecStartPost",
            Role::Reload => "ExecReload",
            Role::Stop => "ExecStop",
            Role::StopPost => "ExecStopPost",
        }
    }

    /// Whether it belongs to the start, so that it has the unit's credentials and the sandbox in any case.
    pub(crate) fn is_start(self) -> bool {
        matches!(self, Role::StartPre | Role::Start | Role::StartPost)
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A directive is enforced less than asked for. Said once for each.
    Shortfall(&'a Shortfall),
    /// A command's program runs.
    Started {
        /// Which.
        role: Role,
        /// Its command.
        command: &'a Command,
        /// Its process.
        pid: Pid,
    },
    /// A command could not be set up.
    NotStarted {
        /// Which.
        role: Role,
        /// Its command.
        command: &'a Command,
        /// Why.
        failure: &'a Failure,
    },
    /// A command's process has ended.
    Ended {
        /// Which.
        role: Role,
        /// Its command.
        command: &'a Command,
        /// How.
        exit: Exit,
        /// It counts as success: by its status, or because of `-`.
        clean: bool,
    },
    /// `ExecCondition=` says that the service is not to run now.
    Skipped {
        /// The command that says so.
        command: &'a Command,
        /// What it ended with.
        exit: Exit,
    },
    /// The service is ready, and this is its main process now.
    Ready(Option<Pid>),
    /// The service says what it is doing.
    Status(&'a str),
    /// The service is told to reload, or has finished that.
    Reload {
        /// It has finished.
        done: bool,
    },
    /// The service is being stopped, for this reason.
    Stopping(ServiceResult),
    /// Something takes longer than it may.
    TimedOut {
        /// What.
        what: &'static str,
        /// How long it may take.
        limit: Duration,
    },
    /// Processes had to be killed because they did not end when asked to.
    Killed {
        /// How many.
        processes: usize,
    },
    /// Processes that systemd would have left running (`KillMode=`) were killed at the end.
    LeftOver {
        /// How many.
        processes: usize,
    },
    /// Something is not as the unit's author may expect; one sentence.
    Note(&'a str),
    /// Something that the unit left could not be removed.
    NotRemoved(&'a Failure),
}

/// Hears what happens.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);

    /// Whether processes of this kind are to wait for [`about_to_execute`](Self::about_to_execute).
    fn wants_to_see(&self, role: Role) -> bool {
        let _ = role;
        false
    }

    /// A process is set up but for its system call filters, and goes on when this returns: the moment to attach a recorder.
    fn about_to_execute(&mut self, role: Role, pid: Pid) {
        let _ = (role, pid);
    }
}

/// Hears nothing.
impl Observer for () {
    fn event(&mut self, event: Event<'_>) {
        let _ = event;
    }
}
