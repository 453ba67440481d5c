//! The catalogue of systemd's directives, and a unit's directives as types.
//!
//! [`Settings`] is what systemd.exec(5) calls the execution environment, with systemd.service(5)'s part: every value is
//! typed and knows the assignment that it came from. [`Settings::from_unit`] reads a [`ringfence_unit::Unit`] as
//! systemd 257 does: what it would ignore comes back as complaints, what it would refuse the unit for is in
//! [`Settings::refused`] (or, in a drop-in, ends that file), and what one directive implies for another ([`imply`]) carries
//! the origin of the line that implies it. [`Settings::list`] is the way back, for people to read.
//!
//! [`catalogue`] has one entry a directive. It is data, except that each entry knows how its own value is read and
//! written; nothing else in this crate lists directives a second time.
//!
//! This crate promises to open no file, to ask the machine nothing, and to take any text without failing. It decides
//! neither what a setting does to the service's view (`ringfence-sandbox`) nor what it is worth (`ringfence-exposure`).
//!
//! ```
//! use ringfence_settings::catalogue::{self, Section};
//!
//! let directive = catalogue::find(Section::Service, "ProtectSystem").expect("a directive of systemd");
//! assert_eq!(directive.kind.expected(), "`yes`, `no`, `full` or `strict`");
//! assert!(directive.since.is_in(252));
//! ```
#![forbid(unsafe_code)]

pub mod catalogue;
mod derive;
mod effective;
mod imply;
mod load;
mod pulled_in;
mod read;
mod show;
mod suggest;
mod types;
mod value;
mod verify;

pub use imply::imply;
pub use pulled_in::pulled_in;
pub use show::Setting;
pub use types::*;
