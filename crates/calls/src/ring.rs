//! io_uring requests, which are system calls by another door.

use crate::{Rule, rules};

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

/// Requests that have an address or a name which is not understood: connect, bind, sending, attributes beyond the common
/// ones (`enum io_uring_op`, linux/io_uring.h).
const UNSEEN: &[u8] = &[9, 16, 26, 42, 44, 47, 48, 56];

/// Whether more is done by a request than a recorder can tell.
pub fn is_unseen_request(operation: u8) -> bool {
    UNSEEN.contains(&operation)
}

/// Bit N: request N has effects of its own.
pub const RING_OPERATIONS: u64 = {
    let (mut set, mut n) = (0, 0);
    while n < REQUESTS.len() {
        set |= 1 << REQUESTS[n].0;
        n += 1;
    }
    set
};

/// A request as the call that it stands for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The call's rule.
    pub rule: &'static Rule,
    /// The call's arguments, as far as they are numbers.
    pub arguments: [u64; 6],
    /// Of the request's two names only the second is one of the call's: a symlink's text is no name.
    pub second_name_alone: bool,
}

/// The call that a request stands for. `numbers` are what it has besides names: flags, a mode, or what socket(2) takes.
pub fn ring_rule(operation: u8, numbers: [u64; 3]) -> Option<Request> {
    let (_, name) = REQUESTS.iter().find(|request| request.0 == operation)?;
    let rule = rules().find(|rule| rule.name == *name)?;
    let mut arguments = [0; 6];
    match *name {
        "openat" | "statx" | "unlinkat" | "mkdirat" => arguments[2] = numbers[0],
        "renameat2" | "linkat" => arguments[4] = numbers[0],
        "socket" => arguments[..3].copy_from_slice(&numbers),
        _ => {}
    }
    Some(Request { rule, arguments, second_name_alone: *name == "symlinkat" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_stands_for_a_call() {
        for (operation, name) in REQUESTS {
            assert_eq!(ring_rule(*operation, [0; 3]).unwrap().rule.name, *name);
            assert_ne!(RING_OPERATIONS & 1 << operation, 0);
            assert!(!is_unseen_request(*operation));
        }
        assert!(ring_rule(0, [0; 3]).is_none());
    }
}
