//! Operations that fail without a path, or for want of a privilege: how programs name them, the system calls behind them,
//! the capability that they take (capabilities(7)).

use ringfence_settings::Capability;
use ringfence_terms::Errno;

/// One operation.
pub struct Operation {
    /// What programs say, in lower case.
    pub words: &'static [&'static str],
    /// The system calls that it is, the likeliest first.
    pub calls: &'static [&'static str],
    /// The capability that it takes.
    pub capability: Option<&'static str>,
    /// The error without the capability, where it is not `EPERM`.
    pub errno: Errno,
}

const fn row(
    words: &'static [&'static str],
    calls: &'static [&'static str],
    capability: &'static str,
) -> Operation {
    Operation { words, calls, capability: Some(capability), errno: Errno::EPERM }
}

/// The more telling words come first.
pub static OPERATIONS: &[Operation] = &[
    // ip(7): a port below net.ipv4.ip_unprivileged_port_start; EACCES.
    Operation {
        words: &[
            "bind(",
            "stream_socket_server",
            ".bind",
            "bind:",
            "bind to",
            "bind for",
            "binding",
            "listen tcp",
            "listen udp",
            "listen eacces",
            "bindexception",
            "bind address",
            "socket bind",
        ],
        calls: &["bind"],
        capability: Some("CAP_NET_BIND_SERVICE"),
        errno: Errno::EACCES,
    },
    row(&["initgroups", "setgroups", "set groups", "supplementary groups"], &["setgroups"], "CAP_SETGID"),
    row(&["setgid", "setegid", "setresgid", "setregid"], &["setresgid", "setgid", "setregid"], "CAP_SETGID"),
    row(
        &["setuid", "seteuid", "setresuid", "setreuid", "switch user", "change user"],
        &["setresuid", "setuid", "setreuid"],
        "CAP_SETUID",
    ),
    row(
        &["chown", "changing ownership", "preserve ownership", "changing group of"],
        &["fchownat", "chown", "fchown", "lchown"],
        "CAP_CHOWN",
    ),
    row(&["chmod", "changing permissions"], &["fchmodat", "chmod", "fchmod", "fchmodat2"], "CAP_FOWNER"),
    row(&["chroot", "change root directory"], &["chroot"], "CAP_SYS_CHROOT"),
    row(&["mknod"], &["mknodat", "mknod"], "CAP_MKNOD"),
    row(
        &["sethostname", "set hostname", "set host name", "you must be root to change the host name"],
        &["sethostname"],
        "CAP_SYS_ADMIN",
    ),
    row(&["setdomainname"], &["setdomainname"], "CAP_SYS_ADMIN"),
    row(
        &[
            "clock_settime",
            "settimeofday",
            "adjtimex",
            "clock_adjtime",
            "set date",
            "set time",
            "set the system clock",
            "set system clock",
        ],
        &["clock_settime", "settimeofday", "clock_adjtime", "adjtimex"],
        "CAP_SYS_TIME",
    ),
    row(
        &[
            "sched_setscheduler",
            "sched_fifo",
            "sched_rr",
            "realtime scheduling",
            "real-time scheduling",
            "set pid 0's policy",
        ],
        &["sched_setscheduler", "sched_setattr"],
        "CAP_SYS_NICE",
    ),
    row(&["setpriority", "set niceness", "setting priority"], &["setpriority"], "CAP_SYS_NICE"),
    row(&["setrlimit", "rlimit_", "modify limit"], &["prlimit64", "setrlimit"], "CAP_SYS_RESOURCE"),
    row(
        &["sock_raw", "raw socket", "icmp open socket", "lacking privilege for raw"],
        &["socket"],
        "CAP_NET_RAW",
    ),
    row(
        &[
            "rtnetlink answers",
            "siocsif",
            "tunsetiff",
            "iptables",
            "nf_tables",
            "nft ",
            "so_mark",
            "so_bindtodevice",
        ],
        &["sendmsg", "setsockopt", "ioctl"],
        "CAP_NET_ADMIN",
    ),
    row(&["ptrace"], &["ptrace"], "CAP_SYS_PTRACE"),
    row(
        &["finit_module", "init_module", "insmod", "modprobe", "could not insert"],
        &["finit_module", "init_module"],
        "CAP_SYS_MODULE",
    ),
    row(&["delete_module", "rmmod"], &["delete_module"], "CAP_SYS_MODULE"),
    row(&["mlockall", "mlock"], &["mlockall", "mlock", "mlock2"], "CAP_IPC_LOCK"),
    row(&["pivot_root"], &["pivot_root"], "CAP_SYS_ADMIN"),
    row(
        &["mount(", "mount:", "mounting", "mount failed"],
        &["mount", "fsopen", "open_tree", "move_mount"],
        "CAP_SYS_ADMIN",
    ),
    row(&["umount"], &["umount2"], "CAP_SYS_ADMIN"),
    row(&["swapon"], &["swapon"], "CAP_SYS_ADMIN"),
    row(&["kernel buffer", "klogctl"], &["syslog"], "CAP_SYSLOG"),
    row(&["perf_event_open"], &["perf_event_open"], "CAP_PERFMON"),
    row(&["iopl", "ioperm"], &["iopl", "ioperm"], "CAP_SYS_RAWIO"),
    row(&["reboot("], &["reboot"], "CAP_SYS_BOOT"),
    row(&["kill(", "kill:", "kill "], &["kill", "tgkill"], "CAP_KILL"),
];

impl Operation {
    /// The capability, typed.
    pub fn capability(&self) -> Option<Capability> {
        Capability::parse(self.capability?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_seccomp::Syscall;

    #[test]
    fn every_name_is_one_that_the_kernel_knows() {
        for operation in OPERATIONS {
            assert!(operation.capability().is_some());
            for call in operation.calls {
                assert!(Syscall::named(call).is_some(), "{call}");
            }
            for word in operation.words {
                assert_eq!(*word, word.to_lowercase());
            }
        }
    }
}
