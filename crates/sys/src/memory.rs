//! Reading another process's memory.

use crate::last_error;
use rustix::io::Result;
use rustix::process::Pid;

/// Copies memory of another process from `address` on into `buffer`, as much as there is in one piece; the number of
/// bytes copied (`process_vm_readv(2)`).
///
/// # Errors
/// `EFAULT`: nothing is mapped at `address`. `EPERM`: this process may not trace that one. `ESRCH`: it is gone.
pub fn read(process: Pid, address: u64, buffer: &mut [u8]) -> Result<usize> {
    let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let remote =
        libc::iovec { iov_base: std::ptr::without_provenance_mut(address as usize), iov_len: buffer.len() };
    // SAFETY: the kernel writes at most `iov_len` bytes to `local`, which is exactly `buffer`, borrowed mutably through
    // the call. The remote address is only a number to this process: the kernel checks it.
    let copied = unsafe {
        libc::process_vm_readv(process.as_raw_nonzero().get(), &raw const local, 1, &raw const remote, 1, 0)
    };
    usize::try_from(copied).map_err(|_| last_error())
}
