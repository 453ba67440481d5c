//! `ptrace(2)`: following other processes from stop to stop.
//!
//! Linux ties tracing to one thread: whichever thread seizes a process must make every later call about it.

use crate::last_error;
use rustix::io::Result;
use rustix::process::Pid;
use std::ffi::{c_int, c_ulong, c_void};
use std::mem::MaybeUninit;

/// What becomes of a tracee when its tracer exits, or is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTracerExit {
    /// The tracee goes on without a tracer.
    Continue,
    /// The tracee is killed (`PTRACE_O_EXITKILL`).
    Kill,
}

/// Starts to trace a running thread, without stopping it (`PTRACE_SEIZE`). It will stop for executions, for new
/// processes and threads, which are then traced as well, and at calls that its seccomp filter traces.
///
/// # Errors
/// `ESRCH`: there is no such thread, or this thread may not see it. `EPERM`: it may not be traced by this thread, or
/// it is traced already.
pub fn seize(thread: Pid, on_exit: OnTracerExit) -> Result<()> {
    let options = libc::PTRACE_O_TRACESYSGOOD
        | libc::PTRACE_O_TRACESECCOMP
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEEXEC
        | match on_exit {
            OnTracerExit::Continue => 0,
            OnTracerExit::Kill => libc::PTRACE_O_EXITKILL,
        };
    plain(libc::PTRACE_SEIZE, thread, options as c_ulong)
}

/// How far a stopped thread is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until something that it must stop for.
    Event,
    /// Until the next entry to or exit from a system call at the latest.
    Syscall,
    /// Not at all: it stays stopped by its stop signal, until `SIGCONT` or another event.
    Continued,
}

/// Lets a stopped thread run on, and delivers `signal` to it unless that is 0.
///
/// # Errors
/// `ESRCH`: the thread is not stopped; a killed one goes away at any time.
pub fn resume(thread: Pid, until: Until, signal: i32) -> Result<()> {
    let request = match until {
        Until::Event => libc::PTRACE_CONT,
        Until::Syscall => libc::PTRACE_SYSCALL,
        Until::Continued => libc::PTRACE_LISTEN,
    };
    plain(request, thread, signal as c_ulong)
}

/// Makes a seized thread stop soon (`PTRACE_INTERRUPT`).
pub fn interrupt(thread: Pid) -> Result<()> {
    plain(libc::PTRACE_INTERRUPT, thread, 0)
}

/// Ends tracing of a stopped thread, which runs on; `signal` is delivered to it unless that is 0.
pub fn detach(thread: Pid, signal: i32) -> Result<()> {
    plain(libc::PTRACE_DETACH, thread, signal as c_ulong)
}

/// A request that takes a number and touches no memory of the caller.
fn plain(request: libc::c_uint, thread: Pid, data: c_ulong) -> Result<()> {
    // SAFETY: none of the requests that this module passes here reads or writes memory of the caller: address and data
    // are ignored or are numbers (ptrace(2)).
    let result =
        unsafe { libc::ptrace(request, thread.as_raw_nonzero().get(), std::ptr::null_mut::<c_void>(), data) };
    if result == -1 { Err(last_error()) } else { Ok(()) }
}

/// What the event at which a thread stopped says: a new process's number, or the number that the thread had before it
/// executed (`PTRACE_GETEVENTMSG`).
pub fn event_message(thread: Pid) -> Result<u64> {
    let mut message: c_ulong = 0;
    // SAFETY: the request writes one unsigned long to `data`, which points to one that lives through the call.
    let result = unsafe {
        libc::ptrace(
            libc::PTRACE_GETEVENTMSG,
            thread.as_raw_nonzero().get(),
            std::ptr::null_mut::<c_void>(),
            &raw mut message,
        )
    };
    if result == -1 { Err(last_error()) } else { Ok(message) }
}

/// A system call as the kernel is about to make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// `AUDIT_ARCH_…` of the ABI that the call came through, whatever the program's own.
    pub arch: u32,
    /// The number in that ABI.
    pub number: u32,
    /// The arguments' registers.
    pub arguments: [u64; 6],
}

/// At which point of a system call a thread is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// At none.
    None,
    /// Before the call.
    Entry(Call),
    /// After the call: its result, negative error numbers included.
    Exit(i64),
    /// Before the call, and a seccomp filter wants it traced.
    Seccomp(Call),
}

/// Where in a system call a stopped thread is (`PTRACE_GET_SYSCALL_INFO`, since Linux 5.3).
pub fn progress(thread: Pid) -> Result<Progress> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    // SAFETY: the request writes at most as many bytes to `data` as `addr` says, and that is the size of what `data`
    // points to, which lives through the call.
    let result = unsafe {
        libc::ptrace(
            libc::PTRACE_GET_SYSCALL_INFO,
            thread.as_raw_nonzero().get(),
            size_of::<libc::ptrace_syscall_info>(),
            info.as_mut_ptr(),
        )
    };
    if result == -1 {
        return Err(last_error());
    }
    // SAFETY: the structure is plain integers, for which the zeroes that it started with are valid values, as is
    // whatever the kernel wrote over them.
    let info = unsafe { info.assume_init() };
    let call = |number: u64, arguments: [u64; 6]| Call { arch: info.arch, number: number as u32, arguments };
    // SAFETY: `op` says which member of the union the kernel wrote; all of them are plain integers.
    Ok(unsafe {
        match info.op {
            libc::PTRACE_SYSCALL_INFO_ENTRY => Progress::Entry(call(info.u.entry.nr, info.u.entry.args)),
            libc::PTRACE_SYSCALL_INFO_EXIT => Progress::Exit(info.u.exit.sval),
            libc::PTRACE_SYSCALL_INFO_SECCOMP => {
                Progress::Seccomp(call(info.u.seccomp.nr, info.u.seccomp.args))
            }
            _ => Progress::None,
        }
    })
}

/// What a traced thread or a child did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It exited, or a signal killed it: the status as wait(2) gives it.
    Ended(i32),
    /// Stopped at a system call's entry or exit.
    Syscall,
    /// Stopped at an event.
    Event(Event),
    /// Stopped by a stop signal, together with its whole process.
    Group,
    /// Stopped before a signal is delivered: the signal.
    Signal(i32),
}

/// Events that a traced thread stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It made a process or thread; [`event_message`] is its number.
    New,
    /// It executed another program.
    Exec,
    /// A seccomp filter wants a call traced.
    Seccomp,
    /// It was asked to stop, or has just come under tracing, or was continued.
    Stop,
}

/// Waits until a tracee or child of the calling thread does something. Children of other threads are left alone.
///
/// # Errors
/// `ECHILD`: this thread has neither tracees nor children. `EINTR`: a signal handler ran.
pub fn wait() -> Result<(Pid, Change)> {
    let mut status: c_int = 0;
    loop {
        // SAFETY: `status` lives through the call, which writes one int to it.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::__WNOTHREAD) };
        if pid == -1 {
            return Err(last_error());
        }
        if let (Some(pid), Some(change)) = (Pid::from_raw(pid), change(status)) {
            return Ok((pid, change));
        }
    }
}

fn change(status: c_int) -> Option<Change> {
    if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
        return Some(Change::Ended(status));
    }
    if !libc::WIFSTOPPED(status) {
        return None;
    }
    let signal = libc::WSTOPSIG(status);
    Some(match status >> 16 {
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
            Change::Event(Event::New)
        }
        libc::PTRACE_EVENT_EXEC => Change::Event(Event::Exec),
        libc::PTRACE_EVENT_SECCOMP => Change::Event(Event::Seccomp),
        libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => Change::Event(Event::Stop),
        libc::PTRACE_EVENT_STOP => Change::Group,
        _ if signal == libc::SIGTRAP | 0x80 => Change::Syscall,
        _ => Change::Signal(signal),
    })
}
