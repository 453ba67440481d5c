//! One unit file as text: its lines, what each of them is, and what is wrong with them.
//!
//! Reading never fails and loses nothing: every byte belongs to exactly one [`Item`], and an unchanged text is written
//! back byte for byte. What systemd would do with the file (ignore a line, stop reading) is told by complaints and by
//! [`UnitText::assignments`], which yields only what is in effect.

mod drop_in;
mod edit;
mod lines;
mod read;

pub use drop_in::DropIn;
pub use edit::Unwritable;

use ringfence_terms::{Complaint, Origin, Severity};
use smallvec::SmallVec;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The longest line, and the longest line joined from continued ones, in bytes
/// (`src/basic/constants.h: LONG_LINE_MAX`).
pub const LONG_LINE_MAX: usize = 1024 * 1024;

/// A unit file as read.
#[derive(Clone, Debug)]
pub struct UnitText {
    file: Arc<Path>,
    bytes: Vec<u8>,
    items: Vec<Item>,
    complaints: Vec<Complaint>,
    /// The number of items before the one that makes systemd stop reading.
    in_effect: usize,
}

/// One logical line: a line, or several joined by backslashes together with the comments between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The bytes of the file that it takes up, line ends included.
    pub span: Range<usize>,
    /// The line that it starts on, counted from 1.
    pub line: u32,
    /// What it is.
    pub kind: ItemKind,
}

/// What a logical line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// Nothing but white space.
    Blank,
    /// A comment.
    Comment,
    /// `[Section]`; the name without brackets.
    Section(Arc<str>),
    /// `Directive=value` in a section.
    Assignment(Setting),
    /// A line that systemd ignores with a warning, or that makes it stop reading. A complaint says why.
    Junk,
}

/// One `Directive=value` in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The section's name without brackets.
    pub section: Arc<str>,
    /// Directive, value and place.
    pub origin: Origin,
    /// The bytes of the file from the directive's first character to its last.
    pub directive_span: Range<usize>,
    /// Which bytes of the file the parts of the value stand in, in order. More than one part when lines were joined;
    /// none when the value is empty.
    pub value_parts: SmallVec<[Range<usize>; 1]>,
}

impl Setting {
    /// Where in the file the value's byte number `at` stands. A blank that stands for a backslash is found at that
    /// backslash; the end of the value directly behind its last byte.
    pub fn locate(&self, at: usize) -> usize {
        let mut left = at;
        for part in &self.value_parts {
            if left < part.len() {
                return part.start + left;
            }
            left -= part.len();
        }
        self.value_parts.last().map_or(self.directive_span.end, |part| part.end)
    }
}

impl UnitText {
    /// Reads a file's bytes. `file` is only a name here, for origins and complaints.
    pub fn parse(file: impl Into<Arc<Path>>, bytes: impl Into<Vec<u8>>) -> UnitText {
        read::read(file.into(), bytes.into())
    }

    /// The file's name as it was given.
    pub fn file(&self) -> &Arc<Path> {
        &self.file
    }

    /// The text, exactly as it was read (or as edits left it).
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Every logical line, in order. Together their spans cover the whole file.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The assignments that systemd gets to see, in order: those in a section, before the line where it stops reading
    /// (if there is one).
    pub fn assignments(&self) -> impl Iterator<Item = &Setting> {
        self.items[..self.in_effect].iter().filter_map(|item| match &item.kind {
            ItemKind::Assignment(setting) => Some(setting),
            _ => None,
        })
    }

    /// As [`assignments`](Self::assignments), handed over.
    pub fn into_assignments(self) -> impl Iterator<Item = Setting> {
        self.items.into_iter().take(self.in_effect).filter_map(|item| match item.kind {
            ItemKind::Assignment(setting) => Some(setting),
            _ => None,
        })
    }

    /// What is wrong with the syntax, in order of lines.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Whether systemd stops reading somewhere in this file: a fragment is then refused altogether, of a drop-in only
    /// the lines before count.
    pub fn is_fatal(&self) -> bool {
        self.complaints.iter().any(|complaint| complaint.severity == Severity::Error)
    }

    /// Complains about sections that a unit of this type (a name's suffix, such as `service`) does not have. Those
    /// whose names begin with `X-` are for other programs.
    pub fn unknown_sections(&self, unit_type: &str) -> Vec<Complaint> {
        let (first, rest) = unit_type.split_at(unit_type.len().min(1));
        let own = format!("{}{rest}", first.to_ascii_uppercase());
        let is_known = |name: &str| name.starts_with("X-") || ["Unit", "Install", &own].contains(&name);
        let sections = self.items[..self.in_effect].iter().filter_map(|item| match &item.kind {
            ItemKind::Section(name) if !is_known(name) => Some((item.line, name)),
            _ => None,
        });
        sections
            .map(|(line, name)| Complaint {
                severity: Severity::Warning,
                message: format!("a {unit_type} has no section [{name}], so its lines are ignored"),
                file: self.file.clone(),
                line,
                subject: format!("[{name}]"),
                help: Some(format!("use [Unit], [{own}] or [Install], or a name that begins with X-")),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
