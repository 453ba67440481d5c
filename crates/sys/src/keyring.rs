//! Kernel keyrings (keyrings(7)).

use crate::last_error;
use rustix::io::Result;

// Values of `linux/keyctl.h`.
const JOIN_SESSION_KEYRING: libc::c_long = 1;
const LINK: libc::c_long = 8;
const SETPERM: libc::c_long = 5;
const SESSION_KEYRING: libc::c_long = -3;
const USER_KEYRING: libc::c_long = -4;

/// View, read and search, for possessor and user.
const LOOK_ONLY: libc::c_long = 0x0b0b_0000;

/// Gives the calling process a new, empty session keyring.
pub fn new_session_keyring() -> Result<()> {
    keyctl(JOIN_SESSION_KEYRING, 0, 0)
}

/// Links the user keyring into the session keyring.
pub fn link_user_keyring() -> Result<()> {
    keyctl(LINK, USER_KEYRING, SESSION_KEYRING)
}

/// Adds a key of type `user` to the session keyring, which the service can read and not change.
pub fn add_session_key(name: &std::ffi::CStr, content: &[u8]) -> Result<()> {
    // SAFETY: both strings are NUL-terminated, and `content` is readable for its length; the kernel copies them.
    let key = unsafe {
        libc::syscall(
            libc::SYS_add_key,
            c"user".as_ptr(),
            name.as_ptr(),
            content.as_ptr(),
            content.len(),
            SESSION_KEYRING,
        )
    };
    if key < 0 {
        return Err(last_error());
    }
    keyctl(SETPERM, key, LOOK_ONLY)
}

fn keyctl(operation: libc::c_long, first: libc::c_long, second: libc::c_long) -> Result<()> {
    // SAFETY: each operation used here takes numbers only (JOIN_SESSION_KEYRING's null name means an anonymous one).
    let result = unsafe { libc::syscall(libc::SYS_keyctl, operation, first, second, 0, 0) };
    if result < 0 { Err(last_error()) } else { Ok(()) }
}
