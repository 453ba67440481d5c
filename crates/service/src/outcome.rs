//! What came of running a service.

use crate::Exit;
use std::fmt;

/// Why a service ended as it did; the words are systemd's (`service_result_to_string`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ServiceResult {
    /// All went well.
    #[default]
    Success,
    /// Something that every start needs could not be had: an environment file, a process.
    Resources,
    /// The service did not keep to its type's protocol: it ended before it was ready, or left no main process.
    Protocol,
    /// Something took too long.
    Timeout,
    /// A process ended with a status that is no success.
    ExitCode,
    /// A process was killed by a signal.
    Signal,
    /// A process was killed by a signal and left a core file.
    CoreDump,
    /// The service no longer said that it is alive.
    Watchdog,
    /// `ExecCondition=` says that the service is not to run now. That is no failure.
    ExecCondition,
}

impl ServiceResult {
    /// systemd's word, as in `$SERVICE_RESULT`.
    pub fn word(self) -> &'static str {
        match self {
            ServiceResult::Success => "success",
            ServiceResult::Resources => "resources",
            ServiceResult::Protocol => "protocol",
            ServiceResult::Timeout => "timeout",
            ServiceResult::ExitCode => "exit-code",
            ServiceResult::Signal => "signal",
            ServiceResult::CoreDump => "core-dump",
            ServiceResult::Watchdog => "watchdog",
            ServiceResult::ExecCondition => "exec-condition",
        }
    }

    pub(crate) fn of(exit: Exit) -> ServiceResult {
        match exit {
            Exit::Status(_) | Exit::Unknown => ServiceResult::ExitCode,
            Exit::Signal { core: false, .. } => ServiceResult::Signal,
            Exit::Signal { core: true, .. } => ServiceResult::CoreDump,
        }
    }
}

impl fmt::Display for ServiceResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What came of running a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Why it ended.
    pub result: ServiceResult,
    /// How its main process ended, if it had one; for several `ExecStart=` commands, the last that ran.
    pub main: Option<Exit>,
    /// How the command ended that made the whole fail, when that was not the main process.
    pub culprit: Option<Exit>,
    /// The service was ready at some time.
    pub was_ready: bool,
}

impl Outcome {
    /// The exit status for the program that ran the service: the main process's own, 128 and the number of the signal that
    /// killed it, systemd's number if the set-up failed, else the status of the command that failed.
    pub fn status(&self) -> u8 {
        let failed = !matches!(self.result, ServiceResult::Success | ServiceResult::ExecCondition);
        let culprit = self.culprit.filter(|_| failed);
        let status = culprit.or(self.main).map_or(0, Exit::status);
        match status {
            // It failed, and no process has a status that says so.
            0 if failed => 1,
            status => status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_is_that_of_what_failed() {
        let status = |result, main, culprit| Outcome { result, main, culprit, was_ready: false }.status();
        assert_eq!(status(ServiceResult::Success, Some(Exit::Status(0)), None), 0);
        assert_eq!(
            status(ServiceResult::Success, Some(Exit::Status(3)), None),
            3,
            "the main process's, as it is"
        );
        assert_eq!(status(ServiceResult::Success, Some(Exit::Signal { signal: 15, core: false }), None), 143);
        assert_eq!(status(ServiceResult::ExitCode, None, Some(Exit::Status(226))), 226);
        assert_eq!(status(ServiceResult::ExitCode, Some(Exit::Status(0)), Some(Exit::Status(5))), 5);
        assert_eq!(status(ServiceResult::Protocol, Some(Exit::Status(0)), None), 1);
        assert_eq!(status(ServiceResult::ExecCondition, None, Some(Exit::Status(1))), 0);
    }
}
