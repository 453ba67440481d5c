//! How the calling process takes signals, as far as an `execve(2)` hands it on.

use crate::last_error;
use rustix::io::Result;

/// Sets every signal to its default and lets every signal through. The two that the C library keeps for itself (glibc: 32
/// and 33) stay as they are, as in systemd.
pub fn reset_signals() -> Result<()> {
    for signal in 1..=libc::SIGRTMAX() {
        disposition(signal, libc::SIG_DFL);
    }
    // SAFETY: `sigset_t` is plain data for which all zeroes is a valid value; `sigemptyset` then makes it the empty
    // set, and `sigprocmask` reads it while it is alive.
    let result = unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut())
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

/// Sets one signal to its default.
pub fn default_signal(signal: i32) {
    disposition(signal, libc::SIG_DFL);
}

/// Ignores one signal.
pub fn ignore_signal(signal: i32) {
    disposition(signal, libc::SIG_IGN);
}

/// Failure means that the signal cannot have another disposition, or is the C library's: nothing is to be done then.
fn disposition(signal: i32, handler: libc::sighandler_t) {
    // SAFETY: the handler is SIG_DFL or SIG_IGN, so no code of ours will ever run in a signal's context.
    let _ = unsafe { libc::signal(signal, handler) };
}
