//! What is wrong with a unit, as data; drawing it is the command line's business.

use std::path::Path;
use std::sync::Arc;

/// How bad a complaint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// systemd says nothing, or only at debug level, yet the line may not do what its author meant.
    Note,
    /// systemd warns and ignores the line or a part of it.
    Warning,
    /// systemd refuses the unit (or the rest of the drop-in).
    Error,
}

/// One complaint about one place in a unit's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that stands on its own, without a full stop.
    pub message: String,
    /// The file that it is about.
    pub file: Arc<Path>,
    /// The line, counted from 1; 0 when the complaint is about the whole file.
    pub line: u32,
    /// The text on which it turns (a word of the value, a directive), to underline; empty for the whole line.
    pub subject: String,
    /// What to do, when there is something to say.
    pub help: Option<String>,
}
