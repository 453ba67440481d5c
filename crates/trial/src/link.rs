//! What the shadow's processes and the recording side say to each other.
//!
//! A process number means something else inside; therefore a process that is about to execute is named by the kernel itself,
//! as credentials that it translates (unix(7), `SCM_CREDENTIALS`).

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::{Errno, IoSlice, IoSliceMut, Result};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, UCred, recvmsg, sendmsg, socketpair, sockopt,
};
use rustix::process::Pid;
use std::mem::MaybeUninit;

/// The largest message, in bytes: what is told at the end.
const LARGEST: usize = 64 * 1024;

/// Both ends: the recording side's, and the shadow's.
pub fn pair() -> Result<(OwnedFd, OwnedFd)> {
    let (outside, inside) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_passcred(&outside, true)?;
    Ok((outside, inside))
}

/// Says that a process waits for its recorder.
pub fn announce(inside: impl AsFd, pid: Pid) -> Result<()> {
    let credentials = UCred { pid, uid: rustix::process::getuid(), gid: rustix::process::getgid() };
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmCredentials(credentials)) {
        return Err(Errno::NOBUFS);
    }
    sendmsg(inside, &[IoSlice::new(b"a")], &mut ancillary, SendFlags::NOSIGNAL).map(drop)
}

/// Tells how it all went; the last message.
pub fn conclude(inside: impl AsFd, told: &[u8]) -> Result<()> {
    let mut message = vec![b't'];
    message.extend_from_slice(told);
    message.truncate(LARGEST);
    rustix::net::send(inside, &message, SendFlags::NOSIGNAL).map(drop)
}

/// What the recording side hears.
pub enum Heard {
    /// This process, as the recording side numbers it, waits for its recorder.
    Waiting(Pid),
    /// How it all went.
    Told(Vec<u8>),
    /// The shadow is gone.
    Gone,
}

/// Waits for the next message.
pub fn hear(outside: impl AsFd) -> Result<Heard> {
    let mut bytes = vec![0; LARGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut slices = [IoSliceMut::new(&mut bytes)];
        match recvmsg(&outside, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    bytes.truncate(received.bytes);
    match bytes.split_first() {
        Some((b'a', _)) => {
            let credentials = ancillary.drain().find_map(|message| match message {
                RecvAncillaryMessage::ScmCredentials(credentials) => Some(credentials.pid),
                _ => None,
            });
            credentials.map(Heard::Waiting).ok_or(Errno::PROTO)
        }
        Some((b't', told)) => Ok(Heard::Told(told.to_vec())),
        Some(_) => Err(Errno::PROTO),
        None => Ok(Heard::Gone),
    }
}
