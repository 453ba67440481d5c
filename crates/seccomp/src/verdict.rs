//! What a restriction says about a call, and which line makes it say so.

use crate::Denial;
use ringfence_terms::{Errno, Origin};

/// What the kernel does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is carried out.
    Allowed,
    /// It is carried out, and the kernel logs it.
    Logged,
    /// It is not carried out, and fails with this error number.
    Errno(Errno),
    /// The process dies of SIGSYS.
    Killed,
}

/// A verdict, and the line that it comes from; without a line, no assignment speaks about the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// What happens.
    pub verdict: Verdict,
    /// Which assignment decides it.
    pub origin: Option<&'a Origin>,
}

impl Ruling<'_> {
    /// Allowed, and no line says anything about it.
    pub const FREE: Ruling<'static> = Ruling { verdict: Verdict::Allowed, origin: None };
}

impl From<Denial> for Verdict {
    fn from(denial: Denial) -> Verdict {
        match denial {
            Denial::Kill => Verdict::Killed,
            Denial::Errno(errno) => Verdict::Errno(errno),
        }
    }
}
