//! Calls about anything but files.

use crate::effect::{Call, Effect, Effects};
use crate::rule::{Object, RULE, Rule, keys};
use ringfence_profile::{
    ClockUse, IdentityChange, IoUringUse, KeyringUse, ModuleUse, NameKind, NamespaceKind, NamespaceWay,
    Privilege, PtraceUse, WriteExecuteWay,
};
use ringfence_seccomp::Abi;

const fn of_numbers(name: &'static str, keys: u8, effects: fn(&Call<'_>, &mut Effects)) -> Rule {
    Rule { name, keys, effects, ..RULE }
}

const fn of_address(name: &'static str, address: u8, effects: fn(&Call<'_>, &mut Effects)) -> Rule {
    Rule { name, object: Object::Address(address), effects, ..RULE }
}

#[rustfmt::skip]
pub(crate) static RULES: &[Rule] = &[
    // Sockets.
    of_numbers("socket", keys([0, 1, 2]), |c, e| socket(e, c.args[0], c.args[1], c.args[2])),
    of_numbers("socketpair", keys([0, 1, 2]), |c, e| socket(e, c.args[0], c.args[1], c.args[2])),
    of_address("bind", 1, |_, e| e.0.push(Effect::Address { bind: true })),
    of_address("connect", 1, |_, e| e.0.push(Effect::Address { bind: false })),
    of_address("sendto", 4, |_, e| e.0.push(Effect::Address { bind: false })),
    Rule { name: "sendmsg", object: Object::Message(1), effects: |_, e| e.0.push(Effect::Address { bind: false }), ..RULE },
    // The first message's address stands for all.
    Rule { name: "sendmmsg", object: Object::Message(1), effects: |_, e| e.0.push(Effect::Address { bind: false }), ..RULE },
    Rule { name: "socketcall", object: Object::SocketCall, ..RULE },
    // Namespaces.
    of_numbers("clone", keys([0]), |c, e| clone(c, e, c.arg(0) & !0xff)),
    Rule { word: Some(0), ..of_numbers("clone3", keys([0]), |c, e| clone(c, e, c.arg(0))) },
    of_numbers("unshare", keys([0]), |c, e| namespaces(e, c.arg(0), NamespaceWay::Make)),
    Rule { object: Object::Descriptor(0), ..of_numbers("setns", keys([1]), setns) },
    // Memory.
    Rule { name: "mmap", only: Some(Abi::X86_64), object: Object::Mapped, keys: keys([2]), effects: mmap, ..RULE },
    Rule { name: "mmap", only: Some(Abi::I386), object: Object::MappedIndirectly, effects: mmap, ..RULE },
    Rule { name: "mmap2", object: Object::Mapped, keys: keys([2]), effects: mmap, ..RULE },
    Rule { name: "mprotect", object: Object::Protected, keys: keys([2]), effects: mprotect, ..RULE },
    Rule { name: "pkey_mprotect", object: Object::Protected, keys: keys([2]), effects: mprotect, ..RULE },
    of_numbers("shmat", keys([2]), |c, e| {
        const SHM_EXEC: u64 = 0o100000;
        ipc(e, false);
        if c.flag(2, SHM_EXEC) {
            e.privilege(Privilege::WriteExecute(WriteExecuteWay::Shmat));
        }
    }),
    // Processes.
    of_numbers("personality", keys([0]), personality),
    of_numbers("sched_setscheduler", keys([1]), |c, e| realtime(e, c.arg(1))),
    // struct sched_attr: a size of four bytes, then the policy.
    Rule { word: Some(1), ..of_numbers("sched_setattr", keys([1]), |c, e| realtime(e, c.arg(1) >> 32)) },
    of_numbers("ptrace", keys([0, 1]), ptrace),
    of_numbers("process_vm_readv", keys([0]), |c, e| into(e, PtraceUse::ReadMemory, c.number(0))),
    of_numbers("process_vm_writev", keys([0]), |c, e| into(e, PtraceUse::WriteMemory, c.number(0))),
    of_numbers("kcmp", keys([0]), |c, e| into(e, PtraceUse::Compare, c.number(0))),
    of_numbers("kill", keys([0]), |c, e| e.0.push(Effect::Signal { process: c.number(0) })),
    of_numbers("tkill", keys([0]), |c, e| e.0.push(Effect::Signal { process: c.number(0) })),
    of_numbers("tgkill", keys([0]), |c, e| e.0.push(Effect::Signal { process: c.number(0) })),
    of_numbers("rt_sigqueueinfo", keys([0]), |c, e| e.0.push(Effect::Signal { process: c.number(0) })),
    // Identity.
    of_numbers("setuid", keys([0]), |c, e| users(e, [c.arg(0)])),
    of_numbers("setuid32", keys([0]), |c, e| users(e, [c.arg(0)])),
    of_numbers("setreuid", keys([0, 1]), |c, e| users(e, [c.arg(0), c.arg(1)])),
    of_numbers("setreuid32", keys([0, 1]), |c, e| users(e, [c.arg(0), c.arg(1)])),
    of_numbers("setresuid", keys([0, 1, 2]), |c, e| users(e, [c.arg(0), c.arg(1), c.arg(2)])),
    of_numbers("setresuid32", keys([0, 1, 2]), |c, e| users(e, [c.arg(0), c.arg(1), c.arg(2)])),
    of_numbers("setgid", keys([0]), |c, e| groups(e, [c.arg(0)])),
    of_numbers("setgid32", keys([0]), |c, e| groups(e, [c.arg(0)])),
    of_numbers("setregid", keys([0, 1]), |c, e| groups(e, [c.arg(0), c.arg(1)])),
    of_numbers("setregid32", keys([0, 1]), |c, e| groups(e, [c.arg(0), c.arg(1)])),
    of_numbers("setresgid", keys([0, 1, 2]), |c, e| groups(e, [c.arg(0), c.arg(1), c.arg(2)])),
    of_numbers("setresgid32", keys([0, 1, 2]), |c, e| groups(e, [c.arg(0), c.arg(1), c.arg(2)])),
    of_numbers("setgroups", 0, |_, e| e.privilege(Privilege::Identity(IdentityChange::Groups))),
    of_numbers("setgroups32", 0, |_, e| e.privilege(Privilege::Identity(IdentityChange::Groups))),
    of_numbers("capset", 0, |_, e| e.privilege(Privilege::Identity(IdentityChange::Capabilities))),
    of_numbers("prctl", keys([0]), prctl),
    // The machine.
    of_numbers("add_key", 0, |_, e| e.privilege(Privilege::Keyring(KeyringUse::Add))),
    of_numbers("request_key", 0, |_, e| e.privilege(Privilege::Keyring(KeyringUse::Request))),
    of_numbers("keyctl", keys([0]), |_, e| e.privilege(Privilege::Keyring(KeyringUse::Control))),
    of_numbers("sethostname", 0, |_, e| e.privilege(Privilege::Hostname(NameKind::Host))),
    of_numbers("setdomainname", 0, |_, e| e.privilege(Privilege::Hostname(NameKind::Domain))),
    of_numbers("settimeofday", 0, |_, e| e.privilege(Privilege::Clock(ClockUse::Set))),
    of_numbers("stime", 0, |_, e| e.privilege(Privilege::Clock(ClockUse::Set))),
    of_numbers("clock_settime", keys([0]), |_, e| e.privilege(Privilege::Clock(ClockUse::Set))),
    of_numbers("clock_settime64", keys([0]), |_, e| e.privilege(Privilege::Clock(ClockUse::Set))),
    // struct timex starts with the modes; without any the clock is only read.
    Rule { word: Some(0), ..of_numbers("adjtimex", keys([0]), |c, e| adjust(e, c.arg(0))) },
    Rule { word: Some(1), ..of_numbers("clock_adjtime", keys([0, 1]), |c, e| adjust(e, c.arg(1))) },
    Rule { word: Some(1), ..of_numbers("clock_adjtime64", keys([0, 1]), |c, e| adjust(e, c.arg(1))) },
    of_numbers("syslog", keys([0]), |c, e| {
        // 0 and 1 open and close the log, which does nothing (syslog(2)).
        if c.arg(0) > 1 {
            e.privilege(Privilege::KernelLog);
        }
    }),
    of_numbers("init_module", 0, |_, e| e.privilege(Privilege::Module(ModuleUse::Load))),
    of_numbers("finit_module", 0, |_, e| e.privilege(Privilege::Module(ModuleUse::Load))),
    of_numbers("delete_module", 0, |_, e| e.privilege(Privilege::Module(ModuleUse::Unload))),
    of_numbers("io_uring_setup", 0, |_, e| e.privilege(Privilege::IoUring(IoUringUse::Setup))),
    // What these do is no more than a use of a capability, and recorded as such.
    of_numbers("fanotify_init", keys([0]), |_, _| ()),
    of_numbers("fsopen", 0, |_, _| ()),
    of_numbers("fsmount", 0, |_, _| ()),
    of_numbers("bpf", keys([0]), |_, _| ()),
    of_numbers("perf_event_open", 0, |_, _| ()),
    of_numbers("userfaultfd", keys([0]), |_, _| ()),
    of_numbers("setpriority", keys([2]), |_, _| ()),
    of_numbers("ioprio_set", keys([2]), |_, _| ()),
    of_numbers("iopl", keys([0]), |_, _| ()),
    of_numbers("ioperm", keys([2]), |_, _| ()),
    of_numbers("reboot", keys([2]), |_, _| ()),
    of_numbers("kexec_load", 0, |_, _| ()),
    of_numbers("kexec_file_load", 0, |_, _| ()),
    of_numbers("vhangup", 0, |_, _| ()),
    // Communication between processes.
    of_numbers("shmget", 0, |_, e| ipc(e, false)),
    of_numbers("semget", 0, |_, e| ipc(e, false)),
    of_numbers("msgget", 0, |_, e| ipc(e, false)),
    of_numbers("ipc", keys([0]), |_, e| ipc(e, false)),
    of_numbers("mq_open", 0, |_, e| ipc(e, true)),
    of_numbers("mq_unlink", 0, |_, e| ipc(e, true)),
];

/// The type without `SOCK_NONBLOCK` and `SOCK_CLOEXEC`.
pub(crate) fn socket(effects: &mut Effects, family: u64, kind: u64, protocol: u64) {
    effects.privilege(Privilege::Socket {
        family: family as u16,
        kind: (kind & 0xf) as u16,
        protocol: protocol as i32,
    });
}

fn namespaces(effects: &mut Effects, flags: u64, way: NamespaceWay) {
    for (kind, flag, _) in NamespaceKind::WORDS {
        if flags & u64::from(flag) != 0 {
            effects.privilege(Privilege::Namespace { kind, way });
        }
    }
}

/// The new process returns from the call too, with 0, when the caller's memory may have changed: it did nothing.
fn clone(call: &Call<'_>, effects: &mut Effects, flags: u64) {
    if call.result != 0 {
        namespaces(effects, flags, NamespaceWay::Make);
    }
}

/// setns(2) with type 0 takes whatever namespace the descriptor is of.
fn setns(call: &Call<'_>, effects: &mut Effects) {
    if call.arg(1) != 0 {
        return namespaces(effects, call.arg(1), NamespaceWay::Join);
    }
    let Some(name) = call.object.and_then(|object| object.split(|&b| b == b':').next()) else { return };
    for (kind, _, word) in NamespaceKind::WORDS {
        if word.as_bytes() == name {
            effects.privilege(Privilege::Namespace { kind, way: NamespaceWay::Join });
        }
    }
}

const PROT_WRITE: u64 = 2;
const PROT_EXEC: u64 = 4;

fn mmap(call: &Call<'_>, effects: &mut Effects) {
    const MAP_ANONYMOUS: u64 = 0x20;
    if !call.flag(2, PROT_EXEC) {
        return;
    }
    if !call.flag(3, MAP_ANONYMOUS) {
        effects.file(crate::On::Object, ringfence_profile::Operation::MapExec);
    }
    if call.flag(2, PROT_WRITE) {
        effects.privilege(Privilege::WriteExecute(WriteExecuteWay::Mmap));
    }
}

fn mprotect(call: &Call<'_>, effects: &mut Effects) {
    if call.flag(2, PROT_EXEC) {
        effects.privilege(Privilege::WriteExecute(WriteExecuteWay::Mprotect));
    }
}

/// 0xffffffff only asks. The result is the personality until then.
fn personality(call: &Call<'_>, effects: &mut Effects) {
    const READ_IMPLIES_EXEC: u32 = 0x0040_0000;
    let asked = call.arg(0) as u32;
    if asked == u32::MAX || call.result == i64::from(asked) {
        return;
    }
    effects.privilege(Privilege::Personality(asked));
    if asked & READ_IMPLIES_EXEC != 0 {
        effects.privilege(Privilege::WriteExecute(WriteExecuteWay::Personality));
    }
}

/// `SCHED_FIFO`, `SCHED_RR` and `SCHED_DEADLINE`, those that RestrictRealtime= refuses.
fn realtime(effects: &mut Effects, policy: u64) {
    const SCHED_RESET_ON_FORK: u32 = 0x4000_0000;
    let policy = policy as u32 & !SCHED_RESET_ON_FORK;
    if matches!(policy, 1 | 2 | 6) {
        effects.privilege(Privilege::Realtime(policy));
    }
}

fn ptrace(call: &Call<'_>, effects: &mut Effects) {
    const PTRACE_TRACEME: u64 = 0;
    const PTRACE_ATTACH: u64 = 16;
    const PTRACE_SEIZE: u64 = 0x4206;
    match call.arg(0) {
        PTRACE_TRACEME => into(effects, PtraceUse::Trace, 0),
        PTRACE_ATTACH | PTRACE_SEIZE => into(effects, PtraceUse::Trace, call.number(1)),
        _ => {}
    }
}

fn into(effects: &mut Effects, way: PtraceUse, process: i32) {
    effects.0.push(Effect::Ptrace { way, process });
}

/// A number of -1 leaves that identity as it is.
fn users<const N: usize>(effects: &mut Effects, users: [u64; N]) {
    each(users, |user| effects.privilege(Privilege::Identity(IdentityChange::User(user))));
}

fn groups<const N: usize>(effects: &mut Effects, groups: [u64; N]) {
    each(groups, |group| effects.privilege(Privilege::Identity(IdentityChange::Group(group))));
}

fn each<const N: usize>(numbers: [u64; N], mut what: impl FnMut(u32)) {
    for (n, number) in numbers.iter().enumerate() {
        if *number as u32 != u32::MAX && !numbers[..n].contains(number) {
            what(*number as u32);
        }
    }
}

/// prctl(2), its options that change identity.
fn prctl(call: &Call<'_>, effects: &mut Effects) {
    const PR_CAPBSET_DROP: u64 = 24;
    const PR_SET_SECUREBITS: u64 = 28;
    const PR_SET_NO_NEW_PRIVS: u64 = 38;
    const PR_CAP_AMBIENT: u64 = 47;
    const PR_CAP_AMBIENT_IS_SET: u64 = 1;
    let change = match call.arg(0) {
        PR_CAPBSET_DROP => IdentityChange::BoundingSet,
        PR_SET_SECUREBITS => IdentityChange::Securebits,
        PR_SET_NO_NEW_PRIVS => IdentityChange::NoNewPrivileges,
        PR_CAP_AMBIENT if call.arg(1) != PR_CAP_AMBIENT_IS_SET => IdentityChange::AmbientSet,
        _ => return,
    };
    effects.privilege(Privilege::Identity(change));
}

fn adjust(effects: &mut Effects, word: u64) {
    if word as u32 != 0 {
        effects.privilege(Privilege::Clock(ClockUse::Adjust));
    }
}

fn ipc(effects: &mut Effects, posix: bool) {
    effects.privilege(Privilege::Ipc { posix });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    fn effects(name: &str, args: &[u64], result: i64, object: Option<&[u8]>) -> Vec<Effect> {
        let rule = rules().find(|rule| rule.name == name).unwrap();
        let mut call = Call { args: [0; 6], result, names: [None; 2], object, made: false };
        call.args[..args.len()].copy_from_slice(args);
        rule.effects(&call)
    }

    fn privileges(name: &str, args: &[u64], result: i64) -> Vec<Privilege> {
        let privilege = |effect| match effect {
            Effect::Privilege(privilege) => privilege,
            other => panic!("{name} {args:?}: {other:?}"),
        };
        effects(name, args, result, None).into_iter().map(privilege).collect()
    }

    #[test]
    fn what_only_asks_uses_nothing() {
        for (name, args, result) in [
            ("personality", &[0xffff_ffff][..], 0),
            ("personality", &[8], 8),
            ("adjtimex", &[0], 0),
            ("syslog", &[1], 0),
            ("mprotect", &[0, 0, 3], 0),
            ("sched_setscheduler", &[0, 0], 0),
            ("clone", &[17], 5),
            ("prctl", &[15], 0),
            ("ptrace", &[1, 1], 0),
        ] {
            assert_eq!(privileges(name, args, result), [], "{name} {args:?}");
        }
    }

    #[test]
    fn namespaces_are_made_and_joined() {
        let made = |kind| Privilege::Namespace { kind, way: NamespaceWay::Make };
        assert_eq!(
            privileges("unshare", &[0x1002_0000], 0),
            [made(NamespaceKind::Mnt), made(NamespaceKind::User)]
        );
        // The low byte of clone's flags is a signal; clone3's is not.
        assert_eq!(privileges("clone", &[0x91], 1), []);
        assert_eq!(privileges("clone3", &[0x80], 1), [made(NamespaceKind::Time)]);
        let joined = Privilege::Namespace { kind: NamespaceKind::Net, way: NamespaceWay::Join };
        assert_eq!(effects("setns", &[3, 0], 0, Some(b"net:[4026531840]")), [Effect::Privilege(joined)]);
    }

    #[test]
    fn identities_that_stay_are_not_changes() {
        let user = |n| Privilege::Identity(IdentityChange::User(n));
        assert_eq!(privileges("setresuid", &[u64::MAX, 33, 33], 0), [user(33)]);
        assert_eq!(privileges("setreuid", &[1, 2], 0), [user(1), user(2)]);
    }

    #[test]
    fn executable_memory() {
        let wx = Privilege::WriteExecute(WriteExecuteWay::Mmap);
        assert_eq!(privileges("mmap", &[0, 0, 7, 0x22], 0), [wx]);
        assert_eq!(privileges("mmap", &[0, 0, 5, 0x22], 0), []);
        assert_eq!(
            privileges("mprotect", &[0, 0, 5], 0),
            [Privilege::WriteExecute(WriteExecuteWay::Mprotect)]
        );
    }

    #[test]
    fn realtime_policies() {
        assert_eq!(privileges("sched_setscheduler", &[0, 0x4000_0001], 0), [Privilege::Realtime(1)]);
        assert_eq!(privileges("sched_setattr", &[0, (6 << 32) | 48], 0), [Privilege::Realtime(6)]);
    }
}
