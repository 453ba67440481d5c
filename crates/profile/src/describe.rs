//! Privileges in words, for people.

use crate::names;
use crate::*;
use ringfence_seccomp::Syscall;
use std::fmt;

impl fmt::Display for Privilege {
    /// A clause without a subject, such as `binds 127.0.0.1:80`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            &Privilege::Syscall { abi, number } => match Syscall::numbered(abi, number) {
                Some(call) => write!(f, "calls {call} ({abi})"),
                None => write!(f, "calls number {number} ({abi})"),
            },
            &Privilege::Capability(number) => write!(f, "uses {}", names::capability(number)),
            &Privilege::Socket { family, kind, protocol } => {
                let (family, kind) =
                    (names::FAMILIES.name(family.into()), names::SOCKET_TYPES.name(kind.into()));
                write!(f, "makes a socket {family} {kind}")?;
                if protocol != 0 { write!(f, " protocol {protocol}") } else { Ok(()) }
            }
            Privilege::Bind(address) => write!(f, "binds {address}"),
            Privilege::Connect(address) => write!(f, "connects or sends to {address}"),
            Privilege::Namespace { kind, way } => {
                let way = match way {
                    NamespaceWay::Make => "makes",
                    NamespaceWay::Join => "joins",
                };
                write!(f, "{way} a namespace of kind {}", kind.word())
            }
            &Privilege::Device { block, major, minor, read, write, mknod } => {
                let verb = match (read, write, mknod) {
                    (_, _, true) => "makes",
                    (_, true, _) => "writes",
                    (true, ..) => "reads",
                    _ => "opens",
                };
                let kind = if block { "block" } else { "character" };
                write!(f, "{verb} the {kind} device {major}:{minor}")
            }
            Privilege::WriteExecute(way) => f.write_str(match way {
                WriteExecuteWay::Mmap => "maps memory writable and executable",
                WriteExecuteWay::Mprotect => "makes memory executable",
                WriteExecuteWay::Shmat => "attaches shared memory executable",
                WriteExecuteWay::Personality => "asks for all readable memory to be executable",
            }),
            &Privilege::Realtime(policy) => {
                write!(f, "schedules itself or another by {}", names::POLICIES.name(policy))
            }
            Privilege::Personality(personality) => write!(f, "changes its personality to {personality:#x}"),
            Privilege::SetIdBits { path, bits } => {
                write!(f, "sets the mode bits {bits:04o} on {}", path.display())
            }
            Privilege::Keyring(way) => f.write_str(match way {
                KeyringUse::Add => "adds a key",
                KeyringUse::Request => "requests a key",
                KeyringUse::Control => "controls keyrings",
            }),
            Privilege::Hostname(NameKind::Host) => f.write_str("sets the host name"),
            Privilege::Hostname(NameKind::Domain) => f.write_str("sets the NIS domain name"),
            Privilege::Clock(ClockUse::Set) => f.write_str("sets the clock"),
            Privilege::Clock(ClockUse::Adjust) => f.write_str("adjusts the clock"),
            Privilege::KernelLog => f.write_str("uses the kernel's log"),
            Privilege::Module(ModuleUse::Load) => f.write_str("loads a kernel module"),
            Privilege::Module(ModuleUse::Unload) => f.write_str("unloads a kernel module"),
            Privilege::Ptrace { way, of } => {
                let way = match way {
                    PtraceUse::Trace => "traces",
                    PtraceUse::ReadMemory => "reads the memory of",
                    PtraceUse::WriteMemory => "writes the memory of",
                    PtraceUse::TakeDescriptor => "takes a descriptor from",
                    PtraceUse::Compare => "compares the inside of",
                };
                write!(f, "{way} {}", of.phrase())
            }
            Privilege::Signal(to) => write!(f, "signals {}", to.phrase()),
            Privilege::ProcOfOther(of) => write!(f, "uses the directory in /proc of {}", of.phrase()),
            Privilege::ProcKernel { write: false } => {
                f.write_str("reads files of /proc that belong to no process")
            }
            Privilege::ProcKernel { write: true } => {
                f.write_str("writes files of /proc that belong to no process")
            }
            Privilege::SysWrite => f.write_str("writes below /sys"),
            Privilege::CgroupWrite => f.write_str("writes control groups"),
            Privilege::Identity(change) => change.fmt(f),
            Privilege::ExecGain(gain) => write!(f, "gains privileges by executing {}", gain.path.display()),
            Privilege::IoUring(IoUringUse::Setup) => f.write_str("sets io_uring up"),
            Privilege::IoUring(IoUringUse::Request(request)) => {
                write!(f, "makes io_uring requests of kind {request}")
            }
            Privilege::Ipc { posix: false } => f.write_str("uses System V IPC"),
            Privilege::Ipc { posix: true } => f.write_str("uses POSIX message queues"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet { ip, port } => std::net::SocketAddr::new(*ip, *port).fmt(f),
            Address::Abstract(name) => write!(f, "the abstract unix socket @{}", name.display()),
            Address::Autobind => f.write_str("a unix socket that the kernel names"),
            Address::Netlink { groups: 0 } => f.write_str("netlink"),
            Address::Netlink { groups } => write!(f, "netlink with the groups {groups:#x}"),
            Address::Vsock { cid, port } => write!(f, "vsock {cid}:{port}"),
            Address::Other { family } => {
                write!(f, "an address of {}", names::FAMILIES.name((*family).into()))
            }
        }
    }
}

impl fmt::Display for IdentityChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdentityChange::User(id) => write!(f, "becomes user {id}"),
            IdentityChange::Group(id) => write!(f, "becomes group {id}"),
            IdentityChange::Groups => f.write_str("sets its supplementary groups"),
            IdentityChange::Capabilities => f.write_str("sets its capabilities"),
            IdentityChange::BoundingSet => f.write_str("drops from its capability bounding set"),
            IdentityChange::AmbientSet => f.write_str("changes its ambient capabilities"),
            IdentityChange::Securebits => f.write_str("changes its secure bits"),
            IdentityChange::NoNewPrivileges => f.write_str("gives up gaining privileges"),
        }
    }
}

impl NamespaceKind {
    /// The word that RestrictNamespaces= has for it.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].2
    }
}

impl ProcessRelation {
    fn phrase(self) -> &'static str {
        match self {
            ProcessRelation::Own => "itself",
            ProcessRelation::Recorded => "another process of the service",
            ProcessRelation::Foreign => "a process of others",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_namespaces_is_in_the_order_of_the_enum() {
        for (kind, _, word) in NamespaceKind::WORDS {
            assert_eq!(kind.word(), word);
        }
    }

    #[test]
    fn reads_as_a_clause() {
        let socket = Privilege::Socket { family: 2, kind: 1, protocol: 6 };
        assert_eq!(socket.to_string(), "makes a socket AF_INET SOCK_STREAM protocol 6");
        let v6 = Privilege::Bind(Address::Inet { ip: std::net::Ipv6Addr::LOCALHOST.into(), port: 80 });
        assert_eq!(v6.to_string(), "binds [::1]:80");
    }
}
