//! Making what socket units listen on (systemd: `socket_open_fds` in `src/core/socket.c`, `socket_address_listen` in
//! `src/shared/socket-label.c`).

use crate::address::out_of_var_run;
use crate::{Address, Connection, SocketUnit};
use ringfence_sandbox::facts::Facts;
use ringfence_settings::{BindIpv6Only, Listen, ListenKind, Socket};
use ringfence_terms::{AbsPath, Origin, Sourced};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, listen, socket_with, sockopt,
};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What to do where a socket is in the file system already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Put the new one in its place, whatever it is, as systemd does.
    Replace,
    /// The same with a socket on which nobody listens any more. Anything else is somebody's, and stays.
    Respect,
}

/// Something to listen on.
#[derive(Debug)]
pub struct Listener {
    /// The socket or pipe.
    pub fd: OwnedFd,
    /// The name by which the service knows it.
    pub name: String,
    /// Connections are accepted here, and not by the service.
    pub accepts: bool,
    /// How many connections may be served at once.
    pub max_connections: u32,
    /// The line that asked for it.
    pub origin: Option<Origin>,
    /// Where that is.
    pub place: String,
}

/// All that a service's socket units listen on.
#[derive(Debug, Default)]
pub struct Opened {
    /// In the order of units and lines.
    pub listeners: Vec<Listener>,
    /// What was made in the file system.
    made: Vec<PathBuf>,
}

/// Why something could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    /// What, with its place.
    pub what: String,
    /// Why.
    pub why: String,
    /// The line that asked for it.
    pub origin: Option<Origin>,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.what, self.why)?;
        match &self.origin {
            Some(origin) => write!(f, ", because of {origin}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OpenError {}

/// Makes all of it. Who may use it is settled before it can be connected to.
///
/// # Errors
/// At the first thing that cannot be made; what was made before is gone again.
pub fn open(units: &[SocketUnit], facts: &dyn Facts, taken: Taken) -> Result<Opened, OpenError> {
    let mut opened = Opened::default();
    for unit in units {
        let maker = Maker { socket: &unit.settings.socket, facts, taken };
        let all = unit.settings.socket.listen.iter().try_for_each(|line| {
            let (fd, place) = maker.make(line, &mut opened.made)?;
            let can_accept = matches!(line.value.kind, ListenKind::Stream | ListenKind::SequentialPacket);
            opened.listeners.push(Listener {
                fd,
                name: unit.descriptor_name(),
                accepts: unit.accepts() && can_accept,
                max_connections: unit.settings.socket.max_connections.value,
                origin: line.origin.clone(),
                place,
            });
            Ok(())
        });
        if let Err(error) = all.and_then(|()| maker.link(&mut opened.made)) {
            opened.close();
            return Err(error);
        }
    }
    Ok(opened)
}

impl Opened {
    /// What the service gets: descriptors and their names.
    pub fn passed(&self) -> Vec<(String, BorrowedFd<'_>)> {
        let own = self.listeners.iter().filter(|listener| !listener.accepts);
        own.map(|listener| (listener.name.clone(), listener.fd.as_fd())).collect()
    }

    /// Closes all, and removes what was made in the file system.
    pub fn close(self) {
        for path in &self.made {
            // Somebody else may have put it away.
            let _ = rustix::fs::unlink(path);
        }
    }
}

impl Listener {
    /// Takes a connection; none when nobody waits any more.
    ///
    /// # Errors
    /// When the kernel gives none for another reason.
    pub fn accept(&self) -> rustix::io::Result<Option<Connection>> {
        match accept_with(&self.fd, SocketFlags::CLOEXEC) {
            Ok(fd) => Ok(Some(Connection::new(fd, self.name.clone()))),
            // accept(2) lists these: the connection is gone already, which is no fault of the socket.
            Err(
                Errno::AGAIN
                | Errno::INTR
                | Errno::CONNABORTED
                | Errno::NETDOWN
                | Errno::PROTO
                | Errno::NOPROTOOPT
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
                | Errno::OPNOTSUPP
                | Errno::NETUNREACH,
            ) => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}

struct Maker<'a> {
    socket: &'a Socket,
    facts: &'a dyn Facts,
    taken: Taken,
}

impl Maker<'_> {
    fn make(&self, line: &Sourced<Listen>, made: &mut Vec<PathBuf>) -> Result<(OwnedFd, String), OpenError> {
        let Listen { kind, address } = &line.value;
        let fail = |what: String, why: String| OpenError { what, why, origin: line.origin.clone() };
        let opened = |e: Errno| fail(format!("listen on {address}"), reason(e).to_owned());
        if *kind == ListenKind::Fifo {
            let path = AbsPath::parse(address).map(out_of_var_run);
            let path = path.map_err(|e| fail(format!("make the pipe {address}"), e.to_string()))?;
            let fd = self.pipe(path.as_path(), made).map_err(opened)?;
            return Ok((fd, path.to_string()));
        }
        let parsed = Address::parse(address, has_ipv6())
            .map_err(|why| fail(format!("listen on {address}"), why.to_owned()))?;
        let fd = self.listen(*kind, &parsed).map_err(opened)?;
        if let Some(path) = parsed.path() {
            made.push(path.to_path_buf());
            self.give_away(path).map_err(|why| fail(format!("give {address} its owner"), why))?;
        }
        Ok((fd, parsed.to_string()))
    }

    fn listen(&self, kind: ListenKind, address: &Address) -> rustix::io::Result<OwnedFd> {
        let socket_type = match kind {
            ListenKind::Datagram => SocketType::DGRAM,
            ListenKind::SequentialPacket => SocketType::SEQPACKET,
            ListenKind::Stream | ListenKind::Fifo => SocketType::STREAM,
        };
        let family = match address {
            Address::Internet(address) if address.is_ipv6() => AddressFamily::INET6,
            Address::Internet(_) => AddressFamily::INET,
            Address::Path(_) | Address::Abstract(_) => AddressFamily::UNIX,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = socket_with(family, socket_type, flags, None)?;
        self.set_options(&fd, family, socket_type)?;
        match address {
            Address::Internet(address) => bind(&fd, address)?,
            Address::Abstract(name) => bind(&fd, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?,
            Address::Path(path) => self.bind_path(&fd, path.as_path())?,
        }
        if kind != ListenKind::Datagram {
            listen(&fd, i32::try_from(self.socket.backlog.value).unwrap_or(i32::MAX))?;
        }
        Ok(fd)
    }

    /// What can be set is set; what the kernel does not have for a socket is left, as systemd leaves it.
    fn set_options(&self, fd: &OwnedFd, family: AddressFamily, kind: SocketType) -> rustix::io::Result<()> {
        let socket = self.socket;
        if family == AddressFamily::INET6 && socket.bind_ipv6_only.value != BindIpv6Only::Default {
            sockopt::set_ipv6_v6only(fd, socket.bind_ipv6_only.value == BindIpv6Only::Ipv6Only)?;
        }
        sockopt::set_socket_reuseaddr(fd, true)?;
        let tcp = family != AddressFamily::UNIX && kind == SocketType::STREAM;
        let _ = socket.reuse_port.value.then(|| sockopt::set_socket_reuseport(fd, true));
        let _ = socket.free_bind.value.then(|| match family {
            AddressFamily::INET6 => sockopt::set_ipv6_freebind(fd, true),
            _ => sockopt::set_ip_freebind(fd, true),
        });
        let _ = socket.keep_alive.value.then(|| sockopt::set_socket_keepalive(fd, true));
        let _ = socket.broadcast.value.then(|| sockopt::set_socket_broadcast(fd, true));
        let _ = socket.pass_credentials.value.then(|| sockopt::set_socket_passcred(fd, true));
        if tcp {
            let _ = socket.no_delay.value.then(|| sockopt::set_tcp_nodelay(fd, true));
            let _ = socket.keep_alive_time.value.map(|time| sockopt::set_tcp_keepidle(fd, time));
            let _ = socket.keep_alive_interval.value.map(|time| sockopt::set_tcp_keepintvl(fd, time));
            let probes = Some(socket.keep_alive_probes.value).filter(|probes| *probes > 0);
            let _ = probes.map(|probes| sockopt::set_tcp_keepcnt(fd, probes));
            let name = socket.tcp_congestion.value.as_deref();
            let _ = name.map(|name| sockopt::set_tcp_congestion(fd, name));
        }
        Ok(())
    }

    fn bind_path(&self, fd: &OwnedFd, path: &Path) -> rustix::io::Result<()> {
        let address = SocketAddrUnix::new(path)?;
        self.make_parents(path);
        // The file gets the socket's mode, without the umask's bits (Linux: net/unix/af_unix.c, `unix_bind_bsd`): those
        // are added when it is there, so nobody ever has more than he shall. The umask itself is left alone, since it is
        // of the whole process, with the threads of the caller's program.
        let mode = Mode::from_raw_mode(self.socket.mode.value & 0o777);
        rustix::fs::fchmod(fd, mode)?;
        let bound = || bind(fd, &address);
        let bound = match bound() {
            Err(Errno::ADDRINUSE) => {
                if self.taken == Taken::Respect {
                    let there = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)?;
                    match FileType::from_raw_mode(there.st_mode) {
                        FileType::Socket if !somebody_has(path) => {}
                        FileType::Socket => return Err(Errno::ADDRINUSE),
                        _ => return Err(Errno::EXIST),
                    }
                }
                rustix::fs::unlink(path)?;
                bound()
            }
            other => other,
        };
        bound.and_then(|()| set_mode(path, FileType::Socket, mode))
    }

    fn pipe(&self, path: &Path, made: &mut Vec<PathBuf>) -> rustix::io::Result<OwnedFd> {
        self.make_parents(path);
        let mode = Mode::from_raw_mode(self.socket.mode.value & 0o777);
        match rustix::fs::mknodat(CWD, path, FileType::Fifo, mode, 0) {
            Ok(()) => {
                made.push(path.to_path_buf());
                set_mode(path, FileType::Fifo, mode)?;
            }
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let fd = rustix::fs::open(path, flags, Mode::empty())?;
        let is_pipe = FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) == FileType::Fifo;
        let owned = if is_pipe { self.give_away(path).map_err(|_| Errno::INVAL) } else { Err(Errno::EXIST) };
        owned.map(|()| fd)
    }

    /// What cannot be made is told by what follows.
    fn make_parents(&self, path: &Path) {
        let mode = Mode::from_raw_mode(self.socket.directory_mode.value);
        let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|above| !above.exists()).collect();
        for above in missing.into_iter().rev() {
            let made = rustix::fs::mkdirat(CWD, above, mode);
            let _ = made.and_then(|()| set_mode(above, FileType::Directory, mode));
        }
    }

    /// `SocketUser=`, `SocketGroup=`.
    fn give_away(&self, path: &Path) -> Result<(), String> {
        let socket = self.socket;
        let user = socket.user.value.as_deref().map(|name| {
            self.facts.user(name).ok_or_else(|| format!("there is no user {name} (SocketUser=)"))
        });
        let user = user.transpose()?;
        let group = socket.group.value.as_deref().map(|name| {
            self.facts.group(name).ok_or_else(|| format!("there is no group {name} (SocketGroup=)"))
        });
        let group = group.transpose()?.or(user.as_ref().map(|user| user.gid));
        if user.is_none() && group.is_none() {
            return Ok(());
        }
        let (uid, gid) = (user.map(|user| Uid::from_raw(user.uid)), group.map(Gid::from_raw));
        rustix::fs::chownat(CWD, path, uid, gid, AtFlags::SYMLINK_NOFOLLOW).map_err(|e| reason(e).to_owned())
    }

    /// `Symlinks=`, to the one thing that is in the file system (systemd: `socket_symlink`).
    fn link(&self, made: &mut Vec<PathBuf>) -> Result<(), OpenError> {
        let Some(first) = self.socket.symlinks.first() else { return Ok(()) };
        let fail = |what: String, why: String, origin: &Option<Origin>| OpenError {
            what,
            why,
            origin: origin.clone(),
        };
        let paths: Vec<&str> = self.socket.listen.iter().map(|line| &*line.value.address).collect();
        let mut paths = paths.into_iter().filter(|address| address.starts_with('/'));
        let (Some(target), None) = (paths.next(), paths.next()) else {
            let why = "Symlinks= is for units with exactly one path".to_owned();
            return Err(fail("make the symlinks".to_owned(), why, &first.origin));
        };
        for link in &self.socket.symlinks {
            let path = link.value.as_path();
            self.make_parents(path);
            let linked = match rustix::fs::symlink(target, path) {
                // It was there before, and is there afterwards.
                Err(Errno::EXIST) if std::fs::read_link(path).is_ok_and(|to| to == Path::new(target)) => {
                    continue;
                }
                Err(Errno::EXIST) if self.taken == Taken::Replace && path.is_symlink() => {
                    rustix::fs::unlink(path).and_then(|()| rustix::fs::symlink(target, path))
                }
                other => other,
            };
            linked.map_err(|e| {
                fail(format!("make the symlink {}", link.value), reason(e).to_owned(), &link.origin)
            })?;
            made.push(path.to_path_buf());
        }
        Ok(())
    }
}

/// Gives a new file the bits of its mode that the umask took, unless something else is in its place by now.
fn set_mode(path: &Path, kind: FileType, mode: Mode) -> rustix::io::Result<()> {
    let fd = rustix::fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) != kind {
        return Err(Errno::EXIST);
    }
    // fchmod(2) takes no descriptor of this kind; its file is behind this name whatever happens to the path.
    rustix::fs::chmod(format!("/proc/self/fd/{}", fd.as_raw_fd()), mode)
}

fn has_ipv6() -> bool {
    Path::new("/proc/net/if_inet6").exists()
}

/// Whether a socket in the file system belongs to a process, as proc_net(5), `/proc/net/unix`, lists them. Connecting would
/// tell, too, but whoever listens would see that.
fn somebody_has(path: &Path) -> bool {
    let table = std::fs::read("/proc/net/unix").unwrap_or_default();
    table.split(|byte| *byte == b'\n').any(|line| {
        let end = line.len().checked_sub(path.as_os_str().len());
        end.is_some_and(|end| line.ends_with(path.as_os_str().as_bytes()) && line[..end].ends_with(b" "))
    })
}

fn reason(errno: Errno) -> &'static str {
    match errno {
        Errno::ADDRINUSE => "somebody listens there already; stop that first",
        Errno::ACCESS | Errno::PERM => "the system does not allow it; it may need root",
        Errno::ADDRNOTAVAIL => "the machine does not have that address",
        Errno::AFNOSUPPORT => "the kernel has no such address family",
        Errno::NOENT => "its directory cannot be made",
        Errno::EXIST => "something else is there",
        Errno::ROFS => "it is on a read-only file system",
        Errno::NAMETOOLONG => "the path is too long for a socket",
        _ => "the kernel refuses it",
    }
}

#[cfg(test)]
mod tests;
