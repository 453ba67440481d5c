//! `%` specifiers.

use crate::UnitName;
use crate::escape::{unescape, unescape_path};
use std::collections::BTreeMap;
use std::fmt;

/// Every letter that is a specifier in a unit file (systemd: `src/core/unit-printf.c: unit_full_printf_full`).
const LETTERS: &str = "iIjJnNpPfyYcrRCdDELSthsaAbBHlqmMovwWgGuUTV";

/// The value of each specifier letter, for one unit on one machine. Collected by whoever loads the unit; expanding
/// reads nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specifiers {
    values: BTreeMap<char, String>,
}

/// Why a text with specifiers cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecifierError {
    /// `%` before a letter or digit that is no specifier.
    Unknown(char),
    /// A specifier that exists but has no value here (for example `%m` without a machine id).
    Unset(char),
}

impl fmt::Display for SpecifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpecifierError::Unknown(c) => {
                write!(f, "`%{c}` is no specifier; write `%%{c}` for a literal percent sign")
            }
            SpecifierError::Unset(c) => write!(f, "`%{c}` has no value on this machine"),
        }
    }
}

impl std::error::Error for SpecifierError {}

impl Specifiers {
    /// The specifiers that follow from the unit's name alone (`%n %N %p %P %i %I %j %J %f`). One whose unescaping fails
    /// stays without a value.
    pub fn of_name(name: &UnitName) -> Specifiers {
        let prefix = name.prefix();
        let instance = name.instance().unwrap_or_default();
        let last_part = prefix.rsplit_once('-').map_or(prefix, |(_, last)| last);
        let values = [
            ('n', Some(name.as_str().to_owned())),
            ('N', Some(name.stem().to_owned())),
            ('p', Some(prefix.to_owned())),
            ('P', unescape(prefix)),
            ('i', Some(instance.to_owned())),
            ('I', unescape(instance)),
            ('j', Some(last_part.to_owned())),
            ('J', unescape(last_part)),
            ('f', unescape_path(name.instance().unwrap_or(prefix))),
        ];
        let values = values.into_iter().filter_map(|(letter, value)| Some((letter, value?))).collect();
        Specifiers { values }
    }

    /// Sets one specifier's value.
    pub fn set(&mut self, letter: char, value: impl Into<String>) {
        self.values.insert(letter, value.into());
    }

    /// Takes over all of another's values.
    pub fn extend(&mut self, other: Specifiers) {
        self.values.extend(other.values);
    }

    /// One specifier's value, where it has one.
    pub fn get(&self, letter: char) -> Option<&str> {
        self.values.get(&letter).map(String::as_str)
    }

    /// Replaces every specifier in `text`; `%%` becomes `%`, and `%` before anything but a letter or digit stays
    /// (systemd: `src/shared/specifier.c: specifier_printf`).
    pub fn expand(&self, text: &str) -> Result<String, SpecifierError> {
        let mut expanded = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                expanded.push(c);
                continue;
            }
            match chars.next() {
                None | Some('%') => expanded.push('%'),
                Some(letter) => match self.values.get(&letter) {
                    Some(value) => expanded.push_str(value),
                    None if LETTERS.contains(letter) => return Err(SpecifierError::Unset(letter)),
                    None if letter.is_ascii_alphanumeric() => return Err(SpecifierError::Unknown(letter)),
                    None => expanded.extend(['%', letter]),
                },
            }
        }
        Ok(expanded)
    }

    /// Doubles every `%`, so that [`expand`](Self::expand) gives `text` back.
    pub fn escape(text: &str) -> String {
        text.replace('%', "%%")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(name: &str, text: &str) -> Result<String, SpecifierError> {
        Specifiers::of_name(&UnitName::parse(name).unwrap()).expand(text)
    }

    #[test]
    fn names_give_their_parts() {
        let all = "%n|%N|%p|%P|%i|%I|%j|%J|%f";
        for (name, expanded) in [
            ("a.service", "a.service|a|a|a|||a|a|/a"),
            ("a-b.service", "a-b.service|a-b|a-b|a/b|||b|b|/a/b"),
            ("a-b@c-d.service", "a-b@c-d.service|a-b@c-d|a-b|a/b|c-d|c/d|b|b|/c/d"),
            (r"x@a\x2db.service", r"x@a\x2db.service|x@a\x2db|x|x|a\x2db|a-b|x|x|/a-b"),
        ] {
            assert_eq!(expand(name, all).as_deref(), Ok(expanded));
        }
    }

    #[test]
    fn only_letters_and_digits_can_be_wrong() {
        assert_eq!(expand("a.service", "100%% %. %/ %").as_deref(), Ok("100% %. %/ %"));
        assert_eq!(expand("a.service", "%ä").as_deref(), Ok("%ä"));
        assert_eq!(expand("a.service", "%z"), Err(SpecifierError::Unknown('z')));
        assert_eq!(expand("a.service", "%9"), Err(SpecifierError::Unknown('9')));
        assert_eq!(expand("a.service", "%m"), Err(SpecifierError::Unset('m')));
        assert_eq!(expand(r"a\q.service", "%P"), Err(SpecifierError::Unset('P')));
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        let mut specifiers = Specifiers::default();
        specifiers.set('h', "/%n");
        assert_eq!(specifiers.expand("%h/x").as_deref(), Ok("/%n/x"));
        assert_eq!(specifiers.expand(&Specifiers::escape("%h%")).as_deref(), Ok("%h%"));
    }
}
