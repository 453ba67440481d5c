//! The search for the tightest drop-in under which a service still works.
//!
//! [`search`] runs the unit as it is, proposes a drop-in from what was recorded, and tries it. What a trial under the
//! proposal was denied, and the first trial was not, is opened by the narrowest line; where no denial explains a failure,
//! lines are left out by halves until the ones that break it are found. It ends with a drop-in that a trial has proven,
//! or says that there is none. Running trials is the caller's part: this crate touches nothing.
#![forbid(unsafe_code)]

mod denials;
mod search;

pub use search::{Attempt, Found, Hear, Machine, Run, Step, search};
