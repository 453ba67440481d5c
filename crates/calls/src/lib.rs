//! What each system call does with files and with what else a unit can restrict.
//!
//! A [`Rule`] says of one call, on one ABI, where its names, descriptors and addresses are among its arguments, which
//! arguments tell one use from another, and what [`Effect`]s it has. A recorder reads what the rule points to and asks
//! [`Rule::effects`]; so all recorders understand a call in the same way. This crate makes no system call and knows no
//! recorder; file names come out of it as they went in.
#![forbid(unsafe_code)]

mod address;
mod effect;
mod files;
mod other;
mod ring;
mod rule;

pub use address::SocketName;
pub use effect::{Call, Effect, On};
pub use ring::{RING_OPERATIONS, Request, is_unseen_request, ring_rule};
pub use rule::{At, Attributes, Object, Rule, rules};
