//! The notification socket (sd_notify(3)): the service says that it is ready, what it is doing, that it is alive.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::Mode;
use rustix::io::{Errno, IoSliceMut, Result};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SocketAddrUnix,
    SocketFlags, SocketType, bind, recvmsg, socket_with, sockopt::set_socket_passcred,
};
use rustix::process::Pid;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};

/// The longest message that is taken (systemd: `NOTIFY_BUFFER_MAX`).
const LONGEST: usize = 4096;

/// The socket, gone from the file system when this is dropped.
#[derive(Debug)]
pub struct NotifySocket {
    socket: OwnedFd,
    path: PathBuf,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub sender: Pid,
    /// The sender is root.
    pub from_root: bool,
    /// Its assignments, in order.
    pub assignments: Vec<(String, String)>,
}

impl NotifySocket {
    /// Makes the socket in a new directory, open for every user.
    pub fn open(directory: &Path) -> Result<NotifySocket> {
        match rustix::fs::mkdir(directory, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => return Err(e),
        }
        // Whatever the umask is, the service's user must get there.
        rustix::fs::chmod(directory, Mode::from_raw_mode(0o755))?;
        let path = directory.join("notify");
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
        bind(&socket, &SocketAddrUnix::new(&path)?)?;
        rustix::fs::chmod(&path, Mode::from_raw_mode(0o777))?;
        set_socket_passcred(&socket, true)?;
        Ok(NotifySocket { socket, path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next message, if there is one. What is no message is dropped, as under systemd.
    pub fn receive(&self) -> Option<Message> {
        loop {
            let mut buffer = [0; LONGEST + 1];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253), ScmCredentials(1))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
            let received =
                match recvmsg(&self.socket, &mut [IoSliceMut::new(&mut buffer)], &mut control, flags) {
                    Err(Errno::INTR) => continue,
                    other => other.ok()?,
                };
            let mut sender = None;
            for message in control.drain() {
                // Descriptors are closed as they are dropped: for BARRIER=1 that is the answer.
                if let RecvAncillaryMessage::ScmCredentials(credentials) = message {
                    sender = Some(credentials);
                }
            }
            let cut = received.bytes > LONGEST || received.flags.contains(ReturnFlags::TRUNC);
            let text = std::str::from_utf8(&buffer[..received.bytes.min(LONGEST)]);
            let (Some(sender), Ok(text), false) = (sender, text, cut) else { continue };
            return Some(Message {
                sender: sender.pid,
                from_root: sender.uid.is_root(),
                assignments: assignments(text),
            });
        }
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        if let Some(directory) = self.path.parent() {
            let _ = std::fs::remove_dir(directory);
        }
    }
}

impl AsFd for NotifySocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn assignments(text: &str) -> Vec<(String, String)> {
    if text.contains('\0') {
        return Vec::new();
    }
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Message {
    /// The value of the last assignment of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.assignments.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether it says `NAME=1`.
    pub fn says(&self, name: &str) -> bool {
        self.get(name) == Some("1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn a_message_tells_who_sent_it() {
        let dir = tempfile::tempdir().unwrap();
        let socket = NotifySocket::open(&dir.path().join("run")).unwrap();
        assert_eq!(socket.receive(), None);
        let client = UnixDatagram::unbound().unwrap();
        client.send_to(b"READY=1\nSTATUS=a = b\nno assignment\n", socket.path()).unwrap();
        let message = socket.receive().unwrap();
        assert_eq!(message.sender, rustix::process::getpid());
        assert!(message.says("READY"));
        assert_eq!(message.get("STATUS"), Some("a = b"));
        assert_eq!(message.assignments.len(), 2);
        let path = socket.path().to_owned();
        drop(socket);
        assert!(!path.exists() && !path.parent().unwrap().exists());
    }

    #[test]
    fn what_is_too_long_or_no_text_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let socket = NotifySocket::open(&dir.path().join("run")).unwrap();
        let client = UnixDatagram::unbound().unwrap();
        client.send_to(&vec![b'x'; LONGEST + 1], socket.path()).unwrap();
        client.send_to(b"\xff", socket.path()).unwrap();
        client.send_to(b"READY=1", socket.path()).unwrap();
        assert!(socket.receive().unwrap().says("READY"));
    }
}
