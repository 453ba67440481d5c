//! Everything but files that a unit can restrict.

use crate::ProcessRelation;
use ringfence_seccomp::Abi;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

/// One use of a privilege. The event that carries it says by whom and with what result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Privilege {
    /// A system call was made. Its result is not part of it: the event's errno is `None` whatever the result, but for
    /// `ENOSYS` of a call that the kernel does not have.
    Syscall {
        /// Whose numbering.
        abi: Abi,
        /// The call's number in that ABI; on x32 with the bit 0x40000000.
        number: u32,
    },
    /// The kernel asked whether the program has a capability, or the call made can only succeed with it. Errno `None`:
    /// it had it; `EPERM`: it had not.
    Capability(u8),
    /// socket(2), socketpair(2).
    Socket {
        /// `AF_…`.
        family: u16,
        /// `SOCK_…` without the flags.
        kind: u16,
        /// The protocol as given.
        protocol: i32,
    },
    /// bind(2) to anything but a path.
    Bind(Address),
    /// connect(2) or sending to anything but a path.
    Connect(Address),
    /// A namespace was made or joined.
    Namespace {
        /// Which kind.
        kind: NamespaceKind,
        /// How.
        way: NamespaceWay,
    },
    /// A device node was opened or made; the path is a file access of its own.
    Device {
        /// A block device; else a character device.
        block: bool,
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
        /// Opened for reading.
        read: bool,
        /// Opened for writing.
        write: bool,
        /// Made by mknod(2).
        mknod: bool,
    },
    /// Memory that is or was writable became executable, or both at once (systemd.exec(5), MemoryDenyWriteExecute=).
    WriteExecute(WriteExecuteWay),
    /// A realtime scheduling policy was asked for: the `SCHED_…` number.
    Realtime(u32),
    /// personality(2) with another value than the current one.
    Personality(u32),
    /// A set-user-ID or set-group-ID bit was set on a file or directory, or a file was made with one.
    SetIdBits {
        /// The path as the program sees it.
        path: PathBuf,
        /// The bits: `S_ISUID` and `S_ISGID` alone.
        bits: u16,
    },
    /// add_key(2), request_key(2), keyctl(2).
    Keyring(KeyringUse),
    /// sethostname(2) or setdomainname(2).
    Hostname(NameKind),
    /// The system's clock was set or adjusted.
    Clock(ClockUse),
    /// syslog(2) with anything but its harmless parts, or `/dev/kmsg` or `/proc/kmsg` opened.
    KernelLog,
    /// A kernel module was loaded or unloaded.
    Module(ModuleUse),
    /// Another process was traced or its memory used.
    Ptrace {
        /// How.
        way: PtraceUse,
        /// Whose.
        of: ProcessRelation,
    },
    /// A signal was sent with kill(2) and its kin to another process.
    Signal(ProcessRelation),
    /// A file below `/proc/PID` of another process was used.
    ProcOfOther(ProcessRelation),
    /// A file of `/proc` that belongs to no process was used.
    ProcKernel {
        /// It was opened for writing or changed.
        write: bool,
    },
    /// A file below `/sys` was opened for writing or changed.
    SysWrite,
    /// A control group file was opened for writing, or a group made or removed.
    CgroupWrite,
    /// The program changed who it is.
    Identity(IdentityChange),
    /// An executed file gave the program more privileges.
    ExecGain(ExecGain),
    /// io_uring was set up or asked to do something.
    IoUring(IoUringUse),
    /// System V or POSIX message queues, semaphores, shared memory between processes.
    Ipc {
        /// POSIX message queues; else System V.
        posix: bool,
    },
}

/// A socket's address that is not a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// `AF_INET`, `AF_INET6`.
    Inet {
        /// The address.
        ip: IpAddr,
        /// The port; 0 lets the kernel choose.
        port: u16,
    },
    /// An abstract unix socket: its name without the leading NUL.
    Abstract(OsString),
    /// A unix socket bound without a name: the kernel chooses an abstract one.
    Autobind,
    /// `AF_NETLINK`: the groups.
    Netlink {
        /// Multicast groups, as a bit mask.
        groups: u32,
    },
    /// `AF_VSOCK`.
    Vsock {
        /// Context identifier.
        cid: u32,
        /// Port.
        port: u32,
    },
    /// Any other family, by number.
    Other {
        /// `AF_…`.
        family: u16,
    },
}

/// Kinds of namespaces, in the order of the words of RestrictNamespaces=.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamespaceKind {
    /// Control groups.
    Cgroup,
    /// System V IPC and message queues.
    Ipc,
    /// Network.
    Net,
    /// Mounts.
    Mnt,
    /// Processes.
    Pid,
    /// Users.
    User,
    /// Host name.
    Uts,
    /// Clocks; RestrictNamespaces= does not know it before systemd 258.
    Time,
}

impl NamespaceKind {
    /// Every kind, its `CLONE_NEW…` flag, its word.
    pub const WORDS: [(NamespaceKind, u32, &'static str); 8] = [
        (NamespaceKind::Cgroup, 0x0200_0000, "cgroup"),
        (NamespaceKind::Ipc, 0x0800_0000, "ipc"),
        (NamespaceKind::Net, 0x4000_0000, "net"),
        (NamespaceKind::Mnt, 0x0002_0000, "mnt"),
        (NamespaceKind::Pid, 0x2000_0000, "pid"),
        (NamespaceKind::User, 0x1000_0000, "user"),
        (NamespaceKind::Uts, 0x0400_0000, "uts"),
        (NamespaceKind::Time, 0x0000_0080, "time"),
    ];
}

/// How a program came into a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamespaceWay {
    /// clone(2), clone3(2) or unshare(2).
    Make,
    /// setns(2).
    Join,
}

/// How memory became writable and executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WriteExecuteWay {
    /// mmap(2) with both.
    Mmap,
    /// mprotect(2) or pkey_mprotect(2) that adds execution.
    Mprotect,
    /// shmat(2) with `SHM_EXEC`.
    Shmat,
    /// prctl(2) or an execution that asks for executable stacks and data.
    Personality,
}

/// Which call used a keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyringUse {
    /// add_key(2).
    Add,
    /// request_key(2).
    Request,
    /// keyctl(2).
    Control,
}

/// Which name of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameKind {
    /// The host name.
    Host,
    /// The NIS domain name.
    Domain,
}

/// What was done to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClockUse {
    /// Set: settimeofday(2), clock_settime(2), stime(2).
    Set,
    /// Adjusted: adjtimex(2), clock_adjtime(2) with any mode.
    Adjust,
}

/// What was done with modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModuleUse {
    /// init_module(2), finit_module(2).
    Load,
    /// delete_module(2).
    Unload,
}

/// How another process's inside was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PtraceUse {
    /// ptrace(2): attach, seize or traceme.
    Trace,
    /// process_vm_readv(2).
    ReadMemory,
    /// process_vm_writev(2).
    WriteMemory,
    /// pidfd_getfd(2).
    TakeDescriptor,
    /// kcmp(2).
    Compare,
}

/// How a program changed who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentityChange {
    /// The effective, real or saved user became this one.
    User(u32),
    /// The effective, real or saved group became this one.
    Group(u32),
    /// setgroups(2).
    Groups,
    /// capset(2).
    Capabilities,
    /// prctl(2) dropped from the bounding set.
    BoundingSet,
    /// prctl(2) changed the ambient set.
    AmbientSet,
    /// prctl(2) changed the secure bits.
    Securebits,
    /// prctl(2) set no-new-privileges.
    NoNewPrivileges,
}

/// How an executed file gave privileges.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExecGain {
    /// The executed file, as the program sees it.
    pub path: PathBuf,
    /// By its set-user-ID bit.
    pub user: bool,
    /// By its set-group-ID bit.
    pub group: bool,
    /// By capabilities attached to it.
    pub capabilities: bool,
}

/// What was done with io_uring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IoUringUse {
    /// io_uring_setup(2).
    Setup,
    /// A request: `IORING_OP_…`.
    Request(u8),
}
