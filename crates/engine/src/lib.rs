//! Applies a plan to a process: namespaces, mounts, identity, capabilities, filters, and at last the program.

mod child;
mod credentials;
mod descent;
mod devices;
mod directories;
mod dynamic_user;
mod enforcement;
pub mod environment;
mod executable;
mod failure;
mod filters;
mod identity;
mod ipc;
mod launch;
pub mod mounts;
mod namespaces;
mod open_file;
mod own;
mod privileges;
mod propagation;
mod properties;
mod runtime;
mod sandbox;
mod stdio;
mod step;
mod wire;

pub use devices::filter_devices;
pub use enforcement::{Enforcement, Shortfall, Strength};
pub use executable::DEFAULT_PATH;
pub use failure::Failure;
pub use identity::Identity;
pub use launch::{Launch, Progress, Started, Starting, Streams};
pub use own::{own_bases, own_runtime_directory};
pub use runtime::Runtime;
pub use sandbox::{Ended, Sandbox, SandboxError};
pub use step::Step;
