//! A copy-on-write shadow of the machine.
//!
//! [`enter`] puts the calling process into one: every file is there as it is on the machine, and whatever is written lands in
//! memory and is gone with the process. The network is its own (loopback only), and so are IPC, host name and processes:
//! ports clash with nothing, sockets of the machine's services cannot be reached, no process outside can be signalled.
//!
//! Root gets all of that with [`enter`]. An ordinary user gets it with [`own_users`] and [`enter_as_user`], for what that user may
//! write: in a user namespace in which all other owners are unknown.
//!
//! What a shadow never does: write a file, socket or device of the machine, or speak to its services. Where a part of
//! the tree cannot be shadowed it is read-only, and the [`Report`] says so; nothing is passed through.
#![forbid(unsafe_code)]

mod build;
mod device;
mod image;
mod own;
mod treatment;

pub use build::{Report, ShadowError, Weakness, enter};
pub use image::enter_image;
pub use own::{enter_as_user, own_users};
pub use treatment::{Treatment, treatment};
