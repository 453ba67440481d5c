//! A unit's life in the foreground (systemd.service(5)): conditions, start, readiness, reload, stop, and nothing left
//! behind.
//!
//! [`run`] does what a service manager does for one service, once: it never restarts it. It starts processes and waits for
//! them on the calling thread; what happens is told to an [`Observer`] as it happens, and what came of it all is the
//! [`Outcome`]. It knows no terminal.
#![forbid(unsafe_code)]

mod activation;
mod active;
mod bus;
mod control;
mod environment;
mod exit;
mod guard;
mod notify;
mod observer;
mod outcome;
mod pid_file;
mod pressure;
mod processes;
mod spawn;
mod start;
mod stop;
mod supervisor;
mod visit;
mod wait;

pub use activation::{Activated, Activation, RunOnce, Start, activate};
pub use control::{Controls, Requests};
pub use exit::Exit;
pub use observer::{Event, Observer, Role};
pub use outcome::{Outcome, ServiceResult};
pub use ringfence_engine::{own_bases, own_runtime_directory};
pub use supervisor::{Options, Passed, Refused, run};
pub use visit::{COMMAND, Visit, Visited, visit};
