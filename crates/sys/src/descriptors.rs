//! The descriptor table of the calling process, as an `execve(2)` hands it on.

use crate::last_error;
use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Result;

/// Lets none of the descriptors from `first` on survive `execve(2)`; they stay usable until then.
///
/// Linux 5.11 (`CLOSE_RANGE_CLOEXEC`).
pub fn close_on_exec_from(first: u32) -> Result<()> {
    // SAFETY: the call changes only the descriptors' close-on-exec flags: no descriptor is closed.
    let result = unsafe {
        libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_uint)
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

/// Makes copies of descriptors at the numbers 3, 4, 5 …, which survive `execve(2)` (sd_listen_fds(3)).
///
/// Whatever had those numbers is gone: the caller must be about to execute a program and own nothing there.
pub fn pass_from_three(descriptors: &[impl AsFd]) -> Result<()> {
    let first = 3;
    // First out of the way, so that none is overwritten before it is copied.
    let beyond = first + descriptors.len() as i32;
    let mut moved = Vec::with_capacity(descriptors.len());
    for descriptor in descriptors {
        moved.push(rustix::io::fcntl_dupfd_cloexec(descriptor, beyond)?);
    }
    for (number, descriptor) in (first..).zip(&moved) {
        // SAFETY: the caller owns nothing at the target number, as this function's contract says, so no owner of a
        // descriptor is deceived.
        if unsafe { libc::dup2(descriptor.as_raw_fd(), number) } < 0 {
            return Err(last_error());
        }
    }
    Ok(())
}
