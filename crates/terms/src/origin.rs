//! Where a value came from.

use smol_str::SmolStr;
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// The assignment that a value came from: a directive, what it was set to, and where that stands.
///
/// One pointer wide and cheap to clone, for a unit has more than a hundred settings that each may have one; its parts are
/// those of [`Written`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(Arc<Written>);

/// A line that sets a directive.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Written {
    /// The directive as it is spelt in the file, without the `=`, for example `ProtectSystem`.
    pub directive: SmolStr,
    /// The whole value of the assignment, continuation lines joined, white space around it removed.
    pub value: SmolStr,
    /// The file, as it was opened (a fragment or a drop-in).
    pub file: Arc<Path>,
    /// The line that the assignment starts on, counted from 1.
    pub line: u32,
    /// The column of the directive's first character, in characters counted from 1.
    pub column: u32,
}

impl From<Written> for Origin {
    fn from(written: Written) -> Self {
        Origin(Arc::new(written))
    }
}

impl Deref for Origin {
    type Target = Written;

    fn deref(&self) -> &Written {
        &self.0
    }
}

impl fmt::Display for Origin {
    /// `Directive=value (file:line)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} ({}:{})", self.directive, self.value, self.file.display(), self.line)
    }
}

/// A value, and the assignment that it came from; a built-in default has no origin.
///
/// A value that one directive implies for another carries the origin of the implying one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The assignment responsible, or `None` for a built-in default.
    pub origin: Option<Origin>,
}

impl<T> Sourced<T> {
    /// A value that an assignment gave.
    pub fn new(value: T, origin: Origin) -> Self {
        Sourced { value, origin: Some(origin) }
    }

    /// A value that no line gave: systemd's built-in default.
    pub fn built_in(value: T) -> Self {
        Sourced { value, origin: None }
    }

    /// The same origin with the value changed by `f`.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: f(self.value), origin: self.origin }
    }
}
