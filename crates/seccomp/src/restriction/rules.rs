//! What each restriction asks of the calls through one ABI (systemd: `src/shared/seccomp-util.c`).

use crate::rules::{Condition, Rules, Test};
use crate::{
    Abi, Action, AddressFamilies, FilterFault, Group, Machine, NamespaceRestriction, NamespaceType,
    Restriction, Sense, Syscall, SyscallLog, Verdict,
};
use ringfence_terms::Errno;

const EPERM: Action = Action::Errno(Errno::EPERM);
const ENOSYS: Action = Action::Errno(Errno::ENOSYS);

impl Restriction {
    /// The rules for one ABI of a machine; `None` where systemd loads no filter.
    pub(super) fn rules(&self, abi: Abi, machine: Machine) -> Result<Option<Rules>, FilterFault> {
        Ok(match self {
            Restriction::Hostname => {
                Some(denying(abi, [Syscall::of("sethostname"), Syscall::of("setdomainname")]))
            }
            Restriction::AddressFamilies(families) => address_families(families, abi),
            Restriction::MemoryDenyWriteExecute => Some(memory(abi)),
            Restriction::Realtime => Some(realtime(abi)),
            Restriction::SuidSgid => Some(suid_sgid(abi)),
            Restriction::Namespaces(namespaces) => self::namespaces(namespaces, abi),
            Restriction::KernelTunables => Some(denying(abi, [Syscall::of("_sysctl")])),
            Restriction::KernelModules => Some(denying_group(abi, "@module")),
            Restriction::KernelLogs => Some(denying(abi, [Syscall::of("syslog")])),
            Restriction::Clock => Some(denying_group(abi, "@clock")),
            Restriction::RawIo => Some(denying_group(abi, "@raw-io")),
            // It judges ABIs, not calls.
            Restriction::Architectures(_) => None,
            Restriction::Personality(allowed) => Some(personality(*allowed, abi)),
            Restriction::SyscallLog(log) => self::log(log, abi),
            Restriction::SyscallFilter(filter) => filter.rules(abi, machine)?,
        })
    }
}

fn allowing(abi: Abi) -> Rules {
    Rules::new(abi, Action::Allow)
}

fn denying(abi: Abi, calls: impl IntoIterator<Item = Syscall>) -> Rules {
    let mut rules = allowing(abi);
    calls.into_iter().for_each(|call| rules.always(call, EPERM));
    rules
}

fn denying_group(abi: Abi, group: &str) -> Rules {
    denying(abi, Group::named(group).into_iter().flat_map(|group| group.calls().iter()))
}

/// systemd: `seccomp_restrict_address_families`. i386 programs make sockets through `socketcall()`, whose arguments are in
/// memory where no filter sees them; that ABI gets no filter at all.
fn address_families(families: &AddressFamilies, abi: Abi) -> Option<Rules> {
    const SOCKET: Syscall = Syscall::of("socket");
    if !families.is_active() || abi == Abi::I386 {
        return None;
    }
    let denied = Action::Errno(Errno::EAFNOSUPPORT);
    let listed: Vec<u32> = families.listed().map(|family| family.number()).collect();
    let mut rules = allowing(abi);
    match families.sense()? {
        Sense::Allow => rules.when(SOCKET, vec![Condition::new(0, Test::NoneOf(listed))], denied),
        Sense::Deny => rules.when(SOCKET, vec![Condition::new(0, Test::AnyOf(listed))], denied),
    }
    Some(rules)
}

/// systemd: `seccomp_memory_deny_write_execute`.
fn memory(abi: Abi) -> Rules {
    // asm-generic/mman-common.h and linux/shm.h
    const PROT_WRITE: u32 = 2;
    const PROT_EXEC: u32 = 4;
    const SHM_EXEC: u32 = 0o100_000;
    let has = |bit| Condition::new(2, Test::AnyBit(bit));

    let mut rules = allowing(abi);
    let mmap = match abi {
        Abi::I386 | Abi::Arm => Syscall::of("mmap2"),
        _ => Syscall::of("mmap"),
    };
    rules.when(mmap, vec![has(PROT_WRITE), has(PROT_EXEC)], EPERM);
    if abi == Abi::I386 {
        // The old call takes its arguments in memory, where no filter sees them.
        rules.always(Syscall::of("mmap"), EPERM);
    }
    rules.when(Syscall::of("mprotect"), vec![has(PROT_EXEC)], EPERM);
    rules.when(Syscall::of("pkey_mprotect"), vec![has(PROT_EXEC)], EPERM);
    if abi != Abi::I386 {
        // i386 has it behind `ipc()`, too, which systemd leaves open.
        rules.when(Syscall::of("shmat"), vec![has(SHM_EXEC)], EPERM);
    }
    rules
}

/// systemd: `seccomp_restrict_realtime_full`.
fn realtime(abi: Abi) -> Rules {
    // linux/sched.h: SCHED_NORMAL, SCHED_BATCH, SCHED_IDLE
    let permitted = vec![0, 3, 5];
    let mut rules = allowing(abi);
    let condition = Condition::new(1, Test::NoneOf(permitted));
    rules.when(Syscall::of("sched_setscheduler"), vec![condition], EPERM);
    rules
}

/// systemd: `seccomp_restrict_sxid`.
fn suid_sgid(abi: Abi) -> Rules {
    const O_CREAT: u32 = 0o100;
    let mode = |argument| Condition::new(argument, Test::AnyBit(0o6000));
    let creating = |argument| Condition::new(argument, Test::AnyBit(O_CREAT));

    let mut rules = allowing(abi);
    for (call, argument) in [
        (Syscall::of("chmod"), 1),
        (Syscall::of("fchmod"), 1),
        (Syscall::of("fchmodat"), 2),
        (Syscall::of("fchmodat2"), 2),
        (Syscall::of("mkdir"), 1),
        (Syscall::of("mkdirat"), 2),
        (Syscall::of("mknod"), 1),
        (Syscall::of("mknodat"), 2),
        (Syscall::of("creat"), 1),
    ] {
        rules.when(call, vec![mode(argument)], EPERM);
    }
    rules.when(Syscall::of("open"), vec![creating(1), mode(2)], EPERM);
    rules.when(Syscall::of("openat"), vec![creating(2), mode(3)], EPERM);
    // Its flags and mode are in memory, where no filter sees them; programs fall back to `openat()`.
    rules.always(Syscall::of("openat2"), ENOSYS);
    rules
}

/// systemd: `seccomp_restrict_namespaces`.
fn namespaces(namespaces: &NamespaceRestriction, abi: Abi) -> Option<Rules> {
    if !namespaces.is_active() {
        return None;
    }
    let is_allowed = |kind| namespaces.verdict(kind).verdict == Verdict::Allowed;
    let flags =
        NamespaceType::ALL.into_iter().filter(|&kind| !is_allowed(kind)).map(NamespaceType::clone_flag);
    let denied = flags.fold(0, |mask, flag| mask | flag);
    let has_denied = |argument| vec![Condition::new(argument, Test::AnyBit(denied))];

    let mut rules = allowing(abi);
    // Its flags are in memory, where no filter sees them; programs fall back to `clone()`.
    rules.always(Syscall::of("clone3"), ENOSYS);
    rules.when(Syscall::of("unshare"), has_denied(0), EPERM);
    rules.when(Syscall::of("clone"), has_denied(0), EPERM);
    if NamespaceType::ALL.into_iter().any(|kind| kind != NamespaceType::Time && is_allowed(kind)) {
        // 0 stands for whatever kind of namespace the descriptor is.
        rules.when(Syscall::of("setns"), vec![Condition::new(1, Test::AnyOf(vec![0]))], EPERM);
        rules.when(Syscall::of("setns"), has_denied(1), EPERM);
    } else {
        rules.always(Syscall::of("setns"), EPERM);
    }
    Some(rules)
}

/// systemd: `seccomp_lock_personality`.
fn personality(allowed: u32, abi: Abi) -> Rules {
    let mut rules = allowing(abi);
    let condition = Condition::new(0, Test::NoneOf(vec![allowed]));
    rules.when(Syscall::of("personality"), vec![condition], EPERM);
    rules
}

/// systemd: `apply_syscall_log`.
fn log(log: &SyscallLog, abi: Abi) -> Option<Rules> {
    if !log.is_active() {
        return None;
    }
    let (default, action) = match log.sense()? {
        Sense::Allow => (Action::Allow, Action::Log),
        Sense::Deny => (Action::Log, Action::Allow),
    };
    let mut rules = Rules::new(abi, default);
    log.listed().for_each(|call| rules.always(call, action));
    Some(rules)
}
