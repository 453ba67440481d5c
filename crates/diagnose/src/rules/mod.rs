//! What lines tell: systemd's own messages first, audit records, then the words of programs.

mod audit;
mod program;
mod systemd;

use crate::clue::Clue;
use crate::log::Entry;

/// The first rule that understands a line has it.
pub fn clue(entry: &Entry) -> Option<Clue> {
    systemd::clue(&entry.message)
        .or_else(|| audit::clue(&entry.message))
        .or_else(|| program::clue(&entry.message))
}
