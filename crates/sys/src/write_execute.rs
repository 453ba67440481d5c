//! `PR_SET_MDWE`: no memory that is writable and executable (Linux 6.3).

use crate::last_error;
use rustix::io::Result;

const PR_SET_MDWE: libc::c_int = 65;
const PR_GET_MDWE: libc::c_int = 66;
const REFUSE_EXEC_GAIN: libc::c_ulong = 1;

/// Whether the kernel knows it.
pub fn has_mdwe() -> bool {
    // SAFETY: all arguments are numbers, and the unused ones are 0 as the kernel demands.
    unsafe { libc::prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0 }
}

/// Denies the calling process, its program and its children memory that is, or becomes, executable after it was
/// writable. It cannot be taken back.
pub fn deny_write_execute() -> Result<()> {
    // SAFETY: all arguments are numbers, and the unused ones are 0 as the kernel demands.
    let result = unsafe { libc::prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
