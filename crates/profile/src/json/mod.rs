//! The profile on disk: JSON, one record a line, sorted. `docs/profile.md` is its reference.
//!
//! The stored form is kept apart from the working one, so that either can change alone.

mod files;
mod privileges;
mod read;
mod recordings;
mod stored_privilege;
mod words;
mod write;

pub use read::ReadError;

/// The version of the format; a reader refuses every other one. Keys may be added without a new version.
pub(crate) const VERSION: u32 = 1;
