//! `EnvironmentFile=` (systemd: `parse_env_file_internal` in `src/basic/env-file.c`, `exec_context_load_environment` in
//! `src/core/execute.c`).

use super::Variables;
use super::expand::is_name;
use ringfence_settings::EnvironmentFile;
use ringfence_terms::{Origin, Sourced};
use std::io;
use std::path::{Path, PathBuf};

/// A file that cannot be used.
#[derive(Debug)]
pub struct FileError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
    /// The line that names it.
    pub origin: Option<Origin>,
}

/// Reads the files that a unit names; a later assignment of the same variable wins.
pub fn load_files(files: &[Sourced<EnvironmentFile>]) -> Result<Variables, FileError> {
    let mut all = Variables::default();
    for file in files {
        let fail =
            |path: &Path, source| FileError { path: path.to_owned(), source, origin: file.origin.clone() };
        let pattern = file.value.pattern.as_path();
        let paths = matches(pattern);
        if paths.is_empty() && !file.value.optional {
            return Err(fail(pattern, io::Error::from_raw_os_error(2)));
        }
        for path in paths {
            match std::fs::read(&path) {
                Ok(content) => all.extend(parse_file(&content)),
                Err(_) if file.value.optional => {}
                Err(e) => return Err(fail(&path, e)),
            }
        }
    }
    Ok(all)
}

/// The paths that a pattern names, sorted; a pattern without wildcards names itself if it is there.
fn matches(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for component in pattern.components().skip(1) {
        let component = component.as_os_str();
        let wild = component.to_str().filter(|text| text.contains(['*', '?', '[']));
        found = match wild.and_then(|text| glob::Pattern::new(text).ok()) {
            None => found.into_iter().map(|above| above.join(component)).collect(),
            Some(wild) => found.into_iter().flat_map(|above| entries(&above, &wild)).collect(),
        };
    }
    found.retain(|path| path.exists());
    found
}

/// The entries of a directory that match; one that starts with a dot only if the pattern does (glob(7)).
fn entries(directory: &Path, wild: &glob::Pattern) -> Vec<PathBuf> {
    let hidden = wild.as_str().starts_with('.');
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut found: Vec<PathBuf> = names
        .filter(|name| {
            let name = name.to_string_lossy();
            wild.matches(&name) && (hidden || !name.starts_with('.'))
        })
        .map(|name| directory.join(name))
        .collect();
    found.sort();
    found
}

/// Where the reader is.
#[derive(Clone, Copy)]
enum State {
    PreKey,
    Key,
    PreValue,
    Value,
    ValueEscape,
    SingleQuoted,
    DoubleQuoted,
    DoubleQuotedEscape,
    Comment,
    CommentEscape,
}

/// Reads the text of a file: `NAME=value` lines with quotes, escapes and comments. What is no assignment, or not UTF-8,
/// is left out, as systemd leaves it out with a warning.
pub fn parse_file(content: &[u8]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut key = Trimmed::default();
    let mut value = Trimmed::default();
    let mut state = State::PreKey;
    // The C string ends at the first NUL.
    for &c in content.iter().take_while(|&&c| c != 0) {
        let newline = c == b'\n' || c == b'\r';
        state = match state {
            State::PreKey if c == b'#' || c == b';' => State::Comment,
            State::PreKey if is_space(c) => State::PreKey,
            State::PreKey => {
                key.space = None;
                key.push(c);
                State::Key
            }
            State::Key if newline => {
                key.clear();
                State::PreKey
            }
            State::Key if c == b'=' => {
                value.space = None;
                State::PreValue
            }
            State::Key => {
                key.push_text(c);
                State::Key
            }
            State::PreValue | State::Value if newline => {
                let trim = matches!(state, State::Value);
                finish(&mut key, &mut value, trim, &mut all);
                State::PreKey
            }
            State::PreValue if c == b'\'' => State::SingleQuoted,
            State::PreValue if c == b'"' => State::DoubleQuoted,
            State::PreValue if c == b'\\' => State::ValueEscape,
            State::PreValue if is_space(c) => State::PreValue,
            State::PreValue => {
                value.push(c);
                State::Value
            }
            State::Value if c == b'\\' => {
                value.space = None;
                State::ValueEscape
            }
            State::Value => {
                value.push_text(c);
                State::Value
            }
            State::ValueEscape => {
                if !newline {
                    value.push(c);
                }
                State::Value
            }
            State::SingleQuoted if c == b'\'' => State::PreValue,
            State::SingleQuoted => {
                value.push(c);
                State::SingleQuoted
            }
            State::DoubleQuoted if c == b'"' => State::PreValue,
            State::DoubleQuoted if c == b'\\' => State::DoubleQuotedEscape,
            State::DoubleQuoted => {
                value.push(c);
                State::DoubleQuoted
            }
            State::DoubleQuotedEscape => {
                if b"\"\\`$".contains(&c) {
                    value.push(c);
                } else if c != b'\n' {
                    value.push(b'\\');
                    value.push(c);
                }
                State::DoubleQuoted
            }
            State::Comment if c == b'\\' => State::CommentEscape,
            State::Comment | State::CommentEscape if newline => State::PreKey,
            State::Comment | State::CommentEscape => State::Comment,
        };
    }
    match state {
        State::PreKey | State::Key | State::Comment | State::CommentEscape => {}
        state => finish(&mut key, &mut value, matches!(state, State::Value), &mut all),
    }
    all
}

fn finish(key: &mut Trimmed, value: &mut Trimmed, trim: bool, all: &mut Vec<(String, String)>) {
    if !trim {
        value.space = None;
    }
    if let (Some(key), Some(value)) = (key.take(), value.take())
        && is_name(&key)
    {
        all.push((key, value));
    }
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\n' | b'\r')
}

/// Text and where its trailing white space starts.
#[derive(Default)]
struct Trimmed {
    bytes: Vec<u8>,
    space: Option<usize>,
}

impl Trimmed {
    fn push(&mut self, c: u8) {
        self.bytes.push(c);
    }

    fn push_text(&mut self, c: u8) {
        if !is_space(c) {
            self.space = None;
        } else if self.space.is_none() {
            self.space = Some(self.bytes.len());
        }
        self.bytes.push(c);
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.space = None;
    }

    fn take(&mut self) -> Option<String> {
        if let Some(space) = self.space.take() {
            self.bytes.truncate(space);
        }
        String::from_utf8(std::mem::take(&mut self.bytes)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_as_systemd_reads_it() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("A=1\nB = 2 \n", &[("A", "1"), ("B", "2")]),
            ("# x\n; y\nA=1 # not a comment\n", &[("A", "1 # not a comment")]),
            ("A='a b'\nB=\"c d\"\n", &[("A", "a b"), ("B", "c d")]),
            ("A='a'\"b\"c\n", &[("A", "abc")]),
            ("A=\"\\$ \\` \\\" \\\\ \\n\"\n", &[("A", "$ ` \" \\ \\n")]),
            ("A=a\\ b\\$c\nB=x\\\ny\n", &[("A", "a b$c"), ("B", "xy")]),
            ("A=\"one\\\ntwo\"\n", &[("A", "onetwo")]),
            ("A=\"one\ntwo\"\nB=1", &[("A", "one\ntwo"), ("B", "1")]),
            ("# goes on \\\nA=1\n", &[("A", "1")]),
            ("export A=1\n1A=2\nno assignment\nB=\n", &[("B", "")]),
            ("A=$B ${C}\n", &[("A", "$B ${C}")]),
            ("A=1\r\nB=2\r\n", &[("A", "1"), ("B", "2")]),
            ("A='  x  '  \n", &[("A", "  x  ")]),
            ("A='never closed\nB=1\n", &[("A", "never closed\nB=1\n")]),
        ];
        for (text, expected) in cases {
            let expected: Vec<(String, String)> =
                expected.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            assert_eq!(parse_file(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_left_out() {
        assert_eq!(parse_file(b"A=\xff\nB=1\n"), [("B".to_owned(), "1".to_owned())]);
    }
}
