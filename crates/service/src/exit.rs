//! How a process ended.

use ringfence_settings::ExitStatusSet;
use rustix::process::WaitIdStatus;
use std::fmt;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// With an exit status.
    Status(u8),
    /// By a signal.
    Signal {
        /// Its number.
        signal: i32,
        /// It left a core file.
        core: bool,
    },
    /// It is gone, and how is not known: it was nobody's child here.
    Unknown,
}

/// Signals by which a daemon may end without having failed (systemd: `is_clean_exit`).
const CLEAN: [i32; 4] = [1, 2, 13, 15];

impl Exit {
    pub(crate) fn of(status: &WaitIdStatus) -> Exit {
        if let Some(code) = status.exit_status() {
            // Only the low eight bits of a status reach a parent.
            return Exit::Status(code as u8);
        }
        match status.terminating_signal() {
            Some(signal) => Exit::Signal { signal, core: status.dumped() },
            None => Exit::Unknown,
        }
    }

    /// Whether it counts as success: status 0, what `SuccessExitStatus=` names, and for a daemon the signals that ask
    /// it to end.
    pub fn is_clean(self, daemon: bool, success: &ExitStatusSet) -> bool {
        match self {
            Exit::Status(status) => status == 0 || success.statuses.contains(&status),
            Exit::Signal { signal, .. } => {
                (daemon && CLEAN.contains(&signal)) || success.signals.contains(&signal)
            }
            Exit::Unknown => true,
        }
    }

    /// What a shell would call it: the status, or 128 and the signal's number.
    pub fn status(self) -> u8 {
        match self {
            Exit::Status(status) => status,
            Exit::Signal { signal, .. } => u8::try_from(128 + signal).unwrap_or(255),
            Exit::Unknown => 0,
        }
    }

    /// systemd's words for it, as in `$EXIT_CODE` and `$EXIT_STATUS`.
    pub fn variables(self) -> (&'static str, String) {
        match self {
            Exit::Status(status) => ("exited", status.to_string()),
            Exit::Signal { signal, core } => {
                let name = rustix::process::Signal::from_named_raw(signal)
                    .map_or_else(|| signal.to_string(), |s| signal_name(s).to_owned());
                (if core { "dumped" } else { "killed" }, name)
            }
            Exit::Unknown => ("exited", "0".to_owned()),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "exit status {status}"),
            Exit::Signal { core, .. } => {
                write!(f, "signal SIG{}{}", self.variables().1, if *core { ", core dumped" } else { "" })
            }
            Exit::Unknown => f.write_str("it is gone"),
        }
    }
}

/// A signal's name without `SIG`.
fn signal_name(signal: rustix::process::Signal) -> &'static str {
    const NAMES: [&str; 32] = [
        "0", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
        "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
        "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];
    usize::try_from(signal.as_raw()).ok().and_then(|n| NAMES.get(n)).copied().unwrap_or("RT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_success() {
        let none = ExitStatusSet::default();
        let term = Exit::Signal { signal: 15, core: false };
        let segv = Exit::Signal { signal: 11, core: true };
        assert!(Exit::Status(0).is_clean(false, &none));
        assert!(!Exit::Status(1).is_clean(true, &none));
        assert!(term.is_clean(true, &none) && !term.is_clean(false, &none));
        assert!(!segv.is_clean(true, &none));
        let some = ExitStatusSet { statuses: [7].into(), signals: [11].into(), lines: Vec::new() };
        assert!(Exit::Status(7).is_clean(false, &some) && segv.is_clean(false, &some));
    }

    #[test]
    fn words_and_numbers() {
        let segv = Exit::Signal { signal: 11, core: true };
        assert_eq!((segv.status(), segv.variables()), (139, ("dumped", "SEGV".to_owned())));
        assert_eq!(segv.to_string(), "signal SIGSEGV, core dumped");
        assert_eq!(Exit::Status(3).variables(), ("exited", "3".to_owned()));
    }
}
