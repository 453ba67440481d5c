//! What a recording saw, as data.
//!
//! Recorders deliver [`Event`]s: raw samples, uninterpreted. A [`Profile`] is a fold of events: each access once, with
//! who did it and how it ended, and the recordings' blind spots. Two profiles merge into one.
//!
//! This crate promises to be pure: it opens no file, makes no system call and looks at no clock; it reads and writes
//! the documented JSON (`docs/profile.md`) through whatever reader or writer it is handed. It judges nothing: what a
//! profile means for a unit is `ringfence-propose`'s business.
#![forbid(unsafe_code)]

mod event;
mod operation;
mod privilege;
mod program;
mod recording;

mod describe;
mod diff;
mod escape;
mod fold;
mod intern;
mod json;
mod names;
mod profile;
mod tree;

pub use diff::Difference;
pub use escape::name_text;
pub use event::{Event, FileKind, FileUse, Link, ProcessRelation, What};
pub use json::ReadError;
pub use operation::{Operation, Operations};
pub use privilege::{
    Address, ClockUse, ExecGain, IdentityChange, IoUringUse, KeyringUse, ModuleUse, NameKind, NamespaceKind,
    NamespaceWay, Privilege, PtraceUse, WriteExecuteWay,
};
pub use profile::{FileAccess, Profile, Witness};
pub use program::Program;
pub use recording::{BlindSpot, RecorderKind, Recording, RecordingId};
pub use ringfence_seccomp::Abi;
pub use tree::{Line, Tree};
