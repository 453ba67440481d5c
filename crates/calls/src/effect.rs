//! A call as it was seen, and what it did.

use ringfence_profile::{FileKind, Operation, Operations, Privilege, PtraceUse};

/// A call at its end, and what the recorder read of what its rule points to.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The arguments. That of [`Rule::word`](crate::Rule::word) is replaced by the word that it points to.
    pub args: [u64; 6],
    /// The result: the value, or the negated error number.
    pub result: i64,
    /// The names, in the order of the rule; `None` where the pointer was null or could not be read.
    pub names: [Option<&'a [u8]>; 2],
    /// For an object that is a file: the last component of its path (`net:[4026531840]` for a namespace).
    pub object: Option<&'a [u8]>,
    /// Whether an open made the file; for one that failed, whether it would have made it.
    pub made: bool,
}

impl Call<'_> {
    pub(crate) fn arg(&self, which: usize) -> u64 {
        self.args[which]
    }

    pub(crate) fn flag(&self, which: usize, flag: u64) -> bool {
        self.args[which] & flag != 0
    }

    pub(crate) fn number(&self, which: usize) -> i32 {
        self.args[which] as i32
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.result >= 0
    }

    /// Whether the first name is missing or empty: then the call is about the descriptor itself.
    pub(crate) fn is_about_descriptor(&self) -> bool {
        self.names[0].is_none_or(<[u8]>::is_empty)
    }
}

/// Which of a call's objects an effect is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// The first or second name of the rule.
    Name {
        /// Counted from 0.
        which: usize,
        /// Whether a symlink at the end of the name is followed.
        follow: bool,
    },
    /// The rule's object: the file opened, a descriptor, the new working directory.
    Object,
}

/// One thing that a call did or tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It used a file.
    File {
        /// Which.
        on: On,
        /// How.
        operations: Operations,
        /// What it must be, when the call can only succeed on such a file.
        kind: FileKind,
        /// Set-user-ID and set-group-ID bits that the call set.
        set_id: u16,
    },
    /// It used the socket address that is the rule's object.
    Address {
        /// bind(2); else it was connected or sent to.
        bind: bool,
    },
    /// It used another privilege.
    Privilege(Privilege),
    /// It reached into the process of this number, as the caller numbers processes.
    Ptrace {
        /// How.
        way: PtraceUse,
        /// Which process; 0 for the caller's parent.
        process: i32,
    },
    /// It sent a signal to this process, or to the group of the negated number.
    Signal {
        /// Which process.
        process: i32,
    },
}

/// A list of effects under construction.
#[derive(Default)]
pub(crate) struct Effects(pub(crate) Vec<Effect>);

impl Effects {
    pub(crate) fn file(&mut self, on: On, operations: impl Into<Operations>) {
        self.of_kind(on, operations, FileKind::Unknown);
    }

    pub(crate) fn of_kind(&mut self, on: On, operations: impl Into<Operations>, kind: FileKind) {
        self.0.push(Effect::File { on, operations: operations.into(), kind, set_id: 0 });
    }

    /// A use that may set the bits of `mode`.
    pub(crate) fn with_mode(&mut self, on: On, operation: Operation, kind: FileKind, mode: u64) {
        let set_id = (mode & 0o6000) as u16;
        self.0.push(Effect::File { on, operations: operation.into(), kind, set_id });
    }

    pub(crate) fn privilege(&mut self, privilege: Privilege) {
        self.0.push(Effect::Privilege(privilege));
    }
}

/// The first name, a symlink at its end followed.
pub(crate) const FOLLOWED: On = On::Name { which: 0, follow: true };
/// The first name itself.
pub(crate) const ITSELF: On = On::Name { which: 0, follow: false };
/// The second name itself.
pub(crate) const SECOND: On = On::Name { which: 1, follow: false };

/// The first name, a symlink at its end followed or not.
pub(crate) fn name(follow: bool) -> On {
    On::Name { which: 0, follow }
}
