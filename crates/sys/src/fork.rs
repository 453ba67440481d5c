//! New processes, and namespaces for the calling one.

use crate::last_error;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Result;
use rustix::process::Pid;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `child` in a new process, which exits with what it returns; the parent gets the process's number.
///
/// The new process has a copy of everything, but only the calling thread. The C library's `fork` leaves its allocator
/// usable in the child (glibc: always; musl: since 1.2.2); every other lock that another thread held at that moment
/// stays held forever, so `child` must not wait for one: no printing through `std::io::stdout`, no channels, no
/// reading of the environment through `std::env`.
///
/// # Errors
/// What `fork(2)` says: `EAGAIN` (too many processes), `ENOMEM`.
pub fn fork_process(child: impl FnOnce() -> u8) -> Result<Pid> {
    // SAFETY: the child runs only `child` and leaves through `_exit`, so no frame of the caller is ever continued
    // twice; that `child` must not take a lock is about deadlock and part of this function's contract.
    match unsafe { libc::fork() } {
        -1 => Err(last_error()),
        0 => {
            let status = catch_unwind(AssertUnwindSafe(child)).unwrap_or(255);
            // SAFETY: `_exit` ends the process without running any handler; it has no precondition.
            unsafe { libc::_exit(i32::from(status)) }
        }
        pid => Pid::from_raw(pid).ok_or(rustix::io::Errno::INVAL),
    }
}

/// As [`fork_process`], but in a control group (version 2, its directory) from the start where that is possible; `child` is
/// told whether it is.
///
/// Moving a process into a group later makes the kernel wait for all CPUs, some ten milliseconds; being born there costs
/// nothing (`CLONE_INTO_CGROUP`, Linux 5.7). It is possible only while the caller has one thread, since the C library does
/// not know of it and could leave its allocator locked.
///
/// # Errors
/// As [`fork_process`].
pub fn fork_process_in(cgroup: BorrowedFd<'_>, child: impl FnOnce(bool) -> u8) -> Result<Pid> {
    if !is_single_threaded() {
        return fork_process(|| child(false));
    }
    let arguments = CloneArguments {
        flags: CLONE_INTO_CGROUP,
        exit_signal: libc::SIGCHLD as u64,
        cgroup: cgroup.as_raw_fd() as u64,
        ..CloneArguments::default()
    };
    // SAFETY: without CLONE_VM and with a null stack this is `fork(2)`: the child goes on with its own copy of the stack,
    // and runs only `child` before it leaves through `_exit`. There is no other thread that could hold a lock. The kernel
    // reads `size_of::<CloneArguments>()` bytes at the address of `arguments`, which is laid out as C lays out
    // `struct clone_args`.
    let pid = unsafe {
        libc::syscall(libc::SYS_clone3, std::ptr::from_ref(&arguments), size_of::<CloneArguments>())
    };
    match pid {
        // An older kernel, or a group that cannot be entered in this way.
        -1 => fork_process(|| child(false)),
        0 => {
            let status = catch_unwind(AssertUnwindSafe(|| child(true))).unwrap_or(255);
            // SAFETY: `_exit` ends the process without running any handler; it has no precondition.
            unsafe { libc::_exit(i32::from(status)) }
        }
        pid => i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(rustix::io::Errno::INVAL),
    }
}

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// `struct clone_args` of `linux/sched.h`, as of Linux 5.7.
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Two links to a directory, and one for each thread (`fs/proc/base.c: proc_task_getattr`).
fn is_single_threaded() -> bool {
    rustix::fs::stat("/proc/self/task").is_ok_and(|status| status.st_nlink == 3)
}

/// Kinds of namespaces, as `unshare(2)` and `setns(2)` take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Mounts.
    Mount,
    /// Network.
    Network,
    /// System V IPC and POSIX message queues.
    Ipc,
    /// Host name.
    Uts,
    /// Control groups.
    Cgroup,
    /// Users.
    User,
}

impl Namespace {
    fn flag(self) -> libc::c_int {
        match self {
            Namespace::Mount => libc::CLONE_NEWNS,
            Namespace::Network => libc::CLONE_NEWNET,
            Namespace::Ipc => libc::CLONE_NEWIPC,
            Namespace::Uts => libc::CLONE_NEWUTS,
            Namespace::Cgroup => libc::CLONE_NEWCGROUP,
            Namespace::User => libc::CLONE_NEWUSER,
        }
    }
}

/// Gives the calling process a namespace of its own.
pub fn unshare(namespace: Namespace) -> Result<()> {
    // SAFETY: none of the flags is CLONE_FILES or CLONE_VM: no memory and no descriptor table is involved.
    if unsafe { libc::unshare(namespace.flag()) } == 0 { Ok(()) } else { Err(last_error()) }
}

/// Makes the calling process the first one of a new PID namespace: it goes on, in a new process, as number 1; the old
/// process exits at once. The new process is a child of the old one's parent (`CLONE_PARENT`), which is to wait for it
/// and gets its number from `announce`, called in the old process.
///
/// # Errors
/// What `unshare(2)` and `clone(2)` say. After an error the calling process is still the old one.
pub fn become_first_of_pid_namespace(announce: impl FnOnce(Pid)) -> Result<()> {
    // SAFETY: CLONE_NEWPID alone changes only which namespace the next child is born in.
    if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
        return Err(last_error());
    }
    // SAFETY: without CLONE_VM and with a null stack this is `fork(2)`: the child goes on with its own copy of the
    // stack. The caller is single-threaded (it is a child made by `fork_process`), so no lock can be held elsewhere.
    // The argument order is that of x86-64 and arm64 as far as it matters: flags first, then the stack; the rest is 0.
    let pid = unsafe { libc::syscall(libc::SYS_clone, libc::CLONE_PARENT | libc::SIGCHLD, 0, 0, 0, 0) };
    match pid {
        -1 => Err(last_error()),
        0 => Ok(()),
        pid => {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                announce(pid);
            }
            // SAFETY: `_exit` ends the process without running any handler; it has no precondition.
            unsafe { libc::_exit(0) }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn threads_are_counted() {
        std::thread::scope(|scope| {
            let (end, until) = std::sync::mpsc::channel::<()>();
            scope.spawn(move || until.recv());
            assert!(!super::is_single_threaded());
            drop(end);
        });
        let alone = super::fork_process(|| u8::from(!super::is_single_threaded())).unwrap();
        let ended = rustix::process::waitpid(Some(alone), rustix::process::WaitOptions::empty()).unwrap();
        assert_eq!(ended.and_then(|(_, status)| status.exit_status()), Some(0));
    }
}
