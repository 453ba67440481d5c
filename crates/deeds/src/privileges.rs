//! Privileges that are neither files nor sockets. Those that would change the machine are used in a way that the kernel
//! refuses after it has recognised them.

use crate::call::{call, fails, ok, open, pointer, text};
use crate::processes::execute;
use crate::{Answer, Deed, Stage, file, privilege};
use libc::*;
use ringfence_profile::FileKind::{CharDevice, Directory, File};
use ringfence_profile::{
    ClockUse, ExecGain, IdentityChange, IoUringUse, KeyringUse, ModuleUse, NameKind, NamespaceKind,
    NamespaceWay, Operation::*, Privilege, ProcessRelation, PtraceUse, WriteExecuteWay,
};

use std::path::{Path, PathBuf};

const PR_CAP_AMBIENT_CLEAR_ALL: i64 = 4;
const NOBODY: i64 = 65534;
const SHM_EXEC: i64 = 0o100000;
const SCHED_BATCH_POLICY: i64 = 3;

/// EPERM for an ordinary user, and another error for root, since the rest of the call is wrong as well.
fn refused(errno: i32) -> i32 {
    if is_root() { errno } else { EPERM }
}

/// What a call without arguments says of this process.
fn own(number: c_long) -> u32 {
    ok(number, &[]) as u32
}

/// `struct timex` with a mode that no clock has and an offset that none takes.
fn wrong_adjustment() -> [u32; 64] {
    let mut timex = [0; 64];
    // ADJ_TICK, and a tick of no length (adjtimex(2), EINVAL).
    timex[0] = 0x4000;
    timex
}

/// Reads nothing of the kernel's log; how that fails depends on who asks, and on `kernel.dmesg_restrict`.
fn read_log() -> i32 {
    -call(SYS_syslog, &[3, 0, -1]) as i32
}

/// Loads no module; how that fails depends on the kernel, which may have no modules at all.
fn load_module() -> i32 {
    -call(SYS_finit_module, &[-1, text("").pointer(), 0]) as i32
}

/// Unloads no module.
fn unload_module() -> i32 {
    -call(SYS_delete_module, &[0, 0]) as i32
}

pub(crate) fn is_root() -> bool {
    // SAFETY: geteuid(2) has no precondition and cannot fail.
    unsafe { geteuid() == 0 }
}

fn identity(change: IdentityChange) -> Vec<Answer> {
    vec![privilege(Privilege::Identity(change))]
}

fn namespace(kind: NamespaceKind, way: NamespaceWay) -> Privilege {
    Privilege::Namespace { kind, way }
}

#[rustfmt::skip]
pub(crate) fn deeds(stage: &Stage) -> Vec<Deed> {
    let deed = |name, act, expected| Deed { name, act, expected };
    let mut all = vec![
        // Memory.
        deed("write-execute-mmap", |_| { ok(SYS_mmap, &[0, 4096, 7, (MAP_PRIVATE | MAP_ANONYMOUS).into(), -1, 0]); },
            vec![privilege(Privilege::WriteExecute(WriteExecuteWay::Mmap))]),
        deed("write-execute-mprotect", |_| {
            let page = ok(SYS_mmap, &[0, 4096, 3, (MAP_PRIVATE | MAP_ANONYMOUS).into(), -1, 0]);
            ok(SYS_mprotect, &[page, 4096, 5]);
        }, vec![privilege(Privilege::WriteExecute(WriteExecuteWay::Mprotect))]),
        deed("shared-memory", |_| {
            let id = ok(SYS_shmget, &[IPC_PRIVATE.into(), 4096, (IPC_CREAT | 0o700).into()]);
            ok(SYS_shmat, &[id, 0, SHM_EXEC]);
            ok(SYS_shmctl, &[id, IPC_RMID.into(), 0]);
        }, vec![privilege(Privilege::WriteExecute(WriteExecuteWay::Shmat)), privilege(Privilege::Ipc { posix: false })]),
        deed("message-queue", |_| fails(ENOENT, SYS_mq_open, &[text("ringfence-absent").pointer(), 0, 0, 0]),
            vec![privilege(Privilege::Ipc { posix: true }).fails(ENOENT)]),
        // Scheduling, personality.
        deed("realtime", |_| fails(EINVAL, SYS_sched_setscheduler, &[0, SCHED_FIFO.into(), pointer(&mut 1000_i32)]),
            vec![privilege(Privilege::Realtime(SCHED_FIFO as u32)).fails(EINVAL)]),
        deed("not-realtime", |_| { ok(SYS_sched_setscheduler, &[0, SCHED_BATCH_POLICY, pointer(&mut 0_i32)]); }, vec![]),
        deed("personality", |_| { ok(SYS_personality, &[0x0008]); }, vec![privilege(Privilege::Personality(8))]),
        deed("personality-asked", |_| { ok(SYS_personality, &[0xffff_ffff]); }, vec![]),
        // Identity. Changing to what one is already is a change to the kernel and to a filter.
        deed("setuid", |_| { let id = ok(SYS_geteuid, &[]); ok(SYS_setuid, &[id]); }, identity(IdentityChange::User(own(SYS_geteuid)))),
        deed("setresgid", |_| { let id = ok(SYS_getegid, &[]); ok(SYS_setresgid, &[-1, id, -1]); }, identity(IdentityChange::Group(own(SYS_getegid)))),
        deed("no-new-privileges", |_| { ok(SYS_prctl, &[PR_SET_NO_NEW_PRIVS.into(), 1, 0, 0, 0]); }, identity(IdentityChange::NoNewPrivileges)),
        deed("ambient-set", |_| { ok(SYS_prctl, &[PR_CAP_AMBIENT.into(), PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0]); }, identity(IdentityChange::AmbientSet)),
        deed("thread-name", |_| { ok(SYS_prctl, &[PR_SET_NAME.into(), text("another").pointer()]); }, vec![]),
        // Namespaces.
        deed("join-namespace", |_| {
            let own = open("/proc/self/ns/uts".as_ref(), O_RDONLY);
            let result = call(SYS_setns, &[own, 0]);
            assert_eq!(result, if is_root() { 0 } else { -i64::from(EPERM) });
        }, vec![
            file([Read], File, "/proc/self/ns/uts").of(ProcessRelation::Own),
            if is_root() { privilege(namespace(NamespaceKind::Uts, NamespaceWay::Join)) }
            else { privilege(namespace(NamespaceKind::Uts, NamespaceWay::Join)).fails(EPERM) },
        ]),
        // Keys, names, clocks, log, modules.
        deed("add-key", |_| fails(ENODEV, SYS_add_key, &[text("no-such-type").pointer(), text("x").pointer(), 0, 0, -3]),
            vec![privilege(Privilege::Keyring(KeyringUse::Add)).fails(ENODEV)]),
        deed("request-key", |_| fails(ENOKEY, SYS_request_key, &[text("no-such-type").pointer(), text("x").pointer(), 0, -3]),
            vec![privilege(Privilege::Keyring(KeyringUse::Request)).fails(ENOKEY)]),
        deed("keyctl", |_| fails(EOPNOTSUPP, SYS_keyctl, &[9999]), vec![privilege(Privilege::Keyring(KeyringUse::Control)).fails(EOPNOTSUPP)]),
        deed("sethostname", |_| fails(refused(EINVAL), SYS_sethostname, &[0, -1]), vec![privilege(Privilege::Hostname(NameKind::Host)).fails(refused(EINVAL))]),
        deed("setdomainname", |_| fails(refused(EINVAL), SYS_setdomainname, &[0, -1]), vec![privilege(Privilege::Hostname(NameKind::Domain)).fails(refused(EINVAL))]),
        deed("set-clock", |_| fails(EINVAL, SYS_clock_settime, &[0, pointer(&mut [0_i64, -1])]), vec![privilege(Privilege::Clock(ClockUse::Set)).fails(EINVAL)]),
        deed("adjust-clock", |_| fails(refused(EINVAL), SYS_adjtimex, &[pointer(&mut wrong_adjustment())]),
            vec![privilege(Privilege::Clock(ClockUse::Adjust)).fails(refused(EINVAL))]),
        deed("ask-clock", |_| { ok(SYS_adjtimex, &[pointer(&mut [0_u32; 64])]); }, vec![]),
        deed("kernel-log", |_| { read_log(); }, vec![privilege(Privilege::KernelLog).fails(read_log())]),
        deed("load-module", |_| { load_module(); }, vec![privilege(Privilege::Module(ModuleUse::Load)).fails(load_module())]),
        deed("unload-module", |_| { unload_module(); }, vec![privilege(Privilege::Module(ModuleUse::Unload)).fails(unload_module())]),
        deed("io-uring", |_| fails(EFAULT, SYS_io_uring_setup, &[1, 0]), vec![privilege(Privilege::IoUring(IoUringUse::Setup)).fails(EFAULT)]),
        // Other processes.
        deed("signal-to-foreign", |_| { let result = call(SYS_kill, &[1, 0]); assert_eq!(result, if is_root() { 0 } else { -i64::from(EPERM) }); },
            vec![may_fail(Privilege::Signal(ProcessRelation::Foreign))]),
        deed("signal-to-child", |_| {
            let child = ok(SYS_clone, &[SIGCHLD.into(), 0, 0, 0, 0]);
            if child == 0 {
                // It makes no call by which it would be known.
                loop { std::hint::spin_loop() }
            }
            ok(SYS_kill, &[child, SIGKILL.into()]);
            ok(SYS_wait4, &[child, 0, 0, 0, 0]);
        }, vec![privilege(Privilege::Signal(ProcessRelation::Recorded))]),
        deed("signal-to-itself", |_| { ok(SYS_kill, &[ok(SYS_getpid, &[]), 0]); }, vec![]),
        deed("read-memory", |_| { ok(SYS_process_vm_readv, &[i32::MAX.into(), 0, 0, 0, 0, 0]); }, vec![
            privilege(Privilege::Ptrace { way: PtraceUse::ReadMemory, of: ProcessRelation::Foreign }),
        ]),
        deed("attach", |_| fails(ESRCH, SYS_ptrace, &[PTRACE_SEIZE.into(), i32::MAX.into(), 0, 0]), vec![
            privilege(Privilege::Ptrace { way: PtraceUse::Trace, of: ProcessRelation::Foreign }).fails(ESRCH),
        ]),
    ];
    if is_root() {
        all.extend(of_root(stage));
    }
    all
}

/// What only root may do; what it changes ends with the process, or is on the stage.
#[rustfmt::skip]
fn of_root(stage: &Stage) -> Vec<Deed> {
    let gains = |name: &str, set: fn(&mut ExecGain)| {
        let mut gain = ExecGain { path: stage.path(name), user: false, group: false, capabilities: false };
        set(&mut gain);
        vec![file([Exec], File, stage.path(name)), privilege(Privilege::ExecGain(gain))]
    };
    let deed = |name, act, expected| Deed { name, act, expected };
    let made = |kind| privilege(namespace(kind, NamespaceWay::Make));
    vec![
        deed("mknod-device", |s| { ok(SYS_mknod, &[text(s.path("null")).pointer(), (S_IFCHR | 0o600).into(), 0x103]); }, vec![
            file([Mknod], CharDevice, stage.path("null")),
            privilege(Privilege::Device { block: false, major: 1, minor: 3, read: false, write: false, mknod: true }),
        ]),
        deed("chroot", |s| {
            ok(SYS_chroot, &[text(s.path("root")).pointer()]);
            ok(SYS_chdir, &[text("/").pointer()]);
            open("/link".as_ref(), O_RDONLY);
        }, vec![
            file([Chroot], Directory, stage.path("root")),
            file([Chdir], Directory, "/").on_host(stage.path("root")),
            file([Read], File, "/etc/inside").via("/link", "/etc/inside").on_host(stage.path("root/etc/inside")),
        ]),
        deed("mount", |s| {
            ok(SYS_unshare, &[CLONE_NEWNS.into()]);
            ok(SYS_mount, &[text("none").pointer(), text("/").pointer(), 0, (MS_REC | MS_PRIVATE) as i64, 0]);
            ok(SYS_mount, &[text(s.path("dir")).pointer(), text(s.path("mnt")).pointer(), 0, MS_BIND as i64, 0]);
            ok(SYS_close, &[open(&s.path("mnt/inner"), O_RDONLY)]);
            ok(SYS_umount2, &[text(s.path("mnt")).pointer(), 0]);
        }, vec![
            made(NamespaceKind::Mnt),
            file([Mount], Directory, "/"),
            file([MountSource], Directory, stage.path("dir")),
            file([Mount], Directory, stage.path("mnt")),
            file([Read], File, stage.path("mnt/inner")).on_host(stage.path("dir/inner")),
            file([Umount], Directory, stage.path("mnt")).on_host(stage.path("dir")),
        ]),
        deed("unshare", |_| { ok(SYS_unshare, &[(CLONE_NEWUTS | CLONE_NEWIPC).into()]); }, vec![made(NamespaceKind::Uts), made(NamespaceKind::Ipc)]),
        deed("setgroups", |_| { ok(SYS_setgroups, &[1, pointer(&mut 0_u32)]); }, identity(IdentityChange::Groups)),
        deed("gain-user", |s| execute(s, "gives-user", None), gains("gives-user", |gain| gain.user = true)),
        deed("gain-group", |s| execute(s, "gives-group", None), gains("gives-group", |gain| gain.group = true)),
        deed("gain-capabilities", |s| execute(s, "gives-capabilities", Some(NOBODY)), {
            let gained = gains("gives-capabilities", |gain| gain.capabilities = true);
            let changed = privilege(Privilege::Identity(IdentityChange::User(NOBODY as u32)));
            gained.into_iter().map(|answer| answer.by_user(NOBODY as u32)).chain([changed]).collect()
        }),
        deed("sys-write", |_| { open("/sys/kernel/rcu_expedited".as_ref(), O_WRONLY); }, vec![file([Write], File, "/sys/kernel/rcu_expedited")]),
        deed("cgroup-write", |_| { open(&group_file(), O_WRONLY); }, vec![file([Write], File, group_file())]),
        deed("kernel-log-file", |_| { open("/dev/kmsg".as_ref(), O_WRONLY); }, vec![
            file([Write], CharDevice, "/dev/kmsg"),
            privilege(Privilege::Device { block: false, major: 1, minor: 11, read: false, write: true, mknod: false }),
        ]),
    ]
}

/// A file of the control group that every process is in, or of its root.
fn group_file() -> PathBuf {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let point =
        mounts.lines().find(|line| line.contains(" cgroup2 ")).and_then(|line| line.split(' ').nth(1));
    Path::new(point.unwrap_or("/sys/fs/cgroup")).join("cgroup.procs")
}

/// The answer to what root may do and others may not.
fn may_fail(used: Privilege) -> Answer {
    if is_root() { privilege(used) } else { privilege(used).fails(EPERM) }
}
