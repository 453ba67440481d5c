//! What the shadow's processes and the recording side say to each other.
//!
//! A process number means something else inside; therefore a process that is about to execute is handed over as a descriptor, of
//! which the kernel tells each side its own number (pidfd_open(2), `/proc/self/fdinfo`).

use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::io::{Errno, IoSlice, IoSliceMut, Result};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::mem::MaybeUninit;

/// The largest message, in bytes: what is told at the end.
const LARGEST: usize = 64 * 1024;

/// Both ends: the recording side's, and the shadow's.
pub fn pair() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

/// Says that a process waits for its recorder.
pub fn announce(inside: impl AsFd, pid: Pid) -> Result<()> {
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    let handed = [process.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&handed)) {
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
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
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
            let process = ancillary.drain().find_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut handed) => handed.next(),
                _ => None,
            });
            process.as_ref().and_then(number).map(Heard::Waiting).ok_or(Errno::PROTO)
        }
        Some((b't', told)) => Ok(Heard::Told(told.to_vec())),
        Some(_) => Err(Errno::PROTO),
        None => Ok(Heard::Gone),
    }
}

/// The number of a process that is there.
fn number(process: &OwnedFd) -> Option<Pid> {
    let told = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", process.as_raw_fd())).ok()?;
    let number = told.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    number.trim().parse().ok().and_then(Pid::from_raw)
}
