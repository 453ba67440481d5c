//! What a lint found, as data.

use crate::lint::Lint;
use crate::raw;
use ringfence_terms::{Origin, Severity};
use ringfence_unit::Specifiers;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// One thing that is wrong with a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The lint.
    pub lint: &'static Lint,
    /// How bad it is: the lint's own severity, unless this case is a lesser one.
    pub severity: Severity,
    /// What really happens; one sentence that stands on its own, without a full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// Other places that have to do with it, each with a few words.
    pub also: Vec<Place>,
    /// Further facts, one sentence each.
    pub notes: Vec<String>,
    /// What to do, in words.
    pub help: Option<String>,
    /// The lines that give what was meant.
    pub lines: Vec<String>,
    /// A change of the unit that does so.
    pub fix: Option<Fix>,
}

/// A stretch of a unit file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// The line, counted from 1; 0 when the whole unit is meant.
    pub line: u32,
    /// The column of the first character, counted from 1; 0 as for the line.
    pub column: u32,
    /// The line that the assignment starts on: an earlier one where lines are joined by backslashes.
    pub starts: u32,
    /// The bytes of the file; empty when the whole unit is meant.
    pub bytes: Range<usize>,
    /// A few words on what stands there; may be empty.
    pub label: String,
}

/// A change of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "write `PrivateTmp=`".
    pub title: String,
    /// How far it may be trusted.
    pub trust: Trust,
    /// The edits, which belong together.
    pub edits: Vec<Edit>,
}

/// How far a fix may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// It is the one answer, and takes nothing from the service that it has now.
    Safe,
    /// It gives what was probably meant; the service may notice.
    Suggested,
}

/// A change of one line of a unit file. A line is named by the number that it starts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Another directive, another value, or both.
    Replace {
        /// The file.
        file: Arc<Path>,
        /// The line.
        line: u32,
        /// The directive.
        directive: String,
        /// The value.
        value: String,
    },
    /// The line goes.
    Remove {
        /// The file.
        file: Arc<Path>,
        /// The line.
        line: u32,
    },
    /// A line after this one.
    Insert {
        /// The file.
        file: Arc<Path>,
        /// The line that it comes after.
        line: u32,
        /// The directive.
        directive: String,
        /// The value.
        value: String,
    },
    /// The line goes, and comes back in another section.
    Move {
        /// The file.
        file: Arc<Path>,
        /// The line.
        line: u32,
        /// The other section.
        section: String,
    },
}

impl Edit {
    /// Another value for a line.
    pub(crate) fn value(origin: &Origin, value: impl Into<String>) -> Edit {
        Edit::Replace {
            file: origin.file.clone(),
            line: origin.line,
            directive: origin.directive.to_string(),
            value: value.into(),
        }
    }

    /// Another directive for a line.
    pub(crate) fn directive(origin: &Origin, directive: &str) -> Edit {
        Edit::Replace {
            file: origin.file.clone(),
            line: origin.line,
            directive: directive.to_owned(),
            value: origin.value.to_string(),
        }
    }

    /// A line goes.
    pub(crate) fn remove(origin: &Origin) -> Edit {
        Edit::Remove { file: origin.file.clone(), line: origin.line }
    }

    /// The word of a list that means a path goes, and with the last word the line.
    pub(crate) fn without_path(origin: &Origin, path: &Path, specifiers: &Specifiers) -> Option<Edit> {
        let word = raw::word_of_path(&origin.value, path, specifiers)?;
        Some(match raw::without(&origin.value, &word) {
            Some(rest) => Edit::value(origin, rest),
            None => Edit::remove(origin),
        })
    }

    /// A line after this one.
    pub(crate) fn insert(origin: &Origin, directive: &str, value: impl Into<String>) -> Edit {
        Edit::Insert {
            file: origin.file.clone(),
            line: origin.line,
            directive: directive.to_owned(),
            value: value.into(),
        }
    }

    /// The file and the line that it is about.
    pub fn place(&self) -> (&Arc<Path>, u32) {
        match self {
            Edit::Replace { file, line, .. }
            | Edit::Remove { file, line }
            | Edit::Insert { file, line, .. }
            | Edit::Move { file, line, .. } => (file, *line),
        }
    }
}

/// Where lints put what they find.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    current: Option<&'static Lint>,
}

impl Report {
    /// Lets one lint report.
    pub(crate) fn of(&mut self, lint: &'static Lint, check: impl FnOnce(&mut Report)) {
        self.current = Some(lint);
        check(self);
        self.current = None;
    }

    /// Whether something was found on this line already.
    pub(crate) fn has(&self, file: &Path, line: u32) -> bool {
        self.findings.iter().any(|finding| *finding.place.file == *file && finding.place.starts == line)
    }

    /// Adds a finding; what it returns takes the details.
    pub(crate) fn add(&mut self, place: Place, message: impl Into<String>) -> Detail<'_> {
        let at = self.findings.len();
        if let Some(lint) = self.current {
            self.findings.push(Finding {
                lint,
                severity: lint.severity,
                message: message.into(),
                place,
                also: Vec::new(),
                notes: Vec::new(),
                help: None,
                lines: Vec::new(),
                fix: None,
            });
        }
        Detail { finding: self.findings.get_mut(at) }
    }
}

/// The details of a finding that has just been added.
pub(crate) struct Detail<'a> {
    finding: Option<&'a mut Finding>,
}

impl Detail<'_> {
    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = self.finding.as_deref_mut() {
            change(finding);
        }
        self
    }

    /// How bad this case is, where it is not as the lint says.
    pub(crate) fn severity(self, severity: Severity) -> Self {
        self.with(|finding| finding.severity = severity)
    }

    /// A few words on the place itself.
    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        self.with(|finding| finding.place.label = label.into())
    }

    /// Another place.
    pub(crate) fn also(self, place: Option<Place>, label: impl Into<String>) -> Self {
        self.with(|finding| {
            if let Some(place) =
                place.filter(|place| place.bytes != finding.place.bytes || place.file != finding.place.file)
            {
                finding.also.push(Place { label: label.into(), ..place });
            }
        })
    }

    /// A further fact.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        self.with(|finding| finding.notes.push(note.into()))
    }

    /// What to do.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        self.with(|finding| finding.help = Some(help.into()))
    }

    /// One of the lines that give what was meant.
    pub(crate) fn line(self, line: impl Into<String>) -> Self {
        self.with(|finding| finding.lines.push(line.into()))
    }

    /// The change that does so.
    pub(crate) fn fix(self, trust: Trust, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.with(|finding| finding.fix = Some(Fix { title: title.into(), trust, edits }))
    }
}
