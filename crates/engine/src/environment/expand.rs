//! `$` in command lines (systemd: `replace_env_argv` in `src/basic/env-util.c`).

use super::Variables;
use ringfence_unit::words::{Quoting, WHITESPACE, first_word};
use std::collections::BTreeSet;

/// A command line with its variables replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The words.
    pub argv: Vec<String>,
    /// Variables that are not set; each became an empty string, or no word at all.
    pub unset: BTreeSet<String>,
    /// What stood after a `$` and is no variable's name; each word with one is gone or empty.
    pub invalid: BTreeSet<String>,
}

/// Replaces `$NAME` as a whole word by the words of the value, `${NAME}` anywhere by the value, and `$$` by `$`.
pub fn expand(argv: &[String], variables: &Variables) -> Expanded {
    let mut expanded = Expanded::default();
    for word in argv {
        match word.strip_prefix('$') {
            Some(name) if !name.starts_with(['{', '$']) => expanded.whole_word(name, variables),
            _ => {
                let word = expanded.within(word, variables);
                expanded.argv.push(word);
            }
        }
    }
    expanded
}

impl Expanded {
    fn whole_word(&mut self, name: &str, variables: &Variables) {
        if !is_name(name) {
            self.invalid.insert(name.to_owned());
            return;
        }
        let Some(value) = variables.get(name) else {
            self.unset.insert(name.to_owned());
            return;
        };
        let quoting = Quoting { unquote: true, relax: true, ..Quoting::default() };
        let mut rest = value;
        while let Ok(Some(word)) = first_word(&mut rest, WHITESPACE, quoting) {
            self.argv.push(word);
        }
    }

    fn within(&mut self, word: &str, variables: &Variables) -> String {
        let mut result = String::with_capacity(word.len());
        let mut rest = word;
        while let Some(dollar) = rest.find('$') {
            let (before, from) = rest.split_at(dollar);
            result.push_str(before);
            let after = &from[1..];
            if let Some(after) = after.strip_prefix('$') {
                result.push('$');
                rest = after;
            } else if let Some((name, after)) = braced(after) {
                if !is_name(name) {
                    self.invalid.insert(name.to_owned());
                } else if let Some(value) = variables.get(name) {
                    result.push_str(value);
                } else {
                    self.unset.insert(name.to_owned());
                }
                rest = after;
            } else {
                // Not special: the `$` and the character after it stay, and the search goes on behind both.
                let skip = 1 + after.chars().next().map_or(0, char::len_utf8);
                result.push_str(&from[..skip]);
                rest = &from[skip..];
            }
        }
        result.push_str(rest);
        result
    }
}

/// What stands between `{` and `}` at the start, and what follows; a `:` before the `}` is shell syntax that systemd
/// leaves alone.
fn braced(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find(['}', ':'])?;
    inner[end..].starts_with('}').then(|| (&inner[..end], &inner[end + 1..]))
}

/// Whether a text may name a variable (systemd: `env_name_is_valid`).
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each case is one word of a unit and the words that come of it; from systemd 257's behaviour.
    #[test]
    fn words_become_what_systemd_makes_of_them() {
        let variables: Variables =
            [("FOO", "a  'b c' d"), ("EMPTY", ""), ("ONE", "1"), ("QUOTE", "'open")].into_iter().collect();
        let cases: &[(&str, &[&str])] = &[
            ("$FOO", &["a", "b c", "d"]),
            ("${FOO}", &["a  'b c' d"]),
            ("x${ONE}y${ONE}", &["x1y1"]),
            ("${UNSET}", &[""]),
            ("$UNSET", &[]),
            ("$EMPTY", &[]),
            ("${EMPTY}", &[""]),
            ("x$ONE", &["x$ONE"]),
            ("$ONE/bar", &[]),
            ("$", &[]),
            ("$ONE-x", &[]),
            ("$$", &["$"]),
            ("$$ONE", &["$ONE"]),
            ("a$$b", &["a$b"]),
            ("${ONE:-x}", &["${ONE:-x}"]),
            ("${ONE", &["${ONE"]),
            ("${1x}", &[""]),
            ("x$", &["x$"]),
            ("*", &["*"]),
            ("é${ONE}é$é", &["é1é$é"]),
            ("$QUOTE", &["open"]),
        ];
        for (word, expected) in cases {
            assert_eq!(expand(&[word.to_string()], &variables).argv, *expected, "{word}");
        }
    }

    #[test]
    fn what_is_unset_or_no_name_is_told() {
        let argv = ["$UNSET", "${ALSO}", "$A/b", "${1}"].map(str::to_owned);
        let expanded = expand(&argv, &Variables::default());
        assert_eq!(expanded.unset.into_iter().collect::<Vec<_>>(), ["ALSO", "UNSET"]);
        assert_eq!(expanded.invalid.into_iter().collect::<Vec<_>>(), ["1", "A/b"]);
    }
}
