//! The calls of this machine's ABIs by number: which to stop at, and the rule that tells what each does.

use hashbrown::{HashMap, HashSet};
use ringfence_calls::{Object, Rule, rules};
use ringfence_seccomp::{Abi, Machine, Syscall};

/// What to do about a call.
#[derive(Clone, Copy)]
pub(super) enum Handling {
    /// It is frequent and harmless: not stopped at, but for samples.
    Frequent,
    /// Only that it was used matters.
    Note,
    /// What it does matters.
    Rule(&'static Rule),
}

/// Calls so frequent that stopping at each would be felt, on nothing that a unit restricts but by the call itself. All
/// but a few are in systemd's groups `@default`, `@basic-io` and `@io-event`.
#[rustfmt::skip]
static FREQUENT: &[&str] = &[
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "close", "lseek", "_llseek", "fstat",
    "fstat64", "munmap", "brk", "mremap", "madvise", "futex", "futex_time64", "clock_gettime", "clock_gettime64",
    "gettimeofday", "time", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "poll", "ppoll", "ppoll_time64",
    "select", "_newselect", "pselect6", "pselect6_time64", "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl",
    "recvfrom", "recvmsg", "recv", "recvmmsg", "accept", "accept4", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "sigreturn", "sigaction", "sigprocmask", "getpid", "gettid", "getrandom", "sched_yield", "fcntl", "fcntl64", "ioctl",
    "dup", "dup2", "sendfile", "sendfile64", "restart_syscall", "rseq", "set_robust_list",
];

/// Calls that show on which processors a thread may run, or hand that on to a new thread or program.
#[rustfmt::skip]
static SHOWING_PLACE: &[&str] = &[
    "sched_getaffinity", "sched_setaffinity", "clone", "clone3", "fork", "vfork", "execve", "execveat", "io_uring_setup",
    "io_uring_enter", "io_uring_register",
];

/// What to do about every call of every ABI of this machine.
pub(super) struct CallTable {
    calls: HashMap<(Abi, u32), Handling>,
    showing_place: HashSet<(Abi, u32)>,
}

impl CallTable {
    /// The table of a machine.
    pub(super) fn of(machine: Machine) -> CallTable {
        let (mut calls, mut showing_place) = (HashMap::new(), HashSet::new());
        for &abi in machine.abis() {
            let numbers = SHOWING_PLACE.iter().filter_map(|name| Syscall::named(name)?.number(abi));
            showing_place.extend(numbers.map(|number| (abi, number)));
            let frequent = FREQUENT.iter().filter_map(|name| Syscall::named(name)?.number(abi));
            calls.extend(frequent.map(|number| ((abi, number), Handling::Frequent)));
            let numbers = rules().filter_map(|rule| Some((rule.number(abi)?, rule)));
            calls.extend(numbers.map(|(number, rule)| ((abi, number), Handling::Rule(rule))));
        }
        CallTable { calls, showing_place }
    }

    /// What to do about a call.
    pub(super) fn handling(&self, abi: Abi, number: u32) -> Handling {
        self.calls.get(&(abi, number)).copied().unwrap_or(Handling::Note)
    }

    /// Whether a call shows on which processors its caller may run, or hands that on.
    pub(super) fn shows_place(&self, abi: Abi, number: u32) -> bool {
        self.showing_place.contains(&(abi, number))
    }

    /// Every call that is not only noted, of the ABIs that the kernel knows by one number, in the order of numbers.
    pub(super) fn of_arch(&self, arch: u32) -> Vec<(u32, Handling)> {
        let of_arch = self.calls.iter().filter(|((abi, _), _)| abi.audit_arch() == arch);
        let mut calls: Vec<_> = of_arch.map(|((_, number), handling)| (*number, *handling)).collect();
        calls.sort_unstable_by_key(|call| call.0);
        calls
    }
}

/// The one argument that decides whether a call is worth stopping at, and the bits of it that do.
pub(super) fn telling_argument(rule: &Rule) -> Option<(usize, u32)> {
    const PROT_EXEC: u32 = 4;
    match rule.object {
        Object::Mapped | Object::Protected => Some((2, PROT_EXEC)),
        // A send without an address is frequent. (An address whose lower half is zero is none that programs use.)
        Object::Address(argument) if rule.name == "sendto" => Some((argument.into(), u32::MAX)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_frequent_call_has_a_rule() {
        for name in FREQUENT {
            assert!(Syscall::named(name).is_some(), "{name} is no system call");
            assert!(rules().all(|rule| rule.name != *name), "{name} has a rule");
        }
    }
}
