//! The stored form of [`Privilege`]: numbers become the kernel's names where they have one.

use super::words::{self, find};
use crate::names::{self, Names};
use crate::*;
use ringfence_seccomp::Syscall;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

#[derive(Serialize, Deserialize)]
#[serde(tag = "privilege", rename_all = "kebab-case")]
pub(super) enum StoredPrivilege {
    /// `name` is for readers of the file alone.
    Syscall {
        abi: String,
        number: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    Capability {
        capability: String,
    },
    Socket {
        family: String,
        r#type: String,
        protocol: i32,
    },
    Bind(StoredAddress),
    Connect(StoredAddress),
    Namespace {
        namespace: String,
        way: String,
    },
    Device {
        block: bool,
        major: u32,
        minor: u32,
        read: bool,
        write: bool,
        mknod: bool,
    },
    WriteExecute {
        way: String,
    },
    Realtime {
        policy: String,
    },
    Personality {
        personality: u32,
    },
    SetIdBits {
        path: String,
        bits: String,
    },
    Keyring {
        way: String,
    },
    Hostname {
        name: String,
    },
    Clock {
        way: String,
    },
    KernelLog,
    Module {
        way: String,
    },
    Ptrace {
        way: String,
        of: String,
    },
    Signal {
        to: String,
    },
    ProcOfOther {
        of: String,
    },
    ProcKernel {
        write: bool,
    },
    SysWrite,
    CgroupWrite,
    Identity {
        change: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
    },
    ExecGain {
        path: String,
        user: bool,
        group: bool,
        capabilities: bool,
    },
    IoUring {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u8>,
    },
    Ipc {
        posix: bool,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "family")]
pub(super) enum StoredAddress {
    #[serde(rename = "AF_INET")]
    Inet { address: std::net::Ipv4Addr, port: u16 },
    #[serde(rename = "AF_INET6")]
    Inet6 { address: std::net::Ipv6Addr, port: u16 },
    /// `abstract` is missing for a socket that the kernel names.
    #[serde(rename = "AF_UNIX")]
    Unix {
        #[serde(default, rename = "abstract", skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    #[serde(rename = "AF_NETLINK")]
    Netlink { groups: u32 },
    #[serde(rename = "AF_VSOCK")]
    Vsock { cid: u32, port: u32 },
    #[serde(rename = "other")]
    Other { number: u16 },
}

impl From<&Privilege> for StoredPrivilege {
    fn from(privilege: &Privilege) -> StoredPrivilege {
        use StoredPrivilege as S;
        match privilege {
            &Privilege::Syscall { abi, number } => S::Syscall {
                abi: abi.word().to_owned(),
                number,
                name: Syscall::numbered(abi, number).map(|call| call.name().to_owned()),
            },
            &Privilege::Capability(number) => S::Capability { capability: names::capability(number) },
            &Privilege::Socket { family, kind, protocol } => S::Socket {
                family: names::FAMILIES.name(family.into()),
                r#type: names::SOCKET_TYPES.name(kind.into()),
                protocol,
            },
            Privilege::Bind(address) => S::Bind(address.into()),
            Privilege::Connect(address) => S::Connect(address.into()),
            &Privilege::Namespace { kind, way } => {
                let table = NamespaceKind::WORDS.map(|(kind, _, word)| (kind, word));
                S::Namespace { namespace: word(&table, kind), way: word(&NAMESPACE_WAYS, way) }
            }
            &Privilege::Device { block, major, minor, read, write, mknod } => {
                S::Device { block, major, minor, read, write, mknod }
            }
            &Privilege::WriteExecute(way) => S::WriteExecute { way: word(&WRITE_EXECUTE_WAYS, way) },
            &Privilege::Realtime(policy) => S::Realtime { policy: names::POLICIES.name(policy) },
            &Privilege::Personality(personality) => S::Personality { personality },
            Privilege::SetIdBits { path, bits } => {
                S::SetIdBits { path: words::path(path).into_owned(), bits: format!("{bits:04o}") }
            }
            &Privilege::Keyring(way) => S::Keyring { way: word(&KEYRING_USES, way) },
            &Privilege::Hostname(name) => S::Hostname { name: word(&NAME_KINDS, name) },
            &Privilege::Clock(way) => S::Clock { way: word(&CLOCK_USES, way) },
            Privilege::KernelLog => S::KernelLog,
            &Privilege::Module(way) => S::Module { way: word(&MODULE_USES, way) },
            &Privilege::Ptrace { way, of } => {
                S::Ptrace { way: word(&PTRACE_USES, way), of: word(&RELATIONS, of) }
            }
            &Privilege::Signal(to) => S::Signal { to: word(&RELATIONS, to) },
            &Privilege::ProcOfOther(of) => S::ProcOfOther { of: word(&RELATIONS, of) },
            &Privilege::ProcKernel { write } => S::ProcKernel { write },
            Privilege::SysWrite => S::SysWrite,
            Privilege::CgroupWrite => S::CgroupWrite,
            &Privilege::Identity(change) => {
                let (change, id) = identity(change);
                S::Identity { change: change.to_owned(), id }
            }
            Privilege::ExecGain(gain) => S::ExecGain {
                path: words::path(&gain.path).into_owned(),
                user: gain.user,
                group: gain.group,
                capabilities: gain.capabilities,
            },
            Privilege::IoUring(IoUringUse::Setup) => S::IoUring { request: None },
            &Privilege::IoUring(IoUringUse::Request(request)) => S::IoUring { request: Some(request) },
            &Privilege::Ipc { posix } => S::Ipc { posix },
        }
    }
}

impl StoredPrivilege {
    pub(super) fn restore(self) -> Result<Privilege, String> {
        use StoredPrivilege as S;
        Ok(match self {
            S::Syscall { abi, number, .. } => Privilege::Syscall {
                abi: find("an ABI", &abi, Abi::ALL.into_iter().map(|abi| (abi, abi.word())))?,
                number,
            },
            S::Capability { capability } => Privilege::Capability(
                names::to_capability(&capability)
                    .ok_or_else(|| format!("{capability:?} is not a capability"))?,
            ),
            S::Socket { family, r#type, protocol } => Privilege::Socket {
                family: number("a socket family", &names::FAMILIES, &family)?,
                kind: number("a socket type", &names::SOCKET_TYPES, &r#type)?,
                protocol,
            },
            S::Bind(address) => Privilege::Bind(address.restore()?),
            S::Connect(address) => Privilege::Connect(address.restore()?),
            S::Namespace { namespace, way } => Privilege::Namespace {
                kind: find(
                    "a namespace",
                    &namespace,
                    NamespaceKind::WORDS.map(|(k, _, w)| (k, w)).into_iter(),
                )?,
                way: find_in("a way into a namespace", &way, &NAMESPACE_WAYS)?,
            },
            S::Device { block, major, minor, read, write, mknod } => {
                Privilege::Device { block, major, minor, read, write, mknod }
            }
            S::WriteExecute { way } => Privilege::WriteExecute(find_in("a way", &way, &WRITE_EXECUTE_WAYS)?),
            S::Realtime { policy } => {
                Privilege::Realtime(number("a scheduling policy", &names::POLICIES, &policy)?)
            }
            S::Personality { personality } => Privilege::Personality(personality),
            S::SetIdBits { path, bits } => Privilege::SetIdBits {
                path: words::to_path(&path)?,
                bits: u16::from_str_radix(&bits, 8).map_err(|_| format!("{bits:?} is not an octal mode"))?,
            },
            S::Keyring { way } => Privilege::Keyring(find_in("a use of keyrings", &way, &KEYRING_USES)?),
            S::Hostname { name } => {
                Privilege::Hostname(find_in("a name of the machine", &name, &NAME_KINDS)?)
            }
            S::Clock { way } => Privilege::Clock(find_in("a use of the clock", &way, &CLOCK_USES)?),
            S::KernelLog => Privilege::KernelLog,
            S::Module { way } => Privilege::Module(find_in("a use of modules", &way, &MODULE_USES)?),
            S::Ptrace { way, of } => Privilege::Ptrace {
                way: find_in("a use of another process", &way, &PTRACE_USES)?,
                of: find_in(RELATION, &of, &RELATIONS)?,
            },
            S::Signal { to } => Privilege::Signal(find_in(RELATION, &to, &RELATIONS)?),
            S::ProcOfOther { of } => Privilege::ProcOfOther(find_in(RELATION, &of, &RELATIONS)?),
            S::ProcKernel { write } => Privilege::ProcKernel { write },
            S::SysWrite => Privilege::SysWrite,
            S::CgroupWrite => Privilege::CgroupWrite,
            S::Identity { change, id } => Privilege::Identity(to_identity(&change, id)?),
            S::ExecGain { path, user, group, capabilities } => {
                Privilege::ExecGain(ExecGain { path: words::to_path(&path)?, user, group, capabilities })
            }
            S::IoUring { request: None } => Privilege::IoUring(IoUringUse::Setup),
            S::IoUring { request: Some(request) } => Privilege::IoUring(IoUringUse::Request(request)),
            S::Ipc { posix } => Privilege::Ipc { posix },
        })
    }
}

impl From<&Address> for StoredAddress {
    fn from(address: &Address) -> StoredAddress {
        match address {
            &Address::Inet { ip: IpAddr::V4(address), port } => StoredAddress::Inet { address, port },
            &Address::Inet { ip: IpAddr::V6(address), port } => StoredAddress::Inet6 { address, port },
            Address::Abstract(name) => StoredAddress::Unix { name: Some(words::name(name).into_owned()) },
            Address::Autobind => StoredAddress::Unix { name: None },
            &Address::Netlink { groups } => StoredAddress::Netlink { groups },
            &Address::Vsock { cid, port } => StoredAddress::Vsock { cid, port },
            &Address::Other { family } => StoredAddress::Other { number: family },
        }
    }
}

impl StoredAddress {
    fn restore(self) -> Result<Address, String> {
        Ok(match self {
            StoredAddress::Inet { address, port } => Address::Inet { ip: address.into(), port },
            StoredAddress::Inet6 { address, port } => Address::Inet { ip: address.into(), port },
            StoredAddress::Unix { name: Some(name) } => {
                Address::Abstract(words::to_path(&name)?.into_os_string())
            }
            StoredAddress::Unix { name: None } => Address::Autobind,
            StoredAddress::Netlink { groups } => Address::Netlink { groups },
            StoredAddress::Vsock { cid, port } => Address::Vsock { cid, port },
            StoredAddress::Other { number } => Address::Other { family: number },
        })
    }
}

const RELATION: &str = "a relation between processes";
static RELATIONS: [(ProcessRelation, &str); 3] = [
    (ProcessRelation::Own, "own"),
    (ProcessRelation::Recorded, "recorded"),
    (ProcessRelation::Foreign, "foreign"),
];
static NAMESPACE_WAYS: [(NamespaceWay, &str); 2] =
    [(NamespaceWay::Make, "make"), (NamespaceWay::Join, "join")];
static WRITE_EXECUTE_WAYS: [(WriteExecuteWay, &str); 4] = [
    (WriteExecuteWay::Mmap, "mmap"),
    (WriteExecuteWay::Mprotect, "mprotect"),
    (WriteExecuteWay::Shmat, "shmat"),
    (WriteExecuteWay::Personality, "personality"),
];
static KEYRING_USES: [(KeyringUse, &str); 3] =
    [(KeyringUse::Add, "add"), (KeyringUse::Request, "request"), (KeyringUse::Control, "control")];
static NAME_KINDS: [(NameKind, &str); 2] = [(NameKind::Host, "host"), (NameKind::Domain, "domain")];
static CLOCK_USES: [(ClockUse, &str); 2] = [(ClockUse::Set, "set"), (ClockUse::Adjust, "adjust")];
static MODULE_USES: [(ModuleUse, &str); 2] = [(ModuleUse::Load, "load"), (ModuleUse::Unload, "unload")];
static PTRACE_USES: [(PtraceUse, &str); 5] = [
    (PtraceUse::Trace, "trace"),
    (PtraceUse::ReadMemory, "read-memory"),
    (PtraceUse::WriteMemory, "write-memory"),
    (PtraceUse::TakeDescriptor, "take-descriptor"),
    (PtraceUse::Compare, "compare"),
];

/// The changes that carry no number.
static PLAIN_IDENTITY_CHANGES: [(IdentityChange, &str); 6] = [
    (IdentityChange::Groups, "groups"),
    (IdentityChange::Capabilities, "capabilities"),
    (IdentityChange::BoundingSet, "bounding-set"),
    (IdentityChange::AmbientSet, "ambient-set"),
    (IdentityChange::Securebits, "securebits"),
    (IdentityChange::NoNewPrivileges, "no-new-privileges"),
];

fn identity(change: IdentityChange) -> (&'static str, Option<u32>) {
    match change {
        IdentityChange::User(id) => ("user", Some(id)),
        IdentityChange::Group(id) => ("group", Some(id)),
        plain => (lookup(&PLAIN_IDENTITY_CHANGES, plain), None),
    }
}

fn to_identity(change: &str, id: Option<u32>) -> Result<IdentityChange, String> {
    match (change, id) {
        ("user", Some(id)) => Ok(IdentityChange::User(id)),
        ("group", Some(id)) => Ok(IdentityChange::Group(id)),
        ("user" | "group", None) => Err(format!("a change of {change} lacks its \"id\"")),
        (plain, _) => find_in("a change of identity", plain, &PLAIN_IDENTITY_CHANGES),
    }
}

/// The word of a value in a table that has every value.
fn lookup<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|row| row.0 == value).map_or("", |row| row.1)
}

fn word<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> String {
    lookup(table, value).to_owned()
}

fn find_in<T: Copy>(what: &str, word: &str, table: &[(T, &'static str)]) -> Result<T, String> {
    find(what, word, table.iter().copied())
}

/// The number of a name in a table of the kernel's names, if it fits the type.
fn number<N: TryFrom<u32>>(what: &str, names: &Names, name: &str) -> Result<N, String> {
    names
        .number(name)
        .and_then(|n| N::try_from(n).ok())
        .ok_or_else(|| format!("{name:?} is not {what} that this ringfence knows"))
}
