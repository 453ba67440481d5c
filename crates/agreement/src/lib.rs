//! How we know that ringfence equals systemd.
//!
//! A [`Case`] is a unit, the files it meets, and what a real systemd made of it: how the service ended, how every
//! access to every path ended, the mount table, the process's attributes. Cases are recorded by running the probe
//! under a systemd in a lab ([`Machine`]), and replayed against the plan, the engine and `why` without one.
//!
//! This crate promises to compare, never to explain away: a difference that is to be accepted is written down beside
//! the case, with its reason. It knows no directive's meaning; whatever it expects, a systemd said.
#![forbid(unsafe_code)]

mod case;
mod fixture;
mod machine;
mod mounts;
mod paths;
mod program;
mod systemd;

pub use case::{Case, Facts, Outcome, cases_dir};
pub use fixture::{Entry, script};
pub use machine::Machine;
pub use mounts::visible;
pub use paths::{named_in, standard};
pub use program::{Program, built};
pub use systemd::{Job, Watched, install, outcome, prepare, survey, under_systemd};
