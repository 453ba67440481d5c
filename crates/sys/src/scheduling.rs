//! CPU, memory and I/O scheduling of the calling process, as far as `rustix` lacks it.

use crate::last_error;
use rustix::io::Result;

/// A policy as sched(7) numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy(pub u32);

impl Policy {
    /// `SCHED_OTHER`.
    pub const OTHER: Policy = Policy(0);
    /// `SCHED_FIFO`.
    pub const FIFO: Policy = Policy(1);
    /// `SCHED_RR`.
    pub const ROUND_ROBIN: Policy = Policy(2);
    /// `SCHED_BATCH`.
    pub const BATCH: Policy = Policy(3);
    /// `SCHED_IDLE`.
    pub const IDLE: Policy = Policy(5);
    /// `SCHED_EXT`.
    pub const EXT: Policy = Policy(7);
}

/// `struct sched_attr` of `linux/sched/types.h`, in its first version.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Sets the CPU scheduling policy of the calling thread (`sched_setattr(2)`).
pub fn set_policy(policy: Policy, priority: u32, reset_on_fork: bool) -> Result<()> {
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: policy.0,
        flags: u64::from(reset_on_fork),
        priority,
        ..Attributes::default()
    };
    // SAFETY: the kernel reads `size` bytes at the address of `attributes`, which is laid out as C lays it out and
    // outlives the call; 0 is the calling thread.
    let result = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, std::ptr::from_ref(&attributes), 0) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

/// Sets the I/O scheduling class (0 to 3) and priority (0 to 7) of the calling thread (`ioprio_set(2)`).
pub fn set_io_priority(class: u8, priority: u8) -> Result<()> {
    const WHO_PROCESS: libc::c_int = 1;
    let value = i32::from(class) << 13 | i32::from(priority);
    // SAFETY: all arguments are numbers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, value) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

/// Sets the NUMA memory policy of the calling thread (`set_mempolicy(2)`): a mode, and the numbers of nodes.
pub fn set_memory_policy(mode: u32, nodes: &[u32]) -> Result<()> {
    const BITS: u32 = u64::BITS;
    let words = nodes.iter().max().map_or(0, |highest| highest / BITS + 1) as usize;
    let mut mask = vec![0u64; words];
    for node in nodes {
        mask[(node / BITS) as usize] |= 1 << (node % BITS);
    }
    let (address, length) = match words {
        0 => (std::ptr::null(), 0),
        // One more than there are, because the kernel takes one off.
        words => (mask.as_ptr(), words * BITS as usize + 1),
    };
    // SAFETY: the kernel reads at most `length` bits at `address`, which `mask` has, or nothing when it is null.
    let result = unsafe { libc::syscall(libc::SYS_set_mempolicy, mode, address, length) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

/// Sets the execution domain (`personality(2)`).
pub fn set_personality(persona: u32) -> Result<()> {
    // SAFETY: the argument is a number.
    let result = unsafe { libc::personality(libc::c_ulong::from(persona)) };
    if result < 0 { Err(last_error()) } else { Ok(()) }
}

/// The execution domain as it is.
pub fn current_personality() -> u32 {
    // SAFETY: this value asks and sets nothing.
    let persona = unsafe { libc::personality(0xffff_ffff) };
    u32::try_from(persona).unwrap_or(0)
}

/// Lets the kernel merge equal pages of the calling process, or not (`PR_SET_MEMORY_MERGE`, Linux 6.4).
pub fn set_memory_merge(on: bool) -> Result<()> {
    const PR_SET_MEMORY_MERGE: libc::c_int = 67;
    // SAFETY: the arguments are numbers, and the unused ones are 0 as the kernel demands.
    let result = unsafe { libc::prctl(PR_SET_MEMORY_MERGE, libc::c_ulong::from(on), 0, 0, 0) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
