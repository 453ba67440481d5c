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
        || [unshare(Namespace::User)],
        |helper, [made]| {
            made?;
            let helper = helper.as_raw_nonzero();
            for (file, content) in [("setgroups", "deny"), ("gid_map", gid_map), ("uid_map", uid_map)] {
                write(&format!("/proc/{helper}/{file}"), content)?;
            }
            open(&format!("/proc/{helper}/ns/user"))
        },
    )?
}

/// A namespace, if it was wanted, or why it could not be made.
pub type IfWanted = Result<Option<OwnedFd>>;

/// A network namespace with a loopback device that is up and an IPC namespace, as far as they are wanted; `within` a user
/// namespace that owns them, or the caller's.
pub fn network_and_ipc(
    network: bool,
    ipc: bool,
    within: Option<BorrowedFd<'_>>,
) -> Result<(IfWanted, IfWanted)> {
    if !network && !ipc {
        return Ok((Ok(None), Ok(None)));
    }
    let make_network =
        || unshare(Namespace::Network).and_then(|()| ringfence_sys::network::set_loopback_up());
    let make = |wanted: bool, make: &dyn Fn() -> Result<()>| if wanted { make() } else { Ok(()) };
    with_helper(
        || {
            let users = within.map_or(Ok(()), |users| enter(users, Namespace::User));
            match users {
                Ok(()) => [make(network, &make_network), make(ipc, &|| unshare(Namespace::Ipc))],
                Err(e) => [Err(e), Err(e)],
            }
        },
        |helper, [made_network, made_ipc]| {
            let take = |made: Result<()>, wanted: bool, name: &str| {
                made?;
                let path = format!("/proc/{}/ns/{name}", helper.as_raw_nonzero());
                if wanted { open(&path).map(Some) } else { Ok(None) }
            };
            (take(made_network, network, "net"), take(made_ipc, ipc, "ipc"))
        },
    )
}

/// Runs `set_up` in a process of its own and, while that process still lives, `take` in the caller.
fn with_helper<T, const N: usize>(
    set_up: impl FnOnce() -> [Result<()>; N],
    take: impl FnOnce(Pid, [Result<()>; N]) -> T,
) -> Result<T> {
    let (told, tell) = pipe_with(PipeFlags::CLOEXEC)?;
    let (until, held) = pipe_with(PipeFlags::CLOEXEC)?;
    let mut ours = Some((told, held));
    let helper = fork_process(|| {
        let results = set_up().map(|result| result.map_or_else(|e| e.raw_os_error(), |()| 0));
        let bytes: Vec<u8> = results.iter().flat_map(|errno| errno.to_ne_bytes()).collect();
        let _ = rustix::io::write(&tell, &bytes);
        // Only the caller may hold the other end, or this would wait for itself.
        ours = None;
        let _ = rustix::io::read(&until, &mut [0u8; 1]);
        0
    })?;
    drop(tell);
    drop(until);
    let taken = match &ours {
        Some((told, _)) => said(told.as_fd()).map(|results| take(helper, results)),
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

fn said<const N: usize>(told: BorrowedFd<'_>) -> Result<[Result<()>; N]> {
    let mut results = [Ok(()); N];
    for result in &mut results {
        let mut bytes = [0; 4];
        // The helper writes all at once, so that none of them comes in pieces.
        if rustix::io::read(told, &mut bytes)? != bytes.len() {
            return Err(Errno::IO);
        }
        *result = match i32::from_ne_bytes(bytes) {
            0 => Ok(()),
            errno => Err(Errno::from_raw_os_error(errno)),
        };
    }
    Ok(results)
}

fn write(path: &str, content: &str) -> Result<()> {
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(file, content.as_bytes()).map(|_| ())
}

fn open(path: &str) -> Result<OwnedFd> {
    rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}
