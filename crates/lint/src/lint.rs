//! What a lint is.

use crate::finding::Report;
use crate::subject::Subject;
use ringfence_terms::Severity;
use std::fmt;

/// One check, and everything that is to be said about it.
pub struct Lint {
    /// For example `RF201`. The first digit is the chapter: 0 what systemd ignores or refuses, 1 lines without effect,
    /// 2 what reads tighter than it is, 3 what keeps a service from running, 4 what a unit leaves open.
    pub code: &'static str,
    /// For example `tmpfs-replaced`.
    pub name: &'static str,
    /// How bad its findings are: an error keeps the service from starting, a warning opens or breaks something, a note
    /// is about a line that does nothing.
    pub severity: Severity,
    /// The systemd versions that behave so.
    pub versions: Versions,
    /// What it is about, for people.
    pub docs: Docs,
    /// Where a recorded case of a real systemd shows the behaviour: names in `crates/agreement/cases`.
    pub shown_by: &'static [&'static str],
    pub(crate) check: fn(&Subject<'_>, &mut Report),
}

/// A range of systemd versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The first one; 0 for all old ones.
    pub first: u16,
    /// The last one that is known to; `None` for no end.
    pub last: Option<u16>,
}

impl Versions {
    /// Every version.
    pub const ALL: Versions = Versions { first: 0, last: None };

    /// From this version on.
    pub const fn from(first: u16) -> Versions {
        Versions { first, last: None }
    }

    /// Whether a version is one of them.
    pub fn include(self, version: u16) -> bool {
        version >= self.first && self.last.is_none_or(|last| version <= last)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (0, None) => write!(f, "all versions of systemd"),
            (0, Some(last)) => write!(f, "systemd up to {last}"),
            (first, None) => write!(f, "systemd {first} and later"),
            (first, Some(last)) => write!(f, "systemd {first} to {last}"),
        }
    }
}

/// A lint's documentation.
#[derive(Clone, Copy, Debug)]
pub struct Docs {
    /// What it looks for, one or two sentences.
    pub what: &'static str,
    /// What really happens then, and why that is bad.
    pub why: &'static str,
    /// Lines of a unit in which it finds something.
    pub example: &'static str,
    /// The lines that give what was meant.
    pub instead: &'static str,
    /// Where to read on: man pages with their chapters, systemd's files and functions, bug reports.
    pub reference: &'static str,
}

impl fmt::Debug for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.name)
    }
}

impl PartialEq for Lint {
    fn eq(&self, other: &Lint) -> bool {
        self.code == other.code
    }
}

impl Eq for Lint {}
