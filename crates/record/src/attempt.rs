//! A call that is to be delivered: what it was about, as it was before it changed that.

use crate::resolve::{Found, Resolved};
use crate::view::View;
use crate::{FileUse, NamespaceKind, Operations, Privilege, ProcessRelation, Program};
use ringfence_calls::{Call, Effect, Rule};
use ringfence_profile::Address;
use std::sync::Arc;

/// A call of a rule, and where its objects are.
pub struct Attempt {
    /// Who, if it must be remembered: an execution is its caller's.
    pub by: Option<Arc<Program>>,
    /// The rule.
    pub rule: &'static Rule,
    /// The arguments; that of the rule's word is replaced by the word.
    pub arguments: [u64; 6],
    /// The names.
    pub names: [Option<Vec<u8>>; 2],
    /// Where each name leads.
    pub located: [Option<Located>; 2],
    /// The file behind a descriptor.
    pub object: Option<Located>,
    /// Its name as the kernel gives it, whatever it is.
    pub object_name: Option<Vec<u8>>,
    /// The socket address, or the path that it is.
    pub address: Option<SocketAddress>,
    /// Whether an open made its file; for one that failed, whether it would have.
    pub made: bool,
    /// What an executed file is run by.
    pub interpreters: Vec<Located>,
}

/// A path of a call, and what was there before the call.
#[derive(Clone)]
pub struct Located {
    /// Its operations and kind are filled in at the end of the call.
    pub file: FileUse,
    /// What was there.
    pub found: Option<Found>,
}

/// A socket address.
pub enum SocketAddress {
    /// A path.
    Path(Located),
    /// Anything else.
    Other(Address),
}

impl Located {
    /// What a path leads to, as a program with this view sees it; `process` tells whose the path is, if it is one of
    /// `/proc/PID`.
    pub fn new(resolved: Resolved, view: &View, process: Option<ProcessRelation>) -> Located {
        let Resolved { path, via, found } = resolved;
        let file = FileUse {
            operations: Operations::NONE,
            host: (!view.is_the_hosts()).then(|| view.host_path(&path)).flatten(),
            kind: found.map(|found| found.kind()).unwrap_or_default(),
            via,
            process,
            path,
        };
        Located { file, found }
    }
}

/// `RESOLVE_IN_ROOT` (`linux/openat2.h`).
const RESOLVE_IN_ROOT: u64 = 0x10;

/// Which argument of openat2(2), which has four, is made to hold how it resolves its name: that is behind a pointer.
pub const RESOLVE_ARGUMENT: usize = 4;

/// Whether a call takes a directory for the root of the name that it is given.
pub fn resolves_in_root(rule: &Rule, arguments: &[u64; 6]) -> bool {
    rule.name == "openat2" && arguments[RESOLVE_ARGUMENT] & RESOLVE_IN_ROOT != 0
}

impl Attempt {
    /// A call of which no object has been found yet.
    pub fn new(rule: &'static Rule, arguments: [u64; 6], names: [Option<Vec<u8>>; 2]) -> Attempt {
        Attempt {
            by: None,
            rule,
            arguments,
            names,
            located: [None, None],
            object: None,
            object_name: None,
            address: None,
            made: false,
            interpreters: Vec::new(),
        }
    }

    /// What the call did, now that it has ended.
    pub fn effects(&self, result: i64) -> Vec<Effect> {
        self.rule.effects(&Call {
            args: self.arguments,
            result,
            names: [self.names[0].as_deref(), self.names[1].as_deref()],
            object: self.object_name.as_deref(),
            made: self.made,
        })
    }

    /// The kinds of namespaces that a clone(2) is about to make for the new process.
    pub fn namespaces_made(&self) -> Vec<NamespaceKind> {
        let made = |effect| match effect {
            Effect::Privilege(Privilege::Namespace { kind, .. }) => Some(kind),
            _ => None,
        };
        // Whatever the number of the new process will be.
        self.effects(1).into_iter().filter_map(made).collect()
    }
}
