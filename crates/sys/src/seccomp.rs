//! Loading seccomp filters.

use crate::last_error;
use rustix::io::{Errno, Result};

/// One instruction of a classic BPF program (`struct sock_filter`, `linux/filter.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// What to do: `BPF_…` bits.
    pub code: u16,
    /// How many instructions to skip when a condition holds.
    pub jump_true: u8,
    /// How many instructions to skip when a condition does not hold.
    pub jump_false: u8,
    /// A constant, an offset, or a distance.
    pub k: u32,
}

/// Puts a seccomp filter over the calling thread and whatever it becomes and starts (seccomp(2),
/// `SECCOMP_SET_MODE_FILTER`). It cannot be taken away again.
///
/// # Errors
/// `EACCES`: the thread has neither `CAP_SYS_ADMIN` nor no-new-privileges. `EINVAL`: the kernel does not accept the
/// program, which may have 4096 instructions at most. `ENOSYS`: the kernel has no seccomp.
pub fn install(program: &[Instruction]) -> Result<()> {
    set_filter(program, 0)
}

/// As [`install`], and the kernel also logs each call that the filter denies (`SECCOMP_FILTER_FLAG_LOG`, as systemd asks
/// for under `$SYSTEMD_LOG_SECCOMP`).
///
/// # Errors
/// Those of [`install`].
pub fn install_logged(program: &[Instruction]) -> Result<()> {
    set_filter(program, libc::SECCOMP_FILTER_FLAG_LOG)
}

fn set_filter(program: &[Instruction], flags: libc::c_ulong) -> Result<()> {
    let length = u16::try_from(program.len()).map_err(|_| Errno::INVAL)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut().cast() };
    // SAFETY: `program` points to `length` instructions of `struct sock_filter`'s layout (`Instruction` is repr(C) with
    // the same members), alive through the call; the kernel checks the program, copies it, and writes nothing.
    let result =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
