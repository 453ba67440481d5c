//! `%` specifiers.

use crate::UnitName;
use crate::escape::{unescape, unescape_path};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Every letter that is a specifier in a unit file (systemd: `src/core/unit-printf.c: unit_full_printf_full`).
const LETTERS: &str = "iIjJnNpPfyYcrRCdDELSthsaAbBHlqmMovwWgGuUTV";

/// The value of each specifier letter, for one unit on one machine. Whoever loads the unit says where values come from;
/// most units use none, so they are collected when the first one is asked for.
#[derive(Clone, Default)]
pub struct Specifiers {
    /// Values that were set one by one; they come before all others.
    values: Values,
    unit: Option<Arc<OfUnit>>,
}

type Values = BTreeMap<char, String>;

/// Values that are the same for every unit of one manager, collected when the first is asked for.
pub(crate) struct OfMachine {
    collected: OnceLock<Specifiers>,
    collect: Box<dyn Fn() -> Specifiers + Send + Sync>,
}

/// Where a unit's values come from.
struct OfUnit {
    name: UnitName,
    /// Where the fragment stands inside the tree, without symlinks.
    fragment: Option<PathBuf>,
    /// The values of the letters of [`OWN`], each as it is asked for.
    own: [OnceLock<Option<String>>; OWN.len()],
    machine: Arc<OfMachine>,
}

impl fmt::Debug for OfMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OfMachine").field(&self.collected).finish()
    }
}

impl OfMachine {
    pub(crate) fn new(collect: impl Fn() -> Specifiers + Send + Sync + 'static) -> OfMachine {
        OfMachine { collected: OnceLock::new(), collect: Box::new(collect) }
    }

    fn get(&self, letter: char) -> Option<&str> {
        self.collected.get_or_init(&self.collect).get(letter)
    }
}

impl OfUnit {
    fn get(&self, letter: char) -> Option<&str> {
        match OWN.find(letter) {
            Some(at) => self.own[at].get_or_init(|| self.value(letter)).as_deref(),
            None => self.machine.get(letter),
        }
    }

    fn value(&self, letter: char) -> Option<String> {
        let real = self.fragment.as_deref();
        let text = |path: Option<&Path>| path?.to_str().map(str::to_owned);
        match letter {
            'd' => self.machine.get('t').map(|runtime| format!("{runtime}/credentials/{}", self.name)),
            'y' => text(real),
            'Y' => text(real.and_then(Path::parent)),
            _ => value_of_name(&self.name, letter),
        }
    }
}

/// The letters whose values are each unit's own.
const OWN: &str = "nNpPiIjJfdyY";

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
    /// The letters whose values follow from a unit's name alone.
    pub(crate) const OF_NAME: &str = "nNpPiIjJf";

    /// The specifiers that follow from the unit's name alone (`%n %N %p %P %i %I %j %J %f`). One whose unescaping fails
    /// stays without a value.
    pub fn of_name(name: &UnitName) -> Specifiers {
        let values =
            Specifiers::OF_NAME.chars().filter_map(|letter| Some((letter, value_of_name(name, letter)?)));
        Specifiers { values: values.collect(), unit: None }
    }

    /// The specifiers of a unit whose fragment stands there, on that machine.
    pub(crate) fn of_unit(name: &UnitName, fragment: Option<PathBuf>, machine: Arc<OfMachine>) -> Specifiers {
        let unit = OfUnit { name: name.clone(), fragment, own: Default::default(), machine };
        Specifiers { values: Values::new(), unit: Some(Arc::new(unit)) }
    }

    /// Sets one specifier's value.
    pub fn set(&mut self, letter: char, value: impl Into<String>) {
        self.values.insert(letter, value.into());
    }

    /// One specifier's value, where it has one.
    pub fn get(&self, letter: char) -> Option<&str> {
        let set = self.values.get(&letter).map(String::as_str);
        set.or_else(|| self.unit.as_ref()?.get(letter))
    }

    /// Replaces every specifier in `text`; `%%` becomes `%`, and `%` before anything but a letter or digit stays
    /// (systemd: `src/shared/specifier.c: specifier_printf`).
    pub fn expand(&self, text: &str) -> Result<String, SpecifierError> {
        if !text.contains('%') {
            return Ok(text.to_owned());
        }
        let mut expanded = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                expanded.push(c);
                continue;
            }
            match chars.next() {
                None | Some('%') => expanded.push('%'),
                Some(letter) => match self.get(letter) {
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

impl PartialEq for Specifiers {
    /// Whether every letter has the same value.
    fn eq(&self, other: &Self) -> bool {
        LETTERS.chars().all(|letter| self.get(letter) == other.get(letter))
    }
}

impl Eq for Specifiers {}

impl fmt::Debug for Specifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = LETTERS.chars().filter_map(|letter| Some((letter, self.get(letter)?)));
        f.debug_map().entries(values).finish()
    }
}

/// What follows from a unit's name alone.
fn value_of_name(name: &UnitName, letter: char) -> Option<String> {
    let prefix = name.prefix();
    let instance = name.instance().unwrap_or_default();
    let last_part = prefix.rsplit_once('-').map_or(prefix, |(_, last)| last);
    match letter {
        'n' => Some(name.as_str().to_owned()),
        'N' => Some(name.stem().to_owned()),
        'p' => Some(prefix.to_owned()),
        'P' => unescape(prefix),
        'i' => Some(instance.to_owned()),
        'I' => unescape(instance),
        'j' => Some(last_part.to_owned()),
        'J' => unescape(last_part),
        'f' => unescape_path(name.instance().unwrap_or(prefix)),
        _ => None,
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
