//! How one line of a list is read, and how a fault in it is reported.

use crate::Sense;
use ringfence_terms::{Complaint, Origin, Severity};
use ringfence_unit::words::{Quoting, WHITESPACE, first_word};

/// One non-empty line of a list, with its leading `~` taken off.
pub(crate) struct Line<'a> {
    /// Whether the line starts with `~`.
    pub(crate) inverted: bool,
    text: &'a str,
    origin: &'a Origin,
}

impl<'a> Line<'a> {
    /// Reads the value of an assignment; `None` when it is empty, which resets the list.
    pub(crate) fn of(origin: &'a Origin) -> Option<Line<'a>> {
        let value = &*origin.value;
        match value.strip_prefix('~') {
            _ if value.is_empty() => None,
            Some(text) => Some(Line { inverted: true, text, origin }),
            None => Some(Line { inverted: false, text: value, origin }),
        }
    }

    /// Reads the value of an assignment that knows no `~`; `None` when it is empty.
    pub(crate) fn plain(origin: &'a Origin) -> Option<Line<'a>> {
        let text = &*origin.value;
        (!text.is_empty()).then_some(Line { inverted: false, text, origin })
    }

    /// The sense of a list that starts with this line.
    pub(crate) fn sense(&self) -> Sense {
        if self.inverted { Sense::Deny } else { Sense::Allow }
    }

    /// The words up to the first fault in quoting; systemd ignores the line from there on.
    pub(crate) fn words(&self, quoting: Quoting, complaints: &mut Vec<Complaint>) -> Vec<String> {
        let mut rest = self.text;
        let mut words = Vec::new();
        loop {
            match first_word(&mut rest, WHITESPACE, quoting) {
                Ok(Some(word)) => words.push(word),
                Ok(None) => return words,
                Err(_) => {
                    let message = format!("the line is ignored from `{rest}` on");
                    complaints.push(Complaint {
                        help: Some("close the quote, or remove the backslash at the end".into()),
                        ..complaint(self.origin, rest, message)
                    });
                    return words;
                }
            }
        }
    }
}

/// Quotes are removed from the words.
pub(crate) const UNQUOTED: Quoting = Quoting {
    unquote: true,
    backslash: ringfence_unit::words::Backslash::Removed,
    relax: false,
    keep_empty: false,
};

/// Quotes are letters like any other (systemd: `extract_first_word` without flags).
pub(crate) const VERBATIM: Quoting = Quoting { unquote: false, ..UNQUOTED };

/// A warning about a word of an assignment.
pub(crate) fn complaint(origin: &Origin, subject: &str, message: String) -> Complaint {
    Complaint {
        severity: Severity::Warning,
        message,
        file: origin.file.clone(),
        line: origin.line,
        subject: subject.into(),
        help: None,
    }
}
