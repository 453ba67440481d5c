//! What a silent service does not say: it is run on a shadow of the machine twice, in its sandbox and outside of it, and
//! what fails in the one and works in the other is what the sandbox refuses.
//!
//! [`reproduce`] compares the two, asks the unit's plan about each difference, and then tries the fixes in further trials:
//! a finding whose fix makes the service work is proven. It runs nothing itself: whoever calls it runs the trials, with
//! the recorders that a [`Notebook`] makes.
#![forbid(unsafe_code)]

mod compare;
mod notebook;
mod outside;
mod search;

pub use notebook::Notebook;
pub use outside::outside;
pub use search::{Reproduction, Run, Seen, reproduce};
