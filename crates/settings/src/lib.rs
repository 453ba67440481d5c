//! The catalogue of systemd's directives, and a unit's directives as types.
//!
//! [`Settings`] is what systemd.exec(5) calls the execution environment, with systemd.service(5)'s part: every value is
//! typed and knows the assignment that it came from. Turning a [`ringfence_unit::Unit`] into settings opens no file and
//! cannot fail: what is wrong comes back as complaints, and a unit that systemd would refuse says so.
#![forbid(unsafe_code)]

pub mod catalogue;
mod derive;
mod effective;
mod imply;
mod load;
mod read;
mod show;
mod suggest;
mod types;
mod value;
mod verify;

pub use imply::imply;
pub use show::Setting;
pub use types::*;
