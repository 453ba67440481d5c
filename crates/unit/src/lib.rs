//! From files to a [`Unit`]: finding the fragment and the drop-ins, reading their lines, keeping every assignment
//! with the place that it came from.
//!
//! This crate promises to find and merge files exactly as systemd 257 does, to read any bytes without failing, and to
//! write an unchanged file back byte for byte. It knows no directive's meaning: a value is text until
//! `ringfence-settings` reads it. Only [`find`] opens files; everything else works on what it is handed.
//!
//! * [`find`]: search paths, aliases, masks, drop-ins; from a name or a path to a [`Unit`].
//! * [`text`]: one file's lines, with their places and what is wrong with them; edits that keep the rest as it is; and
//!   the text of new drop-ins.
//! * [`words`]: splitting a value into words, and writing words so that they are read back.
//! * [`UnitName`], [`Specifiers`], [`escape`]: names and what follows from them.
//!
//! One thing systemd leaves to chance is settled here: where drop-ins of the same file name belong to different aliases
//! of a unit, the alias that sorts first wins, not the one that a hash table happens to yield first.
#![forbid(unsafe_code)]

mod escape;
pub mod find;
mod instance;
mod name;
mod specifier;
pub mod text;
mod trial;
pub mod words;

pub use escape::{escape, escape_path, unescape, unescape_path};
pub use name::{UnitName, UnitNameError};
pub use specifier::{SpecifierError, Specifiers};

use ringfence_terms::{Complaint, Origin};
use std::path::Path;
use std::sync::Arc;

/// Whose manager runs the unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Manager {
    /// The system manager, PID 1.
    #[default]
    System,
    /// A user's own manager, `systemctl --user`.
    User,
}

/// One `Directive=value` line in effect order. Its directive and value are in the origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The section's name without brackets, for example `Service`.
    pub section: Arc<str>,
    /// Directive, value and place.
    pub origin: Origin,
}

/// What became of loading a unit (systemd: `LoadState`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadState {
    /// The files were read; whether the settings are good is for `ringfence-settings` to say.
    Loaded,
    /// No fragment was found.
    NotFound,
    /// The fragment is empty or a link to `/dev/null`.
    Masked,
    /// A file could not be read as a unit file at all (a bad section header, a line that is too long, not UTF-8).
    Error,
}

/// A unit as loaded: its fragment, its drop-ins, every assignment in the order in which they take effect.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The name that was asked for.
    pub name: UnitName,
    /// The name that the unit really has, where the asked-for one is an alias.
    pub id: UnitName,
    /// All other names of the unit.
    pub aliases: Vec<UnitName>,
    /// Whose manager would run it.
    pub manager: Manager,
    /// What became of loading it.
    pub state: LoadState,
    /// The unit file.
    pub fragment: Option<Arc<Path>>,
    /// The drop-ins, in the order in which they are applied.
    pub drop_ins: Vec<Arc<Path>>,
    /// Every assignment of every file, in the order in which they take effect.
    pub assignments: Vec<Assignment>,
    /// What is wrong with the files' syntax.
    pub complaints: Vec<Complaint>,
    /// The values of `%` specifiers for this unit.
    pub specifiers: Specifiers,
}

impl Unit {
    /// The assignments of one section, in the order in which they take effect.
    pub fn section<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a Assignment> {
        self.assignments.iter().filter(move |a| &*a.section == section)
    }
}
