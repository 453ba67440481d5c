//! Addresses of `ListenStream=` and its kin (systemd: `socket_address_parse` in `src/shared/socket-netlink.c`).

use ringfence_terms::AbsPath;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Where a socket listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket in the file system.
    Path(AbsPath),
    /// A name in the abstract name space.
    Abstract(String),
    /// An Internet address; a port alone is one of all addresses.
    Internet(SocketAddr),
}

impl Address {
    /// Reads one. `ipv6` says whether the kernel has IPv6: a port alone is then one for both.
    ///
    /// # Errors
    /// The sentence that says what is wrong.
    pub fn parse(text: &str, ipv6: bool) -> Result<Address, &'static str> {
        if text.starts_with('/') {
            let path = AbsPath::parse(text).map_err(|_| "it is no absolute path")?;
            return Ok(Address::Path(out_of_var_run(path)));
        }
        if let Some(name) = text.strip_prefix('@') {
            return match name.is_empty() {
                true => Err("a name must follow `@`"),
                false => Ok(Address::Abstract(name.to_owned())),
            };
        }
        if text.starts_with("vsock:") {
            return Err("ringfence makes no sockets for virtual machines (vsock)");
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let port = text.parse().ok().filter(|port| *port > 0).ok_or("a port is between 1 and 65535")?;
            let any = if ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
            return Ok(Address::Internet(SocketAddr::new(any, port)));
        }
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() == 0 => Err("a port is between 1 and 65535"),
            Ok(address) => Ok(Address::Internet(address)),
            Err(_) if text.contains('%') => Err("ringfence binds addresses to no network interface"),
            Err(_) => Err("it is no path, no `@` and a name, no port, and no address and port"),
        }
    }

    /// The path, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Address::Path(path) => Some(path.as_path()),
            Address::Abstract(_) | Address::Internet(_) => None,
        }
    }
}

/// systemd takes `/run` for `/var/run` (systemd: `patch_var_run`).
pub(crate) fn out_of_var_run(path: AbsPath) -> AbsPath {
    let moved = path.as_path().strip_prefix("/var/run").ok().map(|rest| Path::new("/run").join(rest));
    moved.and_then(|path| AbsPath::parse(path).ok()).unwrap_or(path)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Path(path) => path.fmt(f),
            Address::Abstract(name) => write!(f, "@{name}"),
            Address::Internet(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_systemd_reads_them() {
        let cases = [
            ("/run/a.sock", Ok("/run/a.sock")),
            ("/var/run/a.sock", Ok("/run/a.sock")),
            ("@name", Ok("@name")),
            ("@", Err("a name must follow `@`")),
            ("80", Ok("[::]:80")),
            ("127.0.0.1:80", Ok("127.0.0.1:80")),
            ("[::1]:80", Ok("[::1]:80")),
            ("0", Err("a port is between 1 and 65535")),
            ("65536", Err("a port is between 1 and 65535")),
            ("127.0.0.1:0", Err("a port is between 1 and 65535")),
            ("vsock:2:1234", Err("ringfence makes no sockets for virtual machines (vsock)")),
            ("[fe80::1]:80%eth0", Err("ringfence binds addresses to no network interface")),
            ("relative", Err("it is no path, no `@` and a name, no port, and no address and port")),
        ];
        for (text, expected) in cases {
            let read = Address::parse(text, true).map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected.as_ref().map(|text| *text), "{text}");
        }
        assert_eq!(Address::parse("80", false).map(|a| a.to_string()).as_deref(), Ok("0.0.0.0:80"));
    }
}
