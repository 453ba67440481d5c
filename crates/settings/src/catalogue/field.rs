//! How a directive gets into [`Settings`] and out again.

use super::{Kind, Merge, Shown};
use crate::Settings;
use crate::read::{Line, Refusal};

/// Where in [`Settings`] a directive's value lies, how a line gets there, and how it is written again.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) kind: Kind,
    pub(crate) merge: Merge,
    /// Whether the directive has no type of its own, and its lines are kept in [`Settings::other`].
    pub(crate) kept: bool,
    /// Takes in one assignment.
    pub(crate) read: Read,
    /// The values that are not at their default, or that a line gave.
    pub(crate) show: Show,
}

/// How a line gets into the settings.
pub(crate) type Read = fn(&mut Line<'_>, &mut Settings) -> Result<(), Refusal>;

/// How what is in the settings is written again.
pub(crate) type Show = fn(&Settings) -> Vec<Shown>;

/// A field with one value: the last valid assignment wins.
macro_rules! scalar {
    ($notation:ty: $($path:ident).+) => {
        $crate::catalogue::Field {
            kind: <$notation as $crate::read::Notation>::KIND,
            merge: $crate::catalogue::Merge::Last,
            kept: false,
            read: |line, settings| $crate::read::scalar::<$notation>(line, &mut settings.$($path).+),
            show: |settings| $crate::read::show_scalar::<$notation>(&settings.$($path).+),
        }
    };
}

/// A field with one value or none: the last valid assignment wins, an empty one unsets.
macro_rules! optional {
    ($notation:ty: $($path:ident).+) => {
        $crate::catalogue::Field {
            kind: <$notation as $crate::read::Notation>::KIND,
            merge: $crate::catalogue::Merge::LastOrUnset,
            kept: false,
            read: |line, settings| $crate::read::optional::<$notation>(line, &mut settings.$($path).+),
            show: |settings| $crate::read::show_optional::<$notation>(&settings.$($path).+),
        }
    };
}

/// A field with a list of words: assignments add up, an empty one resets.
macro_rules! words {
    ($notation:ty, $quoting:expr, $($path:ident).+) => {
        $crate::catalogue::Field {
            kind: <$notation as $crate::read::Notation>::KIND,
            merge: $crate::catalogue::Merge::List,
            kept: false,
            read: |line, settings| $crate::read::words::<$notation>(line, $quoting, &mut settings.$($path).+),
            show: |settings| $crate::read::show_list::<$notation>(&settings.$($path).+),
        }
    };
}

/// A field with a list of whole lines: assignments add up, an empty one resets.
macro_rules! entries {
    ($notation:ty, $($path:ident).+) => {
        $crate::catalogue::Field {
            kind: <$notation as $crate::read::Notation>::KIND,
            merge: $crate::catalogue::Merge::List,
            kept: false,
            read: |line, settings| $crate::read::entries::<$notation>(line, &mut settings.$($path).+),
            show: |settings| $crate::read::show_list::<$notation>(&settings.$($path).+),
        }
    };
}

/// A field whose lines `ringfence-seccomp` merges.
macro_rules! merged {
    ($merge:ident, $kind:literal, $state:ident, $field:ident) => {
        $crate::catalogue::Field {
            kind: $crate::catalogue::Kind::Form($kind),
            merge: $crate::catalogue::Merge::$merge,
            kept: false,
            read: |line, settings| $crate::read::merged(line, &mut settings.syscalls.$field, $state::apply),
            show: |settings| $crate::read::show_merged(&settings.syscalls.$field),
        }
    };
}

/// Declares an enumeration of words that nobody but the manager needs: they are checked, and stay words.
macro_rules! words_only {
    ($(#[$meta:meta])* $name:ident: $($word:literal)+) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        pub(super) struct $name(&'static str);

        impl $crate::read::Keyword for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];
            fn of_word(word: &str) -> Option<Self> {
                Self::WORDS.iter().find(|known| **known == word).map(|known| $name(known))
            }
            fn as_word(self) -> &'static str {
                self.0
            }
        }
    };
}

/// A directive without a type of its own: its value is checked, and its lines are kept.
macro_rules! kept {
    ($notation:ty, $merge:ident) => {
        $crate::catalogue::Field {
            kind: <$notation as $crate::read::Notation>::KIND,
            merge: $crate::catalogue::Merge::$merge,
            kept: true,
            read: $crate::read::keep::<$notation>,
            show: $crate::read::show_nothing,
        }
    };
}

/// A directive that systemd passes over.
pub(super) const REMOVED: Field = Field {
    kind: Kind::Form("anything"),
    merge: Merge::Removed,
    kept: false,
    read: crate::read::removed,
    show: crate::read::show_nothing,
};

pub(super) use {entries, kept, merged, optional, scalar, words, words_only};
