//! From systemd's system call restrictions to the classic BPF programs that enforce them.
#![forbid(unsafe_code)]

mod abi;
mod architectures;
mod denial;
mod families;
mod filter;
mod group;
mod line;
mod list;
mod log;
mod namespaces;
mod syscall;
mod tables;
mod verdict;

pub use abi::{Abi, Machine};
pub use architectures::{Architecture, SyscallArchitectures};
pub use denial::Denial;
pub use families::{AddressFamilies, AddressFamily};
pub use filter::SyscallFilter;
pub use group::{Group, Member};
pub use list::Sense;
pub use log::SyscallLog;
pub use namespaces::{NamespaceRestriction, NamespaceType};
pub use syscall::Syscall;
pub use verdict::{Ruling, Verdict};
