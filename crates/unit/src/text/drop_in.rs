//! Writing a drop-in.

use super::edit::{Unwritable, check_name, check_value};
use crate::words::{Quoting, WHITESPACE, quote};
use std::fmt;

/// The text of a drop-in, built line by line and printed in one canonical form: the heading, then each section once
/// for every run of assignments to it, each assignment below its comments.
///
/// ```
/// # use ringfence_unit::text::DropIn;
/// let mut drop_in = DropIn::new("Written by ringfence harden");
/// drop_in.comment("wrote /var/lib/a/db");
/// drop_in.set("Service", "ReadWritePaths", "/var/lib/a")?;
/// assert_eq!(
///     drop_in.to_string(),
///     "# Written by ringfence harden\n\n[Service]\n# wrote /var/lib/a/db\nReadWritePaths=/var/lib/a\n"
/// );
/// # Ok::<(), ringfence_unit::text::Unwritable>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DropIn {
    heading: String,
    lines: Vec<Line>,
    pending: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    comments: Vec<String>,
    section: String,
    directive: String,
    value: String,
}

impl DropIn {
    /// Begins a drop-in with a comment at its top; an empty one is left out.
    pub fn new(heading: impl Into<String>) -> Self {
        DropIn { heading: heading.into(), ..DropIn::default() }
    }

    /// A comment to the assignment that comes next.
    pub fn comment(&mut self, text: impl Into<String>) {
        self.pending.push(text.into());
    }

    /// An assignment. Without a value it resets what came before it, for a directive that can be reset.
    pub fn set(&mut self, section: &str, directive: &str, value: &str) -> Result<(), Unwritable> {
        check_name(section)?;
        check_name(directive)?;
        check_value(value)?;
        self.lines.push(Line {
            comments: std::mem::take(&mut self.pending),
            section: section.to_owned(),
            directive: directive.to_owned(),
            value: value.to_owned(),
        });
        Ok(())
    }

    /// An assignment of a list of words, each quoted so that splitting with `quoting` gives it back. Specifiers are not
    /// escaped; see [`crate::Specifiers::escape`].
    pub fn set_words<W: AsRef<str>>(
        &mut self,
        section: &str,
        directive: &str,
        words: &[W],
        quoting: Quoting,
    ) -> Result<(), Unwritable> {
        let quoted: Vec<String> = words
            .iter()
            .map(|word| {
                quote(word.as_ref(), WHITESPACE, quoting).ok_or_else(|| Unwritable {
                    text: word.as_ref().to_owned(),
                    reason: "this directive's quoting cannot express it",
                })
            })
            .collect::<Result<_, _>>()?;
        self.set(section, directive, &quoted.join(" "))
    }

    /// Whether there is no assignment in it.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl fmt::Display for DropIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_comment(f, &self.heading)?;
        let mut section = None;
        for line in &self.lines {
            if section != Some(&line.section) {
                if section.is_some() || !self.heading.is_empty() {
                    writeln!(f)?;
                }
                writeln!(f, "[{}]", line.section)?;
                section = Some(&line.section);
            }
            line.comments.iter().try_for_each(|comment| write_comment(f, comment))?;
            writeln!(f, "{}={}", line.directive, line.value)?;
        }
        self.pending.iter().try_for_each(|comment| write_comment(f, comment))
    }
}

/// Writes a comment, each of its lines behind a `#`. An empty comment is none.
fn write_comment(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if text.is_empty() {
        return Ok(());
    }
    for line in text.split(['\n', '\r', '\0']) {
        let blank = if line.is_empty() { "" } else { " " };
        writeln!(f, "#{blank}{line}")?;
    }
    Ok(())
}
