//! One assignment while it is read.

use crate::catalogue::Directive;
use crate::read::notation::{Wrong, unit_path};
use ringfence_terms::{AbsPath, Complaint, Origin, Severity, Sourced};
use ringfence_unit::Specifiers;
use ringfence_unit::words::{Quoting, WHITESPACE, Words};

/// One assignment of a known directive, and where complaints about it go.
pub(crate) struct Line<'a> {
    pub(crate) directive: &'static Directive,
    pub(crate) origin: &'a Origin,
    pub(crate) value: &'a str,
    pub(crate) specifiers: &'a Specifiers,
    pub(crate) complaints: &'a mut Vec<Complaint>,
}

/// Why systemd refuses the unit, or the rest of the drop-in, because of a line (its parsers return `ENOEXEC`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The text on which it turns.
    pub(crate) subject: String,
    /// What is wrong, one sentence.
    pub(crate) why: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl<'a> Line<'a> {
    /// A value with this line as its origin.
    pub(crate) fn sourced<T>(&self, value: T) -> Sourced<T> {
        Sourced::new(value, self.origin.clone())
    }

    /// The directive as a sentence names it: `ProtectSystem=`.
    pub(crate) fn name(&self) -> String {
        format!("{}=", self.origin.directive)
    }

    /// Complains about a part of the value that systemd ignores with a warning.
    pub(crate) fn warn(&mut self, subject: &str, message: String, help: Option<String>) {
        self.complain(Severity::Warning, subject, message, help);
    }

    /// Remarks on something that systemd accepts.
    pub(crate) fn note(&mut self, subject: &str, message: String, help: Option<String>) {
        self.complain(Severity::Note, subject, message, help);
    }

    fn complain(&mut self, severity: Severity, subject: &str, message: String, help: Option<String>) {
        self.complaints.push(Complaint {
            severity,
            message,
            file: self.origin.file.clone(),
            line: self.origin.line,
            subject: subject.to_owned(),
            help,
        });
    }

    /// Warns about a part of the value, or refuses the unit, as the directive has it.
    pub(crate) fn reject(
        &mut self,
        subject: &str,
        message: String,
        help: Option<String>,
    ) -> Result<(), Refusal> {
        if self.directive.fatal {
            return Err(Refusal { subject: subject.to_owned(), why: message, help });
        }
        self.warn(subject, message, help);
        Ok(())
    }

    /// Replaces specifiers in a word; complains and gives `None` when that fails.
    pub(crate) fn expand(&mut self, word: &str) -> Option<String> {
        match self.specifiers.expand(word) {
            Ok(text) => Some(text),
            Err(error) => {
                self.warn(word, format!("{} ignores `{word}`: {error}", self.name()), None);
                None
            }
        }
    }

    /// Replaces specifiers, then checks that it is an absolute path; complains and gives `None` when not.
    pub(crate) fn path(&mut self, word: &str) -> Option<AbsPath> {
        let text = self.expand(word)?;
        self.plain_path(&text)
    }

    /// As [`path`](Self::path), where specifiers are replaced already.
    pub(crate) fn plain_path(&mut self, text: &str) -> Option<AbsPath> {
        match unit_path(text) {
            Ok(path) => Some(path),
            Err(Wrong { why }) => {
                let help = (!text.starts_with('/')).then(|| "write a path that starts with `/`".into());
                self.warn(text, format!("{} ignores `{text}`: {why}", self.name()), help);
                None
            }
        }
    }

    /// The words of the value up to the first fault in quoting, from where systemd ignores the rest of the line.
    pub(crate) fn words(&mut self, quoting: Quoting) -> Vec<String> {
        self.words_of(self.value, quoting)
    }

    /// As [`words`](Self::words), of a part of the value.
    pub(crate) fn words_of(&mut self, text: &str, quoting: Quoting) -> Vec<String> {
        let mut words = Words::new(text);
        let mut all = Vec::new();
        loop {
            match words.next(WHITESPACE, quoting) {
                Ok(Some(word)) => all.push(word),
                Ok(None) => return all,
                Err(error) => {
                    self.broken(words.rest().unwrap_or_default(), error);
                    return all;
                }
            }
        }
    }

    /// All words of the value; complains and gives `None` when a fault in quoting makes systemd ignore the line.
    pub(crate) fn all_words(&mut self, quoting: Quoting) -> Option<Vec<String>> {
        match ringfence_unit::words::split(self.value, WHITESPACE, quoting) {
            Ok(words) => Some(words),
            Err(error) => {
                self.warn(self.value, format!("{} ignores the line: {error}", self.name()), None);
                None
            }
        }
    }

    /// Complains that the value cannot be split from some place on.
    pub(crate) fn broken(&mut self, rest: &str, error: ringfence_unit::words::SplitError) {
        let message = format!("{} ignores the line from `{rest}` on: {error}", self.name());
        self.warn(rest, message, Some("close the quote, or double the backslash".into()));
    }
}

/// Words with quotes, where a backslash stands for the character after it (`EXTRACT_UNQUOTE`).
pub(crate) const UNQUOTED: Quoting = Quoting {
    unquote: true,
    backslash: ringfence_unit::words::Backslash::Removed,
    relax: false,
    keep_empty: false,
};

/// Words without quotes, where a backslash stands for the character after it (no flags).
pub(crate) const VERBATIM: Quoting = Quoting {
    unquote: false,
    backslash: ringfence_unit::words::Backslash::Removed,
    relax: false,
    keep_empty: false,
};

/// A word as it may stand in a value that is split so; a word that no quoting can bring through stays as it is.
pub(crate) fn quoted(word: &str, quoting: Quoting) -> String {
    ringfence_unit::words::quote(word, WHITESPACE, quoting).unwrap_or_else(|| word.to_owned())
}
