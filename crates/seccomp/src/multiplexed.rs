//! The calls that i386 offers twice: under a number of their own, and through `socketcall()` or `ipc()`.

use crate::Syscall;

const SOCKETCALL: Syscall = Syscall::of("socketcall");
const IPC: Syscall = Syscall::of("ipc");

/// The call through which i386 offers this one, and the first argument that selects it (`linux/net.h`, `SYS_…`, and
/// `linux/ipc.h`; libseccomp: `abi_rule_add`).
pub(crate) fn multiplexer(call: Syscall) -> Option<(Syscall, u32)> {
    let find = |table: &[(&str, u32)]| table.iter().find(|row| row.0 == call.name()).map(|row| row.1);
    find(SOCKET_CALLS)
        .map(|selector| (SOCKETCALL, selector))
        .or_else(|| find(IPC_CALLS).map(|selector| (IPC, selector)))
}

#[rustfmt::skip]
static SOCKET_CALLS: &[(&str, u32)] = &[
    ("socket", 1), ("bind", 2), ("connect", 3), ("listen", 4), ("accept", 5), ("getsockname", 6), ("getpeername", 7),
    ("socketpair", 8), ("send", 9), ("recv", 10), ("sendto", 11), ("recvfrom", 12), ("shutdown", 13),
    ("setsockopt", 14), ("getsockopt", 15), ("sendmsg", 16), ("recvmsg", 17), ("accept4", 18), ("recvmmsg", 19),
    ("sendmmsg", 20),
];

#[rustfmt::skip]
static IPC_CALLS: &[(&str, u32)] = &[
    ("semop", 1), ("semget", 2), ("semctl", 3), ("semtimedop", 4), ("msgsnd", 11), ("msgrcv", 12), ("msgget", 13),
    ("msgctl", 14), ("shmat", 21), ("shmdt", 22), ("shmget", 23), ("shmctl", 24),
];
