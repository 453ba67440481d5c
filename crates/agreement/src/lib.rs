//! How we know that ringfence equals systemd.
//!
//! A [`Case`] is a unit, the files it meets, and what a real systemd made of it: how the service ended, how every
//! access to every path ended, the mount table, the process's attributes. Cases are recorded by running the probe
//! under a systemd in a lab ([`Machine`]), and replayed against the plan, the engine and `why` without one.
//!
//! This crate promises to compare, never to explain away: a difference that is to be accepted is written down beside
//! the case, with its reason. It knows no directive's meaning; whatever it expects, a systemd said.
#![forbid(unsafe_code)]

mod batch;
mod case;
mod compare;
mod fixture;
mod generate;
mod machine;
mod minimise;
mod mounts;
mod paths;
mod predict;
mod process_lines;
mod process_units;
mod program;
mod replay;
mod ringfence;
mod systemd;
mod systemd_tests;
mod vocabulary;
mod why;

pub use batch::{Bench, Compared, Other};
pub use case::{Case, Facts, Outcome, cases_dir, open_dir, process_dir};
pub use compare::{Difference, differences, passing};
pub use fixture::{Entry, Kind, script};
pub use generate::{Draft, draft};
pub use machine::Machine;
pub use minimise::minimised;
pub use mounts::visible;
pub use paths::{RARE, named_in, standard};
pub use predict::{Prediction, predict, predicted, wrong};
pub use process_units::draft_of_process;
pub use program::{Program, built};
pub use replay::{Replayed, each, everywhere, job_of, replayed};
pub use ringfence::{bring, under_ringfence};
pub use systemd::{Job, install, name_namespaces, outcome, prepare, survey, under_systemd};
pub use systemd_tests::{Expected, Runner, Step, UNITS, Verdict, run_systemd_tests, table};
