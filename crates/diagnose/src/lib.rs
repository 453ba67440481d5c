//! From a log and a unit to findings: the true cause, the evidence, the line responsible, the narrowest fix.
//!
//! [`read_log`] takes a journal in any of its forms, or plain text; [`diagnose()`] asks each rule what a line tells, and puts
//! what it tells to the plan: which line of the unit denies it, and which lines would open just that. What a log says is never
//! trusted further than that; the verdict is the plan's. [`Judge`] does the same for what a recorder saw. Nothing is read but
//! what is handed in.
#![forbid(unsafe_code)]

mod case;
mod cause;
mod clue;
mod diagnosis;
mod finding;
mod judge;
mod log;
mod rules;
mod words;

pub use case::{Case, Programs};
pub use cause::Cause;
pub use clue::{Clue, Module, Want};
pub use diagnosis::diagnose;
pub use finding::{Finding, FindingFix};
pub use judge::Judge;
pub use log::{Entry, read_log};
