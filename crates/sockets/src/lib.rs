//! Socket activation (systemd.socket(5)): the sockets that a service is started by.
//!
//! [`of_service`] finds the socket units that belong to a service, as systemd does; [`open`] makes what they listen on,
//! in whatever network and file system the calling process is in; [`Listener::accept`] takes a connection for
//! `Accept=yes`. What a socket unit asks for and is not done is in its settings' `not_enforced`; an address of a kind
//! that is not supported is an error with its line.
//!
//! This crate starts no service and watches nothing: who has the sockets decides when to start.
#![forbid(unsafe_code)]

mod address;
mod connection;
mod find;
mod open;

pub use address::Address;
pub use connection::Connection;
pub use find::{Found, SocketUnit, of_service, trigger_interval};
pub use open::{Listener, OpenError, Opened, Taken, open};
