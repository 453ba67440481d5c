//! The catalogue: one entry for each directive that systemd 257 knows.
//!
//! Entries are data. Whoever needs to know something about a directive (the reader of settings, the planner, the
//! scorer, the proposer, the linter, the manual) asks here.

mod directive;
mod field;
mod index;

mod access_control;
mod capabilities;
mod control;
mod credentials;
mod directories;
mod environment;
mod identity;
mod kill;
mod logging;
mod other_types;
mod paths;
mod process;
mod restrictions;
mod sandboxing;
mod scheduling;
mod service;
mod socket;
mod syscalls;
mod unit;

pub use directive::{
    Directive, Engine, Implication, Kind, Manual, Merge, Propose, Section, Shown, Since, VERSION,
};
pub(crate) use field::Field;
pub use index::find;

/// The parts of the catalogue, in the order of the manual pages.
static PARTS: &[&[Directive]] = &[
    unit::ALL,
    unit::CONDITION_ONLY,
    unit::CHECKS,
    unit::ASSERTS,
    unit::INSTALLS,
    service::ALL,
    paths::ALL,
    identity::ALL,
    capabilities::ALL,
    access_control::ALL,
    process::LIMITS,
    process::ALL,
    scheduling::ALL,
    sandboxing::SYSTEM,
    directories::ALL,
    sandboxing::ALL,
    restrictions::ALL,
    syscalls::ALL,
    environment::ALL,
    logging::ALL,
    credentials::ALL,
    kill::ALL,
    control::ALL,
    socket::ALL,
    other_types::MOUNT,
    other_types::AUTOMOUNT,
    other_types::SWAP,
    other_types::TIMER,
    other_types::PATH,
    other_types::SCOPE,
];

/// Every directive, in the order of the manual pages.
pub fn all() -> impl Iterator<Item = &'static Directive> {
    PARTS.iter().copied().flatten()
}
