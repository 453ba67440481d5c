//! The one place for system calls that need `unsafe`: one safe function per use of a call, owned descriptors, no policy.
//!
//! Whatever `rustix` offers safely is called from there directly, by the crate that needs it; this crate holds only
//! the rest. One module a subject; each `unsafe` block says which obligation it has and why it holds here.

pub mod descriptors;
pub mod device_filter;
pub mod exec;
pub mod fork;
pub mod keyring;
pub mod memory;
pub mod mount;
pub mod network;
pub mod ptrace;
pub mod scheduling;
pub mod seccomp;
pub mod signal;
pub mod sysv;
pub mod write_execute;

/// The error that the C library has left for the calling thread.
fn last_error() -> rustix::io::Errno {
    let code = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    rustix::io::Errno::from_raw_os_error(code)
}
