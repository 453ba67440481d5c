//! Sockets: families, types, and the addresses bound and connected to.

use crate::call::{call, fails, ok, pointer};
use crate::{Answer, Deed, Stage, file, privilege};
use libc::*;
use ringfence_profile::FileKind::{Directory, Socket, Unknown};
use ringfence_profile::{Address, Operation::*, Privilege};
use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// An address as its bytes, and how many of them count.
fn unix(path: &Path) -> Vec<u8> {
    [&(AF_UNIX as u16).to_ne_bytes()[..], path.as_os_str().as_bytes(), &[0]].concat()
}

fn inet(port: u16) -> Vec<u8> {
    [&(AF_INET as u16).to_ne_bytes()[..], &port.to_be_bytes(), &[127, 0, 0, 1], &[0; 8]].concat()
}

fn inet6(port: u16) -> Vec<u8> {
    let address = Ipv6Addr::LOCALHOST.octets();
    [&(AF_INET6 as u16).to_ne_bytes()[..], &port.to_be_bytes(), &[0; 4], &address, &[0; 4]].concat()
}

fn socket(family: i32, kind: i32) -> i64 {
    ok(SYS_socket, &[family.into(), kind.into(), 0])
}

fn with(number: c_long, socket: i64, mut address: Vec<u8>) -> i64 {
    call(number, &[socket, address.as_mut_ptr() as i64, address.len() as i64])
}

fn made(family: i32, kind: i32) -> Answer {
    privilege(Privilege::Socket { family: family as u16, kind: kind as u16, protocol: 0 })
}

/// A name with all kinds of bytes, which no other stage has.
fn abstract_name(stage: &Stage) -> Vec<u8> {
    [b"\0\xff", stage.directory().as_os_str().as_bytes()].concat()
}

/// A port that nobody listens on: the discard service.
const NOBODY: u16 = 9;

#[rustfmt::skip]
pub(crate) fn deeds(stage: &Stage) -> Vec<Deed> {
    let deed = |name, act, expected| Deed { name, act, expected };
    let local = |port| Address::Inet { ip: Ipv4Addr::LOCALHOST.into(), port };
    vec![
        deed("bind-path", |s| assert_eq!(with(SYS_bind, socket(AF_UNIX, SOCK_STREAM), unix(&s.path("socket"))), 0), vec![
            made(AF_UNIX, SOCK_STREAM), file([BindSocket], Socket, stage.path("socket")),
        ]),
        deed("bind-path-exists", |s| assert_eq!(with(SYS_bind, socket(AF_UNIX, SOCK_STREAM), unix(&s.path("dir"))), -i64::from(EADDRINUSE)), vec![
            made(AF_UNIX, SOCK_STREAM), file([BindSocket], Directory, stage.path("dir")).fails(EADDRINUSE),
        ]),
        deed("connect-path", |s| {
            let listening = socket(AF_UNIX, SOCK_STREAM);
            assert_eq!(with(SYS_bind, listening, unix(&s.path("listening"))), 0);
            ok(SYS_listen, &[listening, 1]);
            assert_eq!(with(SYS_connect, socket(AF_UNIX, SOCK_STREAM), unix(&s.path("listening"))), 0);
        }, vec![
            made(AF_UNIX, SOCK_STREAM),
            file([BindSocket], Socket, stage.path("listening")), file([ConnectSocket], Socket, stage.path("listening")),
        ]),
        deed("connect-path-missing", |s| assert_eq!(with(SYS_connect, socket(AF_UNIX, SOCK_STREAM), unix(&s.path("nobody"))), -i64::from(ENOENT)), vec![
            made(AF_UNIX, SOCK_STREAM), file([ConnectSocket], Unknown, stage.path("nobody")).fails(ENOENT),
        ]),
        deed("bind-abstract", |s| {
            let address = [b"\x01\0\0", &abstract_name(s)[..]].concat();
            assert_eq!(with(SYS_bind, socket(AF_UNIX, SOCK_DGRAM), address), 0);
        }, vec![
            made(AF_UNIX, SOCK_DGRAM),
            privilege(Privilege::Bind(Address::Abstract(OsString::from_vec(abstract_name(stage))))),
        ]),
        deed("autobind", |_| assert_eq!(with(SYS_bind, socket(AF_UNIX, SOCK_DGRAM), b"\x01\0".to_vec()), 0), vec![
            made(AF_UNIX, SOCK_DGRAM), privilege(Privilege::Bind(Address::Autobind)),
        ]),
        deed("bind-inet", |_| assert_eq!(with(SYS_bind, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC), inet(0)), 0), vec![
            made(AF_INET, SOCK_STREAM), privilege(Privilege::Bind(local(0))),
        ]),
        deed("connect-inet", |_| assert_eq!(with(SYS_connect, socket(AF_INET, SOCK_STREAM), inet(NOBODY)), -i64::from(ECONNREFUSED)), vec![
            made(AF_INET, SOCK_STREAM), privilege(Privilege::Connect(local(NOBODY))).fails(ECONNREFUSED),
        ]),
        deed("bind-inet6", |_| assert_eq!(with(SYS_bind, socket(AF_INET6, SOCK_DGRAM), inet6(0)), 0), vec![
            made(AF_INET6, SOCK_DGRAM), privilege(Privilege::Bind(Address::Inet { ip: Ipv6Addr::LOCALHOST.into(), port: 0 })),
        ]),
        deed("sendto", |_| {
            let mut address = inet(NOBODY);
            ok(SYS_sendto, &[socket(AF_INET, SOCK_DGRAM), 0, 0, 0, address.as_mut_ptr() as i64, address.len() as i64]);
        }, vec![made(AF_INET, SOCK_DGRAM), privilege(Privilege::Connect(local(NOBODY)))]),
        deed("sendmsg", |_| {
            let mut address = inet(NOBODY);
            // struct msghdr: the address, its length, and five words that stay empty.
            let mut header = [address.as_mut_ptr() as u64, address.len() as u64, 0, 0, 0, 0, 0];
            ok(SYS_sendmsg, &[socket(AF_INET, SOCK_DGRAM), pointer(&mut header), 0]);
        }, vec![made(AF_INET, SOCK_DGRAM), privilege(Privilege::Connect(local(NOBODY)))]),
        deed("netlink", |_| {
            let address = [&(AF_NETLINK as u16).to_ne_bytes()[..], &[0; 10]].concat();
            assert_eq!(with(SYS_bind, socket(AF_NETLINK, SOCK_RAW), address), 0);
        }, vec![made(AF_NETLINK, SOCK_RAW), privilege(Privilege::Bind(Address::Netlink { groups: 0 }))]),
        deed("socketpair", |_| { ok(SYS_socketpair, &[AF_UNIX.into(), SOCK_SEQPACKET.into(), 0, pointer(&mut [0_i32; 2])]); }, vec![made(AF_UNIX, SOCK_SEQPACKET)]),
        deed("no-such-family", |_| fails(EAFNOSUPPORT, SYS_socket, &[49, SOCK_STREAM.into(), 0]), vec![made(49, SOCK_STREAM).fails(EAFNOSUPPORT)]),
        deed("null-address", |_| { fails(EFAULT, SYS_connect, &[socket(AF_INET, SOCK_DGRAM), 0, 16]); }, vec![made(AF_INET, SOCK_DGRAM)]),
    ]
}
