//! io_uring requests, which are system calls by another door.

use crate::effect::{Call, Effect, Effects};
use crate::{Rule, rules};
use ringfence_profile::{IoUringUse, Privilege};

/// A request, by its `IORING_OP_…`, and the call whose effects it has.
const REQUESTS: &[(u8, &str)] = &[
    (18, "openat"),
    (21, "statx"),
    (28, "openat"),
    (35, "renameat2"),
    (36, "unlinkat"),
    (37, "mkdirat"),
    (38, "symlinkat"),
    (39, "linkat"),
    (45, "socket"),
];

/// Bit N: request N has effects of its own.
pub const RING_OPERATIONS: u64 = {
    let (mut set, mut n) = (0, 0);
    while n < REQUESTS.len() {
        set |= 1 << REQUESTS[n].0;
        n += 1;
    }
    set
};

/// What a request did or tried. `numbers` are what it has besides names: flags, a mode, or what socket(2) takes; `call`
/// gives the names and the result.
///
/// The names of a symlink are its text and its place; only the place is used.
pub fn ring_effects(operation: u8, numbers: [u64; 3], call: &Call<'_>) -> Vec<Effect> {
    let mut effects = Effects::default();
    effects.privilege(Privilege::IoUring(IoUringUse::Request(operation)));
    let Some((_, name)) = REQUESTS.iter().find(|request| request.0 == operation) else { return effects.0 };
    let Some(rule) = rules().find(|rule: &&Rule| rule.name == *name) else { return effects.0 };
    let mut as_call = *call;
    as_call.args = [0; 6];
    match *name {
        "openat" | "statx" | "unlinkat" | "mkdirat" => as_call.args[2] = numbers[0],
        "renameat2" | "linkat" => as_call.args[4] = numbers[0],
        "socket" => as_call.args[..3].copy_from_slice(&numbers),
        _ => as_call.names[0] = call.names[1],
    }
    effects.0.extend(rule.effects(&as_call));
    effects.0
}
