//! Namespaces that several processes share, as descriptors.

use ringfence_sys::fork::{Namespace, fork_process, unshare};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, Result};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, waitpid};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Steps into a namespace.
pub fn enter(namespace: BorrowedFd<'_>, kind: Namespace) -> Result<()> {
    let kind = match kind {
        Namespace::Mount => LinkNameSpaceType::Mount,
        Namespace::Network => LinkNameSpaceType::Network,
        Namespace::Ipc => LinkNameSpaceType::InterProcessCommunication,
        Namespace::Uts => LinkNameSpaceType::HostNameAndNISDomainName,
        Namespace::Cgroup => LinkNameSpaceType::ControlGroup,
        Namespace::User => LinkNameSpaceType::User,
    };
    move_into_link_name_space(namespace, Some(kind))
}

/// A user namespace with these maps (user_namespaces(7)), in which nobody may call setgroups(2).
///
/// The maps are written from outside: with privileges they may have any lines, without only one, which maps the
/// caller's own number.
pub fn user_namespace(uid_map: &str, gid_map: &str) -> Result<OwnedFd> {
    with_helper(
        || unshare(Namespace::User),
        |helper| {
            let helper = helper.as_raw_nonzero();
            for (file, content) in [("setgroups", "deny"), ("gid_map", gid_map), ("uid_map", uid_map)] {
                write(&format!("/proc/{helper}/{file}"), content)?;
            }
            open(&format!("/proc/{helper}/ns/user"))
        },
    )
}

/// A network namespace with a loopback device that is up; `within` a user namespace that owns it, or the caller's.
pub fn network_namespace(within: Option<BorrowedFd<'_>>) -> Result<OwnedFd> {
    with_helper(
        || {
            enter_users(within)?;
            unshare(Namespace::Network)?;
            ringfence_sys::network::set_loopback_up()
        },
        |helper| open(&format!("/proc/{}/ns/net", helper.as_raw_nonzero())),
    )
}

/// An IPC namespace; `within` a user namespace that owns it, or the caller's.
pub fn ipc_namespace(within: Option<BorrowedFd<'_>>) -> Result<OwnedFd> {
    with_helper(
        || {
            enter_users(within)?;
            unshare(Namespace::Ipc)
        },
        |helper| open(&format!("/proc/{}/ns/ipc", helper.as_raw_nonzero())),
    )
}

fn enter_users(within: Option<BorrowedFd<'_>>) -> Result<()> {
    within.map_or(Ok(()), |users| enter(users, Namespace::User))
}

/// Runs `set_up` in a process of its own and `take` in the caller while that process still lives.
fn with_helper<T>(set_up: impl FnOnce() -> Result<()>, take: impl FnOnce(Pid) -> Result<T>) -> Result<T> {
    let (told, tell) = pipe_with(PipeFlags::CLOEXEC)?;
    let (until, held) = pipe_with(PipeFlags::CLOEXEC)?;
    let mut ours = Some((told, held));
    let helper = fork_process(|| {
        let result = set_up().map_or_else(|e| e.raw_os_error(), |()| 0);
        let _ = rustix::io::write(&tell, &result.to_ne_bytes());
        // Only the caller may hold the other end, or this would wait for itself.
        ours = None;
        let _ = rustix::io::read(&until, &mut [0u8; 1]);
        0
    })?;
    drop(tell);
    drop(until);
    let taken = match &ours {
        Some((told, _)) => said(told.as_fd()).and_then(|()| take(helper)),
        None => Err(Errno::IO),
    };
    drop(ours);
    loop {
        match waitpid(Some(helper), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            _ => return taken,
        }
    }
}

fn said(told: BorrowedFd<'_>) -> Result<()> {
    let mut bytes = [0; 4];
    match rustix::io::read(told, &mut bytes)? {
        4 => match i32::from_ne_bytes(bytes) {
            0 => Ok(()),
            errno => Err(Errno::from_raw_os_error(errno)),
        },
        _ => Err(Errno::IO),
    }
}

fn write(path: &str, content: &str) -> Result<()> {
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(file, content.as_bytes()).map(|_| ())
}

fn open(path: &str) -> Result<OwnedFd> {
    rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}
