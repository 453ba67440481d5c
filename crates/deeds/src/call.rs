//! System calls as such, without a library's own ideas.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Makes a call; the result, or the negated error number.
pub(crate) fn call(number: libc::c_long, arguments: &[i64]) -> i64 {
    let a = |at: usize| arguments.get(at).copied().unwrap_or(0);
    // SAFETY: the callers pass numbers and pointers to values that live through the call and are as large as the call
    // takes them to be; none passes memory that Rust believes to be immutable for the kernel to write to.
    let result = unsafe { libc::syscall(number, a(0), a(1), a(2), a(3), a(4), a(5)) };
    if result == -1 {
        -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    } else {
        result
    }
}

/// Makes a call that must succeed.
#[track_caller]
pub(crate) fn ok(number: libc::c_long, arguments: &[i64]) -> i64 {
    let result = call(number, arguments);
    assert!(result >= 0, "call {number}: {}", std::io::Error::from_raw_os_error(-result as i32));
    result
}

/// Makes a call that must fail in this way.
#[track_caller]
pub(crate) fn fails(errno: i32, number: libc::c_long, arguments: &[i64]) {
    assert_eq!(call(number, arguments), -i64::from(errno), "call {number}");
}

/// A path as an argument.
pub(crate) struct Text(CString);

impl Text {
    pub(crate) fn pointer(&self) -> i64 {
        self.0.as_ptr() as i64
    }
}

pub(crate) fn text(path: impl AsRef<OsStr>) -> Text {
    Text(CString::new(path.as_ref().as_bytes()).expect("a path without NUL"))
}

/// A value as an argument.
pub(crate) fn pointer<T>(value: &mut T) -> i64 {
    std::ptr::from_mut(value) as i64
}

pub(crate) const CWD: i64 = libc::AT_FDCWD as i64;

/// Opens a path as a descriptor alone; not through the library, whose own calls would be recorded.
#[track_caller]
pub(crate) fn open(path: &Path, flags: i32) -> i64 {
    let path = text(path);
    ok(libc::SYS_openat, &[CWD, path.pointer(), i64::from(flags), 0o644])
}
