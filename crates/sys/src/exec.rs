//! `execve(2)`.

use crate::last_error;
use rustix::io::Errno;
use std::ffi::{CStr, CString};

/// Replaces the calling process's program; returns only when that fails, with the reason.
pub fn execve(path: &CStr, arguments: &[CString], environment: &[CString]) -> Errno {
    let arguments = pointers(arguments);
    let environment = pointers(environment);
    // SAFETY: `path` and every element are NUL-terminated strings that outlive the call, both arrays end with a null
    // pointer, and the kernel only reads them.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    last_error()
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}
