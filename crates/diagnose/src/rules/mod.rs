//! What lines tell: systemd's own messages first, audit records, then the words of programs.

mod audit;
mod operations;
mod program;
mod systemd;

pub use audit::Actor;
pub(crate) use operations::{OPERATIONS, Operation};

use crate::clue::Clue;
use crate::log::Entry;
use crate::words::{Hit, hits};

/// What a line tells, and who it is about where an audit record says so.
pub struct Told {
    /// What it tells.
    pub clue: Clue,
    /// The process of an audit record.
    pub actor: Option<Actor>,
}

/// How many lines before one are looked at for what it is about: a traceback names the call before the error.
pub const CONTEXT: usize = 4;

/// The first rule that understands a line has it. `before` are lines of the same unit that came before, the nearest first.
pub fn clue(entry: &Entry, before: &[&Entry]) -> Option<Told> {
    let found = hits(&entry.message);
    if found.is_empty() {
        return None;
    }
    let has = |wanted: fn(&Hit) -> bool| found.iter().any(wanted);
    if has(|hit| matches!(hit, Hit::Audit)) {
        return audit::told(&entry.message);
    }
    let clue = if has(|hit| matches!(hit, Hit::Systemd)) { systemd::clue(&entry.message) } else { None };
    let clue = clue.or_else(|| program::clue(&entry.message, &found, before))?;
    Some(Told { clue, actor: None })
}
