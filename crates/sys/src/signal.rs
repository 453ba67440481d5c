//! How the calling process takes signals, as far as an `execve(2)` hands it on.

use crate::last_error;
use rustix::io::Result;

/// Sets every signal to its default and lets every signal through.
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

/// Through the system call itself: the C library would keep some signals for itself (glibc: 32 and 33), and an ignored
/// one would be handed on.
fn disposition(signal: i32, handler: libc::sighandler_t) {
    // `struct sigaction` as the kernel has it: the handler, then flags, a restorer on some machines, and the mask, all
    // of which are to be zero.
    let action: [libc::sighandler_t; 8] = [handler, 0, 0, 0, 0, 0, 0, 0];
    let mask_size = libc::SIGRTMAX().max(64) as usize / 8;
    // SAFETY: the kernel reads a `struct sigaction`, which is no longer than `action`; the handler is SIG_DFL or SIG_IGN,
    // so no code of ours will ever run in a signal's context. SIGKILL and SIGSTOP are refused, which is no matter.
    let _ = unsafe {
        libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), std::ptr::null::<u8>(), mask_size)
    };
}
