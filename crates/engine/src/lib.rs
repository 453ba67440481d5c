//! Applies a plan to a process: namespaces, mounts, identity, capabilities, filters, and at last the program.

mod child;
mod enforcement;
mod failure;
mod identity;
mod launch;
pub mod mounts;
mod step;
mod wire;

pub use enforcement::{Enforcement, Shortfall, Strength};
pub use failure::Failure;
pub use identity::Identity;
pub use launch::{Launch, Progress, Started, Starting, Streams};
pub use step::Step;
