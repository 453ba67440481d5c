//! A connection of `Accept=yes`.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{SocketAddrAny, SocketAddrUnix, getpeername, getsockname, sockopt};
use std::net::{IpAddr, SocketAddr};

/// An accepted connection, which one instance of the service is for.
#[derive(Debug)]
pub struct Connection {
    fd: OwnedFd,
    name: String,
}

impl Connection {
    pub(crate) fn new(fd: OwnedFd, name: String) -> Connection {
        Connection { fd, name }
    }

    /// What the instance gets: the connection, and its name.
    pub fn passed(&self) -> (String, BorrowedFd<'_>) {
        (self.name.clone(), self.fd.as_fd())
    }

    /// The name of the instance for the connection with that number (systemd: `instance_from_socket`).
    pub fn instance(&self, number: u64) -> String {
        let (local, peer) = (getsockname(&self.fd).ok(), getpeername(&self.fd).ok().flatten());
        match (local.and_then(internet), peer.and_then(internet)) {
            (Some(local), Some(peer)) => format!("{number}-{}-{}", written(local), written(peer)),
            _ => match sockopt::socket_peercred(&self.fd) {
                Ok(peer) => format!("{number}-{}-{}", peer.pid.as_raw_nonzero(), peer.uid.as_raw()),
                Err(_) => format!("{number}-unknown"),
            },
        }
    }

    /// `REMOTE_ADDR` and `REMOTE_PORT` (systemd: `service_spawn_internal`).
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let Ok(Some(peer)) = getpeername(&self.fd) else { return Vec::new() };
        if let Ok(unix) = SocketAddrUnix::try_from(peer.clone()) {
            let path = unix.path_bytes().map(|path| String::from_utf8_lossy(path).into_owned());
            // A client that has not bound its socket has no name.
            let name = unix.abstract_name().filter(|name| !name.is_empty());
            let name = name.map(|name| format!("@{}", String::from_utf8_lossy(name)));
            return path.or(name).map(|address| ("REMOTE_ADDR", address)).into_iter().collect();
        }
        let Some(peer) = internet(peer) else { return Vec::new() };
        vec![("REMOTE_ADDR", plain(peer.ip()).to_string()), ("REMOTE_PORT", peer.port().to_string())]
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn internet(address: SocketAddrAny) -> Option<SocketAddr> {
    SocketAddr::try_from(address).ok()
}

/// An IPv4 address that came through an IPv6 socket is one of IPv4 all the same.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn written(address: SocketAddr) -> String {
    format!("{}:{}", plain(address.ip()), address.port())
}
