//! What was applied, and what was not, or only more weakly, and why.

use ringfence_terms::Origin;
use std::fmt;

/// What starting a process under its settings came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enforcement {
    /// What falls short of what the unit asks for. Everything else that it asks for is applied.
    pub shortfalls: Vec<Shortfall>,
}

/// A directive that is enforced less than asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The directive.
    pub directive: String,
    /// Its line; none when it is implied by default.
    pub origin: Option<Origin>,
    /// How much is left of it.
    pub strength: Strength,
    /// What is missing and why; one sentence without a full stop.
    pub why: String,
}

/// How much is left of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Something, but less than asked for.
    Weaker,
    /// Nothing.
    NotEnforced,
}

impl Enforcement {
    /// Whether everything that the unit asks for is applied.
    pub fn is_complete(&self) -> bool {
        self.shortfalls.is_empty()
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strength = match self.strength {
            Strength::Weaker => "enforced only in part",
            Strength::NotEnforced => "not enforced",
        };
        write!(f, "{}= is {strength}: {}", self.directive, self.why)
    }
}
