//! A call as the kernel shows it to a filter, and what a filter can answer.

use crate::{Denial, Verdict};
use ringfence_terms::Errno;

/// One system call as a filter sees it (`struct seccomp_data`, seccomp(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The interface: [`Abi::audit_arch`](crate::Abi::audit_arch).
    pub audit_arch: u32,
    /// The number in that interface.
    pub number: u32,
    /// The argument registers.
    pub arguments: [u64; 6],
}

/// What a filter answers to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Carry it out.
    Allow,
    /// Carry it out, and log it.
    Log,
    /// Fail with an error number.
    Errno(Errno),
    /// Kill the process with SIGSYS.
    KillProcess,
    /// Kill the calling thread with SIGSYS, and with it the process if it is the only one. Only
    /// `SystemCallArchitectures=` does that: it is libseccomp's default for calls through other interfaces.
    KillThread,
}

impl Action {
    /// The number that the program returns to the kernel (`linux/seccomp.h`, `SECCOMP_RET_…`).
    pub fn return_value(self) -> u32 {
        match self {
            Action::Allow => 0x7FFF_0000,
            Action::Log => 0x7FFC_0000,
            Action::Errno(errno) => 0x0005_0000 | (errno.0 as u32 & 0xFFFF),
            Action::KillProcess => 0x8000_0000,
            Action::KillThread => 0,
        }
    }

    /// What that means for the service.
    pub fn verdict(self) -> Verdict {
        match self {
            Action::Allow => Verdict::Allowed,
            Action::Log => Verdict::Logged,
            Action::Errno(errno) => Verdict::Errno(errno),
            Action::KillProcess | Action::KillThread => Verdict::Killed,
        }
    }
}

impl From<Denial> for Action {
    fn from(denial: Denial) -> Action {
        match denial {
            Denial::Kill => Action::KillProcess,
            Denial::Errno(errno) => Action::Errno(errno),
        }
    }
}
