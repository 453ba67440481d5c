//! `%` specifiers.

use crate::UnitName;
use std::collections::BTreeMap;
use std::fmt;

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
    /// The specifiers that follow from the unit's name alone (`%n %N %p %P %i %I %j %J %f`).
    pub fn of_name(name: &UnitName) -> Specifiers {
        let _ = name;
        todo!()
    }

    /// Sets one specifier's value.
    pub fn set(&mut self, letter: char, value: impl Into<String>) {
        self.values.insert(letter, value.into());
    }

    /// Replaces every specifier in `text`; `%%` becomes `%`, and `%` before anything but a letter or digit stays.
    pub fn expand(&self, text: &str) -> Result<String, SpecifierError> {
        let _ = text;
        todo!()
    }
}
