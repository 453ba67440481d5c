//! Unit names: `prefix@instance.type`.

use std::fmt;

/// A valid unit name (systemd: `unit_name_is_valid`), at most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitName(String);

/// Why a text is not a unit name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitNameError {
    /// The text as given.
    pub text: String,
    /// What is wrong with it, in words.
    pub reason: &'static str,
}

impl fmt::Display for UnitNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a unit name: {}", self.text, self.reason)
    }
}

impl std::error::Error for UnitNameError {}

impl UnitName {
    /// Checks a name. A name without a type suffix is not completed here; that is the command line's courtesy.
    pub fn parse(text: &str) -> Result<UnitName, UnitNameError> {
        let _ = text;
        todo!()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
