//! The catalogue: one entry for each directive that systemd 257 knows.
//!
//! Entries are data. Whoever needs to know something about a directive (the reader of settings, the planner, the
//! scorer, the proposer, the linter, the manual) asks here.

mod directive;
mod field;

mod capabilities;
mod identity;
mod kill;
mod paths;
mod process;
mod sandboxing;
mod service;
mod syscalls;

pub use directive::{
    Directive, Engine, Implication, Kind, Manual, Merge, Propose, Section, Shown, Since, VERSION,
};
pub(crate) use field::Field;

/// The parts of the catalogue, in the order of the manual pages.
static PARTS: &[&[Directive]] = &[
    service::ALL,
    paths::ALL,
    identity::ALL,
    capabilities::ALL,
    process::LIMITS,
    process::ALL,
    sandboxing::ALL,
    syscalls::ALL,
    kill::ALL,
];

/// Every directive, in the order of the manual pages.
pub fn all() -> impl Iterator<Item = &'static Directive> {
    PARTS.iter().copied().flatten()
}

/// The directive that a name means in a section; deprecated spellings are understood.
pub fn find(section: Section, name: &str) -> Option<&'static Directive> {
    all().find(|d| d.sections.contains(&section) && (d.name == name || d.spellings.contains(&name)))
}
