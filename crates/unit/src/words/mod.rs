//! Splitting a value into words (systemd: `src/basic/extract-word.c: extract_first_word`).
//!
//! [`first_word`] takes one word off a text, [`Words`] keeps the place between calls (and the one thing that a bare
//! text cannot: that after a separator at the very end one more, empty, word is due), [`split`] takes all words at
//! once, and [`quote`] goes the other way.

mod c_escape;
mod quote;

pub(crate) use c_escape::is_character;
pub use c_escape::unescape_c;
pub use quote::quote;

use std::fmt;

/// How quotes and backslashes are read while splitting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quoting {
    /// `"…"` and `'…'` may open anywhere in a word and are removed (`EXTRACT_UNQUOTE`).
    pub unquote: bool,
    /// What a backslash does.
    pub backslash: Backslash,
    /// An unclosed quote ends at the end of the text instead of being an error (`EXTRACT_RELAX`).
    pub relax: bool,
    /// Two separators in a row make an empty word (`EXTRACT_DONT_COALESCE_SEPARATORS`).
    pub keep_empty: bool,
}

/// What a backslash does while splitting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backslash {
    /// `\c` becomes `c`.
    #[default]
    Removed,
    /// It stays, and so does what follows (`EXTRACT_RETAIN_ESCAPE`).
    Kept,
    /// C escapes (`EXTRACT_CUNESCAPE`); an unknown one is an error.
    C,
    /// C escapes; an unknown one stays as it is (`EXTRACT_CUNESCAPE_RELAX`).
    CRelaxed,
    /// Only escaped separators lose their backslash (`EXTRACT_UNESCAPE_SEPARATORS`).
    Separators,
    /// C escapes and escaped separators (`EXTRACT_CUNESCAPE|EXTRACT_UNESCAPE_SEPARATORS`); anything else is an error.
    CAndSeparators,
}

/// White space between words: `" \t\n\r"`.
pub const WHITESPACE: &[char] = &[' ', '\t', '\n', '\r'];

/// Why splitting stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitError {
    /// A quote is not closed.
    UnclosedQuote,
    /// A backslash at the end, or an invalid escape.
    BadEscape,
    /// Escapes such as `\xff` make up bytes that are not UTF-8.
    NotUtf8,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SplitError::UnclosedQuote => "a quote is opened and not closed",
            SplitError::BadEscape => "a backslash begins no known escape",
            SplitError::NotUtf8 => "the escapes make up bytes that are not UTF-8",
        })
    }
}

impl std::error::Error for SplitError {}

/// Takes the first word off `rest`; `Ok(None)` at the end. On an error `rest` is left where it was.
///
/// With [`Quoting::keep_empty`] the empty word that systemd sees after a separator at the very end is not returned,
/// since an empty `rest` cannot tell it from the end; use [`Words`] where that matters.
pub fn first_word(
    rest: &mut &str,
    separators: &[char],
    quoting: Quoting,
) -> Result<Option<String>, SplitError> {
    if rest.is_empty() {
        return Ok(None);
    }
    let mut words = Words::new(rest);
    let word = words.next(separators, quoting)?;
    *rest = words.rest().unwrap_or_default();
    Ok(word)
}

/// All words of `text`.
pub fn split(text: &str, separators: &[char], quoting: Quoting) -> Result<Vec<String>, SplitError> {
    let mut words = Words::new(text);
    let mut all = Vec::new();
    while let Some(word) = words.next(separators, quoting)? {
        all.push(word);
    }
    Ok(all)
}

/// A word as it was read, and whether a backslash in it was wrong and therefore kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgivenWord {
    /// The word.
    pub word: String,
    /// Whether it holds an unknown escape, about which systemd warns ("Ignoring unknown escape sequences").
    pub unknown_escape: bool,
}

/// A text of which words are taken off, one by one, each perhaps split in its own way.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    text: &'a str,
    /// `None` once the end was reached, which an empty text that has yet to yield its empty word was not.
    rest: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// Begins at the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Words { text, rest: Some(text) }
    }

    /// What has not been read yet; `None` at the end. `Some("")` when the last word ended in a separator that is the
    /// last character and empty words count.
    pub fn rest(&self) -> Option<&'a str> {
        self.rest
    }

    /// The separator directly before [`rest`](Self::rest); `None` at the start and at the end.
    pub fn last_separator(&self) -> Option<char> {
        let read = self.text.len() - self.rest?.len();
        self.text[..read].chars().next_back()
    }

    /// The next word; `Ok(None)` at the end. On an error nothing is taken off.
    pub fn next(&mut self, separators: &[char], quoting: Quoting) -> Result<Option<String>, SplitError> {
        self.take(&Splitter::new(separators, quoting))
    }

    /// The next word; one with an unknown escape is read once more with that escape kept as it stands (systemd:
    /// `extract_first_word_and_warn`, which most settings use). On an error nothing is taken off.
    pub fn next_forgiving(
        &mut self,
        separators: &[char],
        quoting: Quoting,
    ) -> Result<Option<ForgivenWord>, SplitError> {
        let mut splitter = Splitter::new(separators, quoting);
        let mut unknown_escape = false;
        let word = match self.take(&splitter) {
            Err(SplitError::BadEscape | SplitError::UnclosedQuote) if !splitter.keep_unknown_escapes => {
                splitter.keep_unknown_escapes = true;
                unknown_escape = true;
                self.take(&splitter)?
            }
            other => other?,
        };
        Ok(word.map(|word| ForgivenWord { word, unknown_escape }))
    }

    fn take(&mut self, splitter: &Splitter<'_>) -> Result<Option<String>, SplitError> {
        let Some(text) = self.rest else { return Ok(None) };
        let (word, rest) = splitter.first(text)?;
        let word = word.map(String::from_utf8).transpose().map_err(|_| SplitError::NotUtf8)?;
        self.rest = rest;
        Ok(word)
    }
}

/// The flags of `extract_first_word`, one by one.
struct Splitter<'a> {
    separators: &'a [char],
    /// A bit for each separator that is ASCII, as all are.
    is_separator: u128,
    unquote: bool,
    relax: bool,
    keep_empty: bool,
    keep_backslash: bool,
    c_escapes: bool,
    unescape_separators: bool,
    keep_unknown_escapes: bool,
}

/// A word, if there was one, and what follows it, if anything may follow.
type FirstWord<'t> = (Option<Vec<u8>>, Option<&'t str>);

impl<'a> Splitter<'a> {
    fn new(separators: &'a [char], quoting: Quoting) -> Self {
        use Backslash::*;
        Splitter {
            separators,
            is_separator: separators
                .iter()
                .filter(|c| c.is_ascii())
                .fold(0, |set, &c| set | 1 << u32::from(c)),
            unquote: quoting.unquote,
            relax: quoting.relax,
            keep_empty: quoting.keep_empty,
            keep_backslash: quoting.backslash == Kept,
            c_escapes: matches!(quoting.backslash, C | CRelaxed | CAndSeparators),
            unescape_separators: matches!(quoting.backslash, Separators | CAndSeparators),
            keep_unknown_escapes: quoting.backslash == CRelaxed,
        }
    }

    fn is_separator(&self, byte: u8) -> bool {
        byte.is_ascii() && self.is_separator >> byte & 1 == 1
    }

    /// Bytes are looked at one by one, as C does; `text` is only ever cut next to a separator, which is ASCII.
    fn first<'t>(&self, text: &'t str) -> Result<FirstWord<'t>, SplitError> {
        let bytes = text.as_bytes();
        let mut at = 0;
        while bytes.get(at).is_some_and(|&byte| self.is_separator(byte)) {
            at += 1;
            if self.keep_empty {
                return Ok((Some(Vec::new()), Some(&text[at..])));
            }
        }
        if at == bytes.len() {
            return Ok((self.keep_empty.then(Vec::new), None));
        }

        // Most words are written as they are meant, and are copied in one piece.
        let is_plain = |&byte: &u8| !matches!(byte, b'"' | b'\'' | b'\\') && !self.is_separator(byte);
        let plain = bytes[at..].iter().take_while(|&byte| is_plain(byte)).count();
        let mut word = bytes[at..at + plain].to_vec();
        at += plain;
        let mut quote = None;
        while let Some(&byte) = bytes.get(at) {
            match quote {
                Some(open) if byte == open => quote = None,
                None if self.unquote && matches!(byte, b'"' | b'\'') => quote = Some(byte),
                _ if byte == b'\\' && !self.keep_backslash => {
                    at += 1;
                    at += self.escape(&bytes[at..], quote.is_some(), &mut word)?;
                    continue;
                }
                None if self.is_separator(byte) => {
                    return Ok((Some(word), self.after_separator(&text[at..])));
                }
                _ => word.push(byte),
            }
            at += 1;
        }
        if quote.is_some() && !self.relax {
            return Err(SplitError::UnclosedQuote);
        }
        Ok((Some(word), None))
    }

    /// What may still be read when a word ends at the separator that `text` begins with.
    fn after_separator<'t>(&self, text: &'t str) -> Option<&'t str> {
        if self.keep_empty {
            return text.get(1..);
        }
        Some(text.trim_start_matches(self.separators)).filter(|rest| !rest.is_empty())
    }

    /// Reads what follows a backslash; returns how many bytes that took.
    fn escape(&self, text: &[u8], quoted: bool, word: &mut Vec<u8>) -> Result<usize, SplitError> {
        let Some(&byte) = text.first() else {
            return match () {
                () if self.keep_unknown_escapes && (!quoted || self.relax) => {
                    word.push(b'\\');
                    Ok(0)
                }
                () if self.relax => Ok(0),
                () if quoted && self.keep_unknown_escapes => Err(SplitError::UnclosedQuote),
                () => Err(SplitError::BadEscape),
            };
        };
        if self.c_escapes
            && let Some(taken) = c_escape::unescape(text, word)
        {
            return Ok(taken);
        }
        if self.unescape_separators && (self.is_separator(byte) || byte == b'\\') {
            word.push(byte);
        } else if self.c_escapes || self.unescape_separators {
            if !self.keep_unknown_escapes {
                return Err(SplitError::BadEscape);
            }
            word.extend([b'\\', byte]);
        } else {
            word.push(byte);
        }
        Ok(1)
    }
}

#[cfg(test)]
mod tests;
