//! From systemd's system call restrictions to the classic BPF programs that enforce them.
//!
//! This crate promises the decisions of systemd 257 (with libseccomp 2.6.0), call for call and on every ABI of the
//! machine, and for each decision about a list the line of the unit that makes it. It is pure: it reads no file, asks the
//! kernel nothing and loads nothing; loading a [`Program`] is `ringfence-sys`'s part.
//!
//! # Words
//!
//! - A [`Syscall`] is a name with a number on each [`Abi`] that has the call; a [`Group`] is one of systemd's `@` names.
//! - A list is what the lines of one directive come to: [`SyscallFilter`], [`SyscallLog`], [`AddressFamilies`],
//!   [`NamespaceRestriction`], [`SyscallArchitectures`]. Each takes lines in order with `apply`, and tells with `verdict`
//!   what becomes of a call, and because of which line.
//! - A [`Restriction`] is any directive that systemd enforces by filtering calls.
//! - [`filters`] makes all of a service's [`Filter`]s, in the order in which systemd loads them. A filter judges the calls
//!   of one ABI and lets those of the others pass. The kernel runs every loaded filter and takes the strictest answer.
//!
//! ```
//! use ringfence_seccomp::{Abi, Machine, Restriction, Syscall, SyscallFilter, Verdict, filters};
//! # use ringfence_terms::{Origin, Written};
//! # let line = |value: &str, line| -> Origin { Written {
//! #     directive: "SystemCallFilter".into(),
//! #     value: value.into(),
//! #     file: std::path::Path::new("x.service").into(),
//! #     line,
//! #     column: 1,
//! # }.into() };
//! let mut filter = SyscallFilter::default();
//! filter.apply(&line("@system-service", 7));
//! filter.apply(&line("~@chown:EPERM", 8));
//!
//! let ruling = filter.verdict(Syscall::named("fchown").unwrap(), Machine::X86_64);
//! assert_eq!(ruling.verdict, Verdict::Errno(ringfence_terms::Errno::EPERM));
//! assert_eq!(ruling.origin.unwrap().line, 8);
//!
//! let filters = filters(&[Restriction::SyscallFilter(filter)], Machine::X86_64)?;
//! assert_eq!(filters.last().unwrap().abi(), Some(Abi::X86_64));
//! assert!(filters[0].program().instructions().len() < 4096);
//! # Ok::<(), ringfence_seccomp::FilterFault>(())
//! ```
//!
//! # Why not an existing library
//!
//! `seccompiler` kills every call through a foreign ABI in each of its filters, and knows neither i386 nor x32; systemd's
//! filters let foreign ABIs pass, each having a filter of its own. libseccomp would decide alike, being what systemd uses,
//! but it is a C library that must be there when ringfence is built, and its answers carry no origin. The programs made
//! here are also shorter: runs of numbers with the same answer are one piece, found by bisection.
//!
//! # What the filters do not stop
//!
//! systemd's own holes are kept, so that what is tried here is what production does:
//!
//! - `RestrictAddressFamilies=` watches `socket()` alone, and i386's `socketcall()` passes it.
//! - A deny list compares all 64 bits of an argument where the kernel looks at 32: under `~AF_UNIX`,
//!   `socket(0x100000001, …)` makes a Unix socket. Lists of allowed families have no such hole.
//! - `RestrictRealtime=` does not watch `sched_setattr()`, nor `MemoryDenyWriteExecute=` i386's `shmat()`.
#![forbid(unsafe_code)]

mod abi;
mod architectures;
mod call;
mod denial;
mod families;
mod filter;
mod group;
mod line;
mod list;
mod log;
mod multiplexed;
mod namespaces;
mod program;
mod restriction;
mod rules;
mod set;
mod syscall;
mod tables;
mod verdict;

pub use abi::{Abi, Machine};
pub use architectures::{Architecture, SyscallArchitectures};
pub use call::{Action, Call};
pub use denial::Denial;
pub use families::{AddressFamilies, AddressFamily};
pub use filter::{FaultReason, FilterFault, SyscallFilter};
pub use group::{Group, Member};
pub use list::Sense;
pub use log::SyscallLog;
pub use namespaces::{NamespaceRestriction, NamespaceType};
pub use program::{Instruction, Program};
pub use restriction::{Filter, Restriction, filters};
pub use set::SyscallSet;
pub use syscall::Syscall;
pub use verdict::{Ruling, Verdict};
