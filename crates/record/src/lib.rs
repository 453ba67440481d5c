//! Watching processes: what they do becomes [`Event`]s.
//!
//! A [`Recorder`] starts or finds a [`Target`], watches it until it ends or until it is told to stop, and delivers events
//! to a [`Sink`]. There are two, ptrace here and BPF in `ringfence-record-ebpf`; they give the same profile for the same
//! work. This crate promises to interpret nothing (that is `ringfence-profile`'s fold) and to leave what it watches
//! as it was; it knows no terminal.
#![forbid(unsafe_code)]

mod attempt;
mod cgroup;
mod delivery;
mod execution;
mod mounts;
pub mod proc;
mod ptrace;
mod recorder;
mod resolve;
mod saving;
mod session;
mod target;
mod view;

pub use attempt::{Attempt, Located, RESOLVE_ARGUMENT, SocketAddress, resolves_in_root};
pub use cgroup::cgroup_directory;
pub use delivery::{Change, Peers, change, uses};
pub use execution::{MOST_SCRIPTS, interpreter};
pub use ptrace::PtraceRecorder;
pub use recorder::{Ended, RecordError, Recorder, Sink, Stop};
pub use resolve::{Eyes, Found, Resolved, Resolver, in_root};
pub use ringfence_profile::{
    Address, BlindSpot, ClockUse, Event, ExecGain, FileKind, FileUse, IdentityChange, IoUringUse, KeyringUse,
    Link, ModuleUse, NameKind, NamespaceKind, NamespaceWay, Operation, Operations, Privilege,
    ProcessRelation, Program, PtraceUse, RecorderKind, What, WriteExecuteWay,
};
pub use saving::{is_stream, save};
pub use session::{CHECKPOINT, Outcome, Progress, Report, SaveError, Session};
pub use target::{Command, Target};
pub use view::{Host, View};
