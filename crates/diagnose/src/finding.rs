//! What a diagnosis is.

use crate::Cause;
use ringfence_terms::{AbsPath, Origin};

/// One diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is the matter.
    pub cause: Cause,
    /// The host path concerned.
    pub path: Option<AbsPath>,
    /// The system call, family, capability, library or program.
    pub detail: Option<String>,
    /// The line responsible.
    pub origin: Option<Origin>,
    /// One or two sentences for people.
    pub explanation: String,
    /// The line of the log, or what a recorder saw.
    pub evidence: String,
    /// Ways to open just that, the narrowest first.
    pub fixes: Vec<FindingFix>,
}

/// Lines for a drop-in, and what they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingFix {
    /// For the `[Service]` section.
    pub lines: Vec<String>,
    /// One sentence.
    pub why: String,
}

impl FindingFix {
    /// One line.
    pub(crate) fn line(line: impl Into<String>, why: impl Into<String>) -> FindingFix {
        FindingFix { lines: vec![line.into()], why: why.into() }
    }
}

impl Finding {
    /// A cause and what to tell people; the rest is added where it is known.
    pub(crate) fn new(cause: Cause, explanation: impl Into<String>) -> Finding {
        Finding {
            cause,
            path: None,
            detail: None,
            origin: None,
            explanation: explanation.into(),
            evidence: String::new(),
            fixes: Vec::new(),
        }
    }

    /// Whether both say the same.
    pub(crate) fn is_like(&self, other: &Finding) -> bool {
        self.cause == other.cause && self.path == other.path && self.detail == other.detail
    }
}
