//! Calls that only looked at something, and were delivered with all that they used.
//!
//! Who makes the same call again, and finds the very same thing there, did nothing new: such a call needs no more than one
//! look. Whatever else decides its result, and what is noted of it, is the same: the program and its rights (those of the
//! recorder, or its calls are not foreseen), the directory, and the thing itself down to the time of its last change.

use crate::Program;
use crate::resolve::{Look, Seen};
use hashbrown::HashMap;
use ringfence_profile::Abi;
use rustix::io::Errno;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a call counts as delivered: the owners and modes of the directories on the way are not looked at meanwhile.
const BELIEVED: Duration = Duration::from_secs(10);

/// So many calls are remembered at most.
const MOST: usize = 1 << 17;

/// What tells one call from another.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Repeat {
    pub program: ByAddress,
    pub call: (Abi, u32),
    /// The argument that says how to look.
    pub how: u64,
    pub directory: u64,
    pub last: Vec<u8>,
}

/// A program that is told from others by its address. It is held, so that no other program comes to be there.
#[derive(Debug)]
pub(super) struct ByAddress(pub Arc<Program>);

impl PartialEq for ByAddress {
    fn eq(&self, other: &ByAddress) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ByAddress {}

impl Hash for ByAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// The calls that were delivered, and what they found.
#[derive(Default)]
pub(super) struct Repeats {
    known: HashMap<Repeat, (Result<Seen, Errno>, Instant)>,
}

impl Repeats {
    /// Whether a call was delivered that found the same.
    pub(super) fn contains(&self, repeat: &Repeat, look: &Look) -> bool {
        let known = self.known.get(repeat);
        known.is_some_and(|(seen, since)| *seen == look.seen && since.elapsed() <= BELIEVED)
    }

    /// A call is delivered.
    pub(super) fn insert(&mut self, repeat: Repeat, look: &Look) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(repeat, (look.seen, Instant::now()));
    }

    /// What the calls found, or who may look, has changed.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}
