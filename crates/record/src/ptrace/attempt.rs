//! A call between its entry and its exit: what it was about, as it was then.

use crate::resolve::Found;
use crate::{FileUse, Program};
use ringfence_calls::{Call, Effect, Rule};
use ringfence_profile::Address;
use std::sync::Arc;

/// A call of a rule, at its entry.
pub(super) struct Attempt {
    /// Who, if it must be remembered: an execution is its caller's.
    pub by: Option<Arc<Program>>,
    pub rule: &'static Rule,
    pub arguments: [u64; 6],
    pub names: [Option<Vec<u8>>; 2],
    /// Where each name leads.
    pub located: [Option<Located>; 2],
    /// The file behind a descriptor.
    pub object: Option<Located>,
    /// Its name as the kernel gives it, whatever it is.
    pub object_name: Option<Vec<u8>>,
    pub address: Option<SocketAddress>,
    /// What an executed file is run by.
    pub interpreters: Vec<Located>,
}

/// A path of a call, and what was there before the call.
#[derive(Clone)]
pub(super) struct Located {
    /// Its operations and kind are filled in at the end of the call.
    pub file: FileUse,
    pub found: Option<Found>,
}

/// A socket address.
pub(super) enum SocketAddress {
    Path(Located),
    Other(Address),
}

impl Attempt {
    /// What the call did, now that it has ended.
    pub(super) fn effects(&self, result: i64) -> Vec<Effect> {
        self.rule.effects(&Call {
            args: self.arguments,
            result,
            names: [self.names[0].as_deref(), self.names[1].as_deref()],
            object: self.object_name.as_deref(),
            made: self.located[0].as_ref().is_none_or(|located| located.found.is_none()),
        })
    }
}
