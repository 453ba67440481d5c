//! Installs a drop-in so that the service survives it, or takes it back; also after a crash half-way.
//!
//! [`install`] writes down what it will do before it does it (`/var/lib/ringfence/unfinished.json`), step by step: the file
//! is put in its place whole, the service manager reads it, the service is restarted, and its caller proves that it works. When
//! anything fails, everything is put back. When the process itself is killed, whoever calls [`recover`] next ends what was begun: what
//! was not proven is undone. [`remove`] takes a proven one back later.
//!
//! This crate promises that no file is ever seen half-written, that what was there before comes back as it was (the same file,
//! not a copy), and that a service which ran is started again. It decides nothing about what is installed.
#![forbid(unsafe_code)]

mod error;
mod file;
mod install;
mod remove;
mod services;
mod slot;
mod state;
mod tree;
mod watch;

pub use error::ApplyError;
pub use install::{Drive, Install, NotInstalled, Prove, Tell, install};
pub use remove::{Recovered, Removed, recover, remove};
pub use services::{Look, Services, System};
pub use slot::{NAME, Slot};
pub use state::{Before, Change, Goal, Installed, Locked, Step};
pub use tree::{Missing, Tree};
pub use watch::{Allowed, watch};

use error::cannot;
