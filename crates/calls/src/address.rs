//! Socket addresses.

use ringfence_profile::Address;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStrExt;

/// What a socket address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketName<'a> {
    /// A unix socket in the file system: its path.
    Path(&'a [u8]),
    /// Anything else.
    Address(Address),
}

const AF_UNSPEC: u16 = 0;
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const AF_NETLINK: u16 = 16;
const AF_VSOCK: u16 = 40;

impl<'a> SocketName<'a> {
    /// Reads an address as a call was given it, all of its length. `None` when it is too short, or is `AF_UNSPEC`,
    /// which connect(2) takes to mean nobody.
    pub fn parse(bytes: &'a [u8]) -> Option<SocketName<'a>> {
        let family = u16::from_ne_bytes(field(bytes, 0)?);
        Some(SocketName::Address(match family {
            AF_UNSPEC => return None,
            AF_UNIX => match bytes.get(2..).unwrap_or_default() {
                [] => Address::Autobind,
                [0, name @ ..] => Address::Abstract(OsStr::from_bytes(name).to_owned()),
                path => return Some(SocketName::Path(path.split(|&b| b == 0).next().unwrap_or(path))),
            },
            AF_INET => Address::Inet {
                ip: Ipv4Addr::from(field::<4>(bytes, 4)?).into(),
                port: u16::from_be_bytes(field(bytes, 2)?),
            },
            AF_INET6 => Address::Inet {
                ip: Ipv6Addr::from(field::<16>(bytes, 8)?).into(),
                port: u16::from_be_bytes(field(bytes, 2)?),
            },
            AF_NETLINK => Address::Netlink { groups: u32::from_ne_bytes(field(bytes, 8)?) },
            AF_VSOCK => Address::Vsock {
                port: u32::from_ne_bytes(field(bytes, 4)?),
                cid: u32::from_ne_bytes(field(bytes, 8)?),
            },
            family => Address::Other { family },
        }))
    }
}

/// Exactly `N` bytes from `at`.
fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_family() {
        let unix = |name: &[u8]| [&AF_UNIX.to_ne_bytes(), name].concat();
        assert_eq!(SocketName::parse(&unix(b"/run/x\0junk")), Some(SocketName::Path(b"/run/x")));
        assert_eq!(
            SocketName::parse(&unix(b"\0a\0b")),
            Some(SocketName::Address(Address::Abstract(OsStr::from_bytes(b"a\0b").to_owned())))
        );
        assert_eq!(SocketName::parse(&unix(b"")), Some(SocketName::Address(Address::Autobind)));
        let inet = [&AF_INET.to_ne_bytes()[..], &80_u16.to_be_bytes(), &[127, 0, 0, 1], &[0; 8]].concat();
        assert_eq!(
            SocketName::parse(&inet),
            Some(SocketName::Address(Address::Inet { ip: Ipv4Addr::LOCALHOST.into(), port: 80 }))
        );
        for cut in [0, 1, 3, 6] {
            assert_eq!(SocketName::parse(&inet[..cut]), None);
        }
        assert_eq!(SocketName::parse(&AF_UNSPEC.to_ne_bytes()), None);
    }
}
