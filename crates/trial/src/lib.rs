//! Trials: a service and its exercise, run on a shadow of the machine and recorded.
//!
//! [`run`] starts a unit in ringfence's own engine inside a shadow ([`ringfence_shadow`]): nothing of the machine is
//! written, signalled or connected to. When the service is ready the exercise drives it, then it is asked to reload if it
//! can, driven again, and stopped. What its processes did is recorded from outside the shadow.
//!
//! A trial changes nothing, installs nothing and decides nothing: it says what happened.
#![forbid(unsafe_code)]

pub mod bus;
mod exercise;
mod inside;
mod link;
mod outside;
mod report;
mod sockets;

pub use outside::{MakeRecorder, OfInstance, Trial, TrialError, run};
pub use report::{Report, Told};
