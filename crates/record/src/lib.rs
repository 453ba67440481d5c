//! Watching processes: what they do becomes [`Event`]s.
//!
//! A [`Recorder`] starts or finds a [`Target`], watches it until it ends or until it is told to stop, and delivers events
//! to a [`Sink`]. There are two, ptrace here and BPF in `ringfence-record-ebpf`; they give the same profile for the same
//! work. This crate promises to interpret nothing (that is `ringfence-profile`'s fold) and to leave what it watches
//! as it was; it knows no terminal.
#![forbid(unsafe_code)]

mod recorder;
mod target;

pub use recorder::{Ended, RecordError, Recorder, Sink, Stop};
pub use ringfence_profile::{
    BlindSpot, Event, FileKind, FileUse, Link, Operation, Operations, Privilege, ProcessRelation, Program,
    RecorderKind, What,
};
pub use target::{Command, Target};
