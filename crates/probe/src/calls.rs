//! The system calls that are tried. Most have arguments with which they do nothing; a filter answers before the kernel
//! looks at them. What has an effect has it on a process that ends at once.

use libc::c_long;

/// A call with a name of its own.
pub struct Call {
    /// What the report calls it.
    pub name: &'static str,
    /// What is done.
    pub asked: Asked,
}

/// What is asked of the kernel.
pub enum Asked {
    /// A call of which only the ending is told.
    Ending(c_long, [i64; 6]),
    /// A call whose result tells something.
    Value(c_long, [i64; 6]),
    /// How many keys the session keyring has.
    Keys,
    /// A field of the session keyring's description (`keyctl_describe(3)`): 1 its user, 2 its group, 3 its permissions.
    Keyring(usize),
    /// `getpid` by the 32-bit ABI.
    Compat,
}

const fn ending(name: &'static str, number: c_long, arguments: [i64; 6]) -> Call {
    Call { name, asked: Asked::Ending(number, arguments) }
}

const fn value(name: &'static str, number: c_long, arguments: [i64; 6]) -> Call {
    Call { name, asked: Asked::Value(number, arguments) }
}

/// No memory, no descriptor, no number of anything.
const BAD: [i64; 6] = [-1, -1, -1, -1, -1, -1];
/// Null pointers.
const NULL: [i64; 6] = [0; 6];

const fn bad(name: &'static str, number: c_long) -> Call {
    ending(name, number, BAD)
}

const fn null(name: &'static str, number: c_long) -> Call {
    ending(name, number, NULL)
}

const fn with(first: i64, second: i64, third: i64) -> [i64; 6] {
    [first, second, third, 0, 0, 0]
}

const fn socket(name: &'static str, family: i32) -> Call {
    ending(name, libc::SYS_socket, with(family as i64, libc::SOCK_DGRAM as i64, 0))
}

/// With a flag that no `unshare(2)` knows: the kernel refuses it, and a filter does so before.
const fn unshare(name: &'static str, flag: i32) -> Call {
    ending(name, libc::SYS_unshare, with(flag as u32 as i64 | 1, 0, 0))
}

/// `setns(2)` looks at the descriptor first.
const fn setns(name: &'static str, flag: i32) -> Call {
    ending(name, libc::SYS_setns, with(-1, flag as u32 as i64, 0))
}

const SESSION: i64 = libc::KEY_SPEC_SESSION_KEYRING as i64;
const SUID: i64 = 0o4755;
const SGID: i64 = 0o2755;
const CWD: i64 = libc::AT_FDCWD as i64;
const CREATE: i64 = (libc::O_CREAT | libc::O_WRONLY) as i64;
const PAGE: i64 = 4096;
const ANONYMOUS: i64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as i64;
const WRITE_EXECUTE: i64 = (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC) as i64;
const EXECUTE: i64 = (libc::PROT_READ | libc::PROT_EXEC) as i64;
const READ: i64 = libc::PROT_READ as i64;

/// All of them, those that change the process last. Newer machines lack some of the older calls.
pub const CALLS: &[Call] = &[
    value("i/o priority", libc::SYS_ioprio_get, with(1, 0, 0)),
    value("scheduler", libc::SYS_sched_getscheduler, NULL),
    value("dumpable", libc::SYS_prctl, with(libc::PR_GET_DUMPABLE as i64, 0, 0)),
    value("keep capabilities", libc::SYS_prctl, with(libc::PR_GET_KEEPCAPS as i64, 0, 0)),
    value("memory merge", libc::SYS_prctl, with(68, 0, 0)),
    value("write-execute denied", libc::SYS_prctl, with(66, 0, 0)),
    value("speculation", libc::SYS_prctl, with(libc::PR_GET_SPECULATION_CTRL as i64, 0, 0)),
    value("indirect speculation", libc::SYS_prctl, with(libc::PR_GET_SPECULATION_CTRL as i64, 1, 0)),
    value("transparent huge pages off", libc::SYS_prctl, with(libc::PR_GET_THP_DISABLE as i64, 0, 0)),
    value("no new privileges", libc::SYS_prctl, with(libc::PR_GET_NO_NEW_PRIVS as i64, 0, 0)),
    value("personality", libc::SYS_personality, with(0xffff_ffff, 0, 0)),
    Call { name: "session keyring keys", asked: Asked::Keys },
    Call { name: "session keyring user", asked: Asked::Keyring(1) },
    Call { name: "session keyring group", asked: Asked::Keyring(2) },
    Call { name: "session keyring permissions", asked: Asked::Keyring(3) },
    ending(
        "user keyring",
        libc::SYS_keyctl,
        with(libc::KEYCTL_GET_KEYRING_ID as i64, libc::KEY_SPEC_USER_KEYRING as i64, 0),
    ),
    socket("socket unix", libc::AF_UNIX),
    socket("socket inet", libc::AF_INET),
    socket("socket inet6", libc::AF_INET6),
    socket("socket netlink", libc::AF_NETLINK),
    socket("socket packet", libc::AF_PACKET),
    socket("socket alg", libc::AF_ALG),
    socket("socket vsock", libc::AF_VSOCK),
    socket("socket bluetooth", libc::AF_BLUETOOTH),
    socket("socket none", libc::AF_UNSPEC),
    socket("socket 44", 44),
    socket("socket 45", 45),
    socket("socket 1000", 1000),
    socket("socket -1", -1),
    ending("socketpair unix", libc::SYS_socketpair, with(libc::AF_UNIX as i64, libc::SOCK_DGRAM as i64, 0)),
    ending("socketpair inet", libc::SYS_socketpair, with(libc::AF_INET as i64, libc::SOCK_DGRAM as i64, 0)),
    unshare("unshare mnt", libc::CLONE_NEWNS),
    unshare("unshare net", libc::CLONE_NEWNET),
    unshare("unshare ipc", libc::CLONE_NEWIPC),
    unshare("unshare uts", libc::CLONE_NEWUTS),
    unshare("unshare pid", libc::CLONE_NEWPID),
    unshare("unshare user", libc::CLONE_NEWUSER),
    unshare("unshare cgroup", libc::CLONE_NEWCGROUP),
    unshare("unshare time", 0x80),
    unshare("unshare nothing", 0),
    setns("setns mnt", libc::CLONE_NEWNS),
    setns("setns net", libc::CLONE_NEWNET),
    setns("setns user", libc::CLONE_NEWUSER),
    setns("setns any", 0),
    ending("clone user", libc::SYS_clone, with((libc::CLONE_NEWUSER | libc::CLONE_SIGHAND) as i64, 0, 0)),
    ending("clone mnt", libc::SYS_clone, with((libc::CLONE_NEWNS | libc::CLONE_SIGHAND) as i64, 0, 0)),
    null("clone3", libc::SYS_clone3),
    ending("mmap write-execute", libc::SYS_mmap, [0, PAGE, WRITE_EXECUTE, ANONYMOUS, -1, 0]),
    ending("mmap execute", libc::SYS_mmap, [0, PAGE, EXECUTE, ANONYMOUS, -1, 0]),
    ending("mprotect execute", libc::SYS_mprotect, with(0, 0, EXECUTE)),
    ending("mprotect read", libc::SYS_mprotect, with(0, 0, READ)),
    ending("pkey_mprotect execute", libc::SYS_pkey_mprotect, [0, 0, EXECUTE, -1, 0, 0]),
    ending("shmat execute", libc::SYS_shmat, with(-1, 0, libc::SHM_EXEC as i64)),
    ending("shmat", libc::SYS_shmat, with(-1, 0, 0)),
    ending("fchmod suid", libc::SYS_fchmod, with(-1, SUID, 0)),
    ending("fchmod", libc::SYS_fchmod, with(-1, 0o755, 0)),
    #[cfg(target_arch = "x86_64")]
    ending("chmod suid", libc::SYS_chmod, with(0, SUID, 0)),
    #[cfg(target_arch = "x86_64")]
    ending("chmod", libc::SYS_chmod, with(0, 0o755, 0)),
    ending("fchmodat sgid", libc::SYS_fchmodat, with(-1, 0, SGID)),
    ending("fchmodat2 suid", 452, with(-1, 0, SUID)),
    #[cfg(target_arch = "x86_64")]
    ending("mkdir sgid", libc::SYS_mkdir, with(0, SGID, 0)),
    ending("mkdirat sgid", libc::SYS_mkdirat, with(-1, 0, SGID)),
    #[cfg(target_arch = "x86_64")]
    ending("mknod suid", libc::SYS_mknod, with(0, SUID, 0)),
    ending("mknodat suid", libc::SYS_mknodat, [-1, 0, SUID, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    ending("creat suid", libc::SYS_creat, with(0, SUID, 0)),
    #[cfg(target_arch = "x86_64")]
    ending("open suid", libc::SYS_open, with(0, CREATE, SUID)),
    #[cfg(target_arch = "x86_64")]
    ending("open", libc::SYS_open, with(0, 0, SUID)),
    ending("openat sgid", libc::SYS_openat, [CWD, 0, CREATE, SGID, 0, 0]),
    ending("openat file suid", libc::SYS_openat, [CWD, 0, libc::O_TMPFILE as i64 | 1, SUID, 0, 0]),
    null("openat2", libc::SYS_openat2),
    ending("scheduler fifo", libc::SYS_sched_setscheduler, with(0, libc::SCHED_FIFO as i64, 0)),
    ending("scheduler round-robin", libc::SYS_sched_setscheduler, with(0, libc::SCHED_RR as i64, 0)),
    ending("scheduler deadline", libc::SYS_sched_setscheduler, with(0, 6, 0)),
    ending("scheduler batch", libc::SYS_sched_setscheduler, with(0, libc::SCHED_BATCH as i64, 0)),
    ending("scheduler reset fifo", libc::SYS_sched_setscheduler, with(0, 0x4000_0001, 0)),
    null("sched_setattr", libc::SYS_sched_setattr),
    ending("sethostname", libc::SYS_sethostname, with(0, -1, 0)),
    ending("setdomainname", libc::SYS_setdomainname, with(0, -1, 0)),
    bad("clock_settime", libc::SYS_clock_settime),
    null("settimeofday", libc::SYS_settimeofday),
    null("adjtimex", libc::SYS_adjtimex),
    bad("syslog", libc::SYS_syslog),
    null("init_module", libc::SYS_init_module),
    bad("finit_module", libc::SYS_finit_module),
    null("delete_module", libc::SYS_delete_module),
    null("mount", libc::SYS_mount),
    null("umount2", libc::SYS_umount2),
    null("pivot_root", libc::SYS_pivot_root),
    bad("fsopen", libc::SYS_fsopen),
    bad("move_mount", libc::SYS_move_mount),
    null("swapon", libc::SYS_swapon),
    null("swapoff", libc::SYS_swapoff),
    null("reboot", libc::SYS_reboot),
    bad("kexec_file_load", libc::SYS_kexec_file_load),
    bad("ptrace", libc::SYS_ptrace),
    bad("process_vm_readv", libc::SYS_process_vm_readv),
    bad("perf_event_open", libc::SYS_perf_event_open),
    bad("bpf", libc::SYS_bpf),
    bad("userfaultfd", libc::SYS_userfaultfd),
    bad("io_uring_setup", libc::SYS_io_uring_setup),
    null("io_setup", libc::SYS_io_setup),
    bad("add_key", libc::SYS_add_key),
    bad("keyctl", libc::SYS_keyctl),
    null("chroot", libc::SYS_chroot),
    bad("setuid", libc::SYS_setuid),
    bad("setresgid", libc::SYS_setresgid),
    bad("setgroups", libc::SYS_setgroups),
    bad("capset", libc::SYS_capset),
    bad("fchown", libc::SYS_fchown),
    #[cfg(target_arch = "x86_64")]
    bad("iopl", libc::SYS_iopl),
    #[cfg(target_arch = "x86_64")]
    bad("ioperm", libc::SYS_ioperm),
    bad("setpriority", libc::SYS_setpriority),
    bad("ioprio_set", libc::SYS_ioprio_set),
    null("sched_setaffinity", libc::SYS_sched_setaffinity),
    bad("set_mempolicy", libc::SYS_set_mempolicy),
    bad("shmget", libc::SYS_shmget),
    bad("memfd_create", libc::SYS_memfd_create),
    bad("epoll_create1", libc::SYS_epoll_create1),
    bad("pkey_alloc", libc::SYS_pkey_alloc),
    bad("mlock", libc::SYS_mlock),
    bad("landlock_create_ruleset", libc::SYS_landlock_create_ruleset),
    bad("seccomp", libc::SYS_seccomp),
    #[cfg(target_arch = "x86_64")]
    bad("modify_ldt", libc::SYS_modify_ldt),
    bad("quotactl", libc::SYS_quotactl),
    bad("fanotify_init", libc::SYS_fanotify_init),
    bad("open_by_handle_at", libc::SYS_open_by_handle_at),
    bad("name_to_handle_at", libc::SYS_name_to_handle_at),
    null("acct", libc::SYS_acct),
    #[cfg(target_arch = "x86_64")]
    null("uselib", libc::SYS_uselib),
    #[cfg(target_arch = "x86_64")]
    bad("ustat", libc::SYS_ustat),
    bad("timer_delete", libc::SYS_timer_delete),
    bad("setrlimit", libc::SYS_setrlimit),
    bad("kill", libc::SYS_tgkill),
    bad("sync_file_range", libc::SYS_sync_file_range),
    bad("a call without a name", 9999),
    // The bit that x32 calls have (`asm/unistd.h`, __X32_SYSCALL_BIT).
    ending("x32 getpid", 0x4000_0000 + libc::SYS_getpid, NULL),
    Call { name: "i386 getpid", asked: Asked::Compat },
    ending("personality linux32", libc::SYS_personality, with(8, 0, 0)),
    ending("unshare net for real", libc::SYS_unshare, with(libc::CLONE_NEWNET as i64, 0, 0)),
    ending("unshare user for real", libc::SYS_unshare, with(libc::CLONE_NEWUSER as i64, 0, 0)),
];

/// Makes the call; the result, or the negated error number.
pub fn ask(asked: &Asked) -> i64 {
    match asked {
        Asked::Ending(number, arguments) | Asked::Value(number, arguments) => call(*number, arguments),
        // Four bytes a key.
        Asked::Keys => match call(libc::SYS_keyctl, &with(libc::KEYCTL_READ as i64, SESSION, 0)) {
            bytes @ 0.. => bytes / 4,
            error => error,
        },
        Asked::Keyring(field) => keyring(*field),
        Asked::Compat => compat(),
    }
}

/// One field of `type;user;group;permissions;name`, the permissions being hexadecimal.
fn keyring(field: usize) -> i64 {
    let mut text = [0u8; 256];
    let memory = text.as_mut_ptr() as i64;
    let result =
        call(libc::SYS_keyctl, &[libc::KEYCTL_DESCRIBE as i64, SESSION, memory, text.len() as i64, 0, 0]);
    if result < 0 {
        return result;
    }
    let text = String::from_utf8_lossy(&text);
    let word = text.split(';').nth(field).unwrap_or_default();
    i64::from_str_radix(word, if field == 3 { 16 } else { 10 }).unwrap_or(-i64::from(libc::EPROTO))
}

#[allow(unsafe_code)]
fn call(number: c_long, arguments: &[i64; 6]) -> i64 {
    let [a, b, c, d, e, f] = *arguments;
    // SAFETY: the table's arguments are numbers, null, or -1, and let no call write to memory of this program nor unmap
    // any; that of `keyring` is its own buffer, which is as long as it says.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    match result {
        -1 => -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)),
        other => other,
    }
}

/// `getpid`, number 20 of i386, through `int 0x80`, which a 64-bit program may use too.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
fn compat() -> i64 {
    let mut result: i64 = 20;
    // SAFETY: the call takes nothing and changes no register but the one with its result; r8 to r11 are named for kernels
    // before 4.19, which clear them.
    unsafe {
        std::arch::asm!(
            "int 0x80",
            inout("rax") result,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    i64::from(result as i32)
}

/// Other machines have no such door.
#[cfg(not(target_arch = "x86_64"))]
fn compat() -> i64 {
    -i64::from(libc::ENOSYS)
}
