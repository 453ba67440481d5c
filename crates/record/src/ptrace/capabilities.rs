//! Which capabilities a call was asked for, inferred from what it did and from who did it.
//!
//! ptrace does not show the kernel's questions. What decides them is known, though: the thread's identity, the owner and
//! mode of every file and directory on the way, the kind of call. Only questions whose answer matters are inferred here,
//! and access control lists are not looked at.

use crate::attempt::{Attempt, Located};
use crate::proc::Status;
use crate::resolve::{Found, KeptKey, Key};
use crate::view::View;
use crate::{
    Address, FileKind, IdentityChange, NamespaceKind, NamespaceWay, Operation, Operations, Privilege, What,
};
use hashbrown::HashMap;
use ringfence_calls::Effect;
use ringfence_terms::Errno;
use rustix::fs::{AtFlags, statat};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

// Numbers as in linux/capability.h.
const CHOWN: u8 = 0;
const DAC_OVERRIDE: u8 = 1;
const DAC_READ_SEARCH: u8 = 2;
const FOWNER: u8 = 3;
const KILL: u8 = 5;
const SETGID: u8 = 6;
const SETUID: u8 = 7;
const SETPCAP: u8 = 8;
const NET_BIND_SERVICE: u8 = 10;
const NET_RAW: u8 = 13;
const SYS_MODULE: u8 = 16;
const SYS_RAWIO: u8 = 17;
const SYS_CHROOT: u8 = 18;
const SYS_PTRACE: u8 = 19;
const SYS_PACCT: u8 = 20;
const SYS_ADMIN: u8 = 21;
const SYS_BOOT: u8 = 22;
const SYS_NICE: u8 = 23;
const SYS_RESOURCE: u8 = 24;
const SYS_TIME: u8 = 25;
const SYS_TTY_CONFIG: u8 = 26;
const MKNOD: u8 = 27;
const SYSLOG: u8 = 34;
const PERFMON: u8 = 38;
const BPF: u8 = 39;

const READ: u32 = 4;
const WRITE: u32 = 2;
const EXECUTE: u32 = 1;

/// How long a directory is believed to have the owner and mode that it had.
const BELIEVED: Duration = Duration::from_secs(1);

/// So many directories are remembered at most.
const MOST: usize = 1 << 14;

/// Who the processes are that a number stands for, as the caller would give it to kill(2).
pub(super) type Named<'n> = dyn Fn(i32) -> Vec<Status> + 'n;

/// Infers, and remembers directories.
pub(super) struct Inference {
    ways: HashMap<KeptKey, Way>,
    /// The first port that anyone may bind (ip(7), `ip_unprivileged_port_start`).
    free_ports: u16,
}

/// A directory and all above it, upwards.
struct Way {
    directories: Vec<Option<Found>>,
    since: Instant,
    /// Keeps the view alive, and with it the number that stands for it in the key.
    _view: Rc<View>,
}

impl Inference {
    pub(super) fn new() -> Inference {
        let text =
            std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
        Inference { ways: HashMap::new(), free_ports: text.trim().parse().unwrap_or(1024) }
    }

    /// Forgets every directory: owners or modes have changed.
    pub(super) fn forget(&mut self) {
        self.ways.clear();
    }

    /// The capabilities that a call was asked for, and whether it had them.
    pub(super) fn asked(
        &mut self,
        attempt: &Attempt,
        what: &[What],
        failure: Option<Errno>,
        who: &Status,
        view: &Rc<View>,
        named: &Named<'_>,
    ) -> BTreeSet<(u8, bool)> {
        let mut asked = BTreeSet::new();
        // The others fail, or succeed, for reasons that no capability has to do with.
        let refused = matches!(failure, Some(Errno::EPERM | Errno::EACCES));
        if failure.is_some() && !refused {
            return asked;
        }
        let mut ask = |capability: u8| {
            let has = who.effective & 1 << capability != 0;
            if has || refused {
                asked.insert((capability, has));
            }
        };
        of_call(attempt.rule.name, &attempt.arguments, who).for_each(&mut ask);
        // What is made along with a user namespace is that one's, where its maker has every capability (`create_user_ns`,
        // kernel/user_namespace.c).
        let in_new_user_namespace = what.contains(&What::Privilege(Privilege::Namespace {
            kind: NamespaceKind::User,
            way: NamespaceWay::Make,
        }));
        for one in what {
            match one {
                What::Privilege(Privilege::Namespace { .. }) if in_new_user_namespace => {}
                What::Privilege(privilege) => {
                    // To another mount namespace one may only go with the right to change roots (`mntns_install`,
                    // fs/namespace.c).
                    if let Privilege::Namespace { kind: NamespaceKind::Mnt, way: NamespaceWay::Join } =
                        privilege
                    {
                        ask(SYS_CHROOT);
                    }
                    self.of_privilege(privilege, who).into_iter().for_each(&mut ask)
                }
                What::File(file) => {
                    let located = [&attempt.located[0], &attempt.located[1], &attempt.object];
                    let Some(located) = located
                        .into_iter()
                        .flatten()
                        .find(|l| l.file.path.as_os_str() == file.path.as_os_str())
                    else {
                        continue;
                    };
                    self.of_file(attempt, located, file.operations, who, view).into_iter().for_each(&mut ask);
                }
            }
        }
        of_processes(attempt, who, named).into_iter().for_each(&mut ask);
        asked
    }

    fn of_privilege(&self, privilege: &Privilege, who: &Status) -> Option<u8> {
        match privilege {
            Privilege::Bind(Address::Inet { port, .. }) if (1..self.free_ports).contains(port) => {
                Some(NET_BIND_SERVICE)
            }
            // AF_PACKET, and raw sockets of AF_INET and AF_INET6.
            Privilege::Socket { family: 17, .. } | Privilege::Socket { family: 2 | 10, kind: 3, .. } => {
                Some(NET_RAW)
            }
            Privilege::Namespace { kind, .. } if *kind != NamespaceKind::User => Some(SYS_ADMIN),
            Privilege::Realtime(_) => Some(SYS_NICE),
            Privilege::Device { mknod: true, .. } => Some(MKNOD),
            Privilege::Hostname(_) => Some(SYS_ADMIN),
            Privilege::Clock(_) => Some(SYS_TIME),
            Privilege::KernelLog => Some(SYSLOG),
            Privilege::Module(_) => Some(SYS_MODULE),
            Privilege::Identity(IdentityChange::Groups) => Some(SETGID),
            Privilege::Identity(IdentityChange::BoundingSet | IdentityChange::Securebits) => Some(SETPCAP),
            Privilege::Identity(IdentityChange::User(id)) if !who.users[..3].contains(id) => Some(SETUID),
            Privilege::Identity(IdentityChange::Group(id)) if !who.groups[..3].contains(id) => Some(SETGID),
            _ => None,
        }
    }

    fn of_file(
        &mut self,
        attempt: &Attempt,
        located: &Located,
        operations: Operations,
        who: &Status,
        view: &Rc<View>,
    ) -> BTreeSet<u8> {
        let mut asked = BTreeSet::new();
        let by_descriptor = attempt.object.as_ref().is_some_and(|object| std::ptr::eq(object, located));
        if let Some(found) = located.found {
            asked.extend(permission(&found, file_mask(operations), who));
            asked.extend(ownership(attempt, &found, operations, who));
        }
        if by_descriptor {
            return asked;
        }
        let Some(directory) = located.file.path.parent() else { return asked };
        let mut mask = if changes_directory(operations) { WRITE | EXECUTE } else { EXECUTE };
        for found in self.way(directory, view) {
            if let Some(found) = found {
                asked.extend(permission(found, mask, who));
                let sticky = mask & WRITE != 0 && found.mode & 0o1000 != 0 && removes(operations);
                let owns = |found: &Found| found.user == who.users[3];
                if sticky && !owns(found) && !located.found.as_ref().is_some_and(owns) {
                    asked.insert(FOWNER);
                }
            }
            mask = EXECUTE;
        }
        asked
    }

    /// What is found at a directory and at all above it.
    fn way(&mut self, directory: &Path, view: &Rc<View>) -> &[Option<Found>] {
        let key = Key::in_view(view, directory.as_os_str().as_bytes());
        if self.believed(&key).is_none() {
            let mut way = Way { directories: Vec::new(), since: Instant::now(), _view: Rc::clone(view) };
            for directory in directory.ancestors() {
                if let Some(rest) = self.believed(&Key::in_view(view, directory.as_os_str().as_bytes())) {
                    way.directories.extend_from_slice(&rest.directories);
                    way.since = rest.since;
                    break;
                }
                way.directories.push(found(directory, view));
            }
            if self.ways.len() >= MOST {
                self.ways.clear();
            }
            self.ways.insert(key.owned(), way);
        }
        self.ways.get(&key).map(|way| &way.directories[..]).unwrap_or_default()
    }

    fn believed(&self, key: &Key<'_>) -> Option<&Way> {
        self.ways.get(key).filter(|way| way.since.elapsed() < BELIEVED)
    }
}

fn found(path: &Path, view: &View) -> Option<Found> {
    let path = path.as_os_str().as_bytes();
    let below = path.strip_prefix(b"/").filter(|below| !below.is_empty()).unwrap_or(b".");
    statat(view.root(), OsStr::from_bytes(below), AtFlags::SYMLINK_NOFOLLOW).ok().map(Found::from)
}

/// What the call itself is asked for, whatever it is about.
fn of_call(name: &str, arguments: &[u64; 6], who: &Status) -> impl Iterator<Item = u8> {
    const OPEN_TREE_CLONE: u64 = 1;
    const UFFD_USER_MODE_ONLY: u64 = 1;
    const PR_SET_MM: u64 = 35;
    const IOPRIO_CLASS_RT: u64 = 1;
    // BPF_MAP_CREATE, BPF_PROG_LOAD and BPF_BTF_LOAD (linux/bpf.h).
    const BPF_MAKING: [u64; 3] = [0, 5, 18];
    let own_id = |ids: &[u32; 4]| ids[..3].contains(&(arguments[0] as u32));
    let has = |capability: u8| who.effective & 1 << capability != 0;
    let capability = match name {
        "mount" | "umount" | "umount2" | "pivot_root" | "move_mount" | "mount_setattr" | "fspick"
        | "swapon" | "swapoff" | "quotactl" | "quotactl_fd" => Some(SYS_ADMIN),
        "fsopen" | "fsmount" | "fanotify_init" => Some(SYS_ADMIN),
        "open_tree" | "open_tree_attr" if arguments[2] & OPEN_TREE_CLONE != 0 => Some(SYS_ADMIN),
        "chroot" => Some(SYS_CHROOT),
        "bpf" if BPF_MAKING.contains(&(arguments[0] & 0xffff_ffff)) => Some(BPF),
        "perf_event_open" => Some(PERFMON),
        "userfaultfd" if arguments[0] & UFFD_USER_MODE_ONLY == 0 => Some(SYS_PTRACE),
        // Others may only become nicer; from how nice one was is not known here.
        "setpriority" if (arguments[2] as i32) < 0 => Some(SYS_NICE),
        // Either will do, and the greater one is asked for first (`ioprio_check_cap`, block/ioprio.c).
        "ioprio_set" if arguments[2] >> 13 & 7 == IOPRIO_CLASS_RT => {
            Some(if has(SYS_ADMIN) { SYS_ADMIN } else { SYS_NICE })
        }
        "iopl" if arguments[0] != 0 => Some(SYS_RAWIO),
        "ioperm" if arguments[2] as u32 != 0 => Some(SYS_RAWIO),
        "reboot" | "kexec_load" | "kexec_file_load" => Some(SYS_BOOT),
        "vhangup" => Some(SYS_TTY_CONFIG),
        "prctl" if arguments[0] == PR_SET_MM => Some(SYS_RESOURCE),
        "capset" => Some(SETPCAP),
        "acct" => Some(SYS_PACCT),
        "open_by_handle_at" => Some(DAC_READ_SEARCH),
        // setuid(2) of one's own number asks too, since the answer decides what else changes.
        "setuid" | "setuid32" if own_id(&who.users) => Some(SETUID),
        "setgid" | "setgid32" if own_id(&who.groups) => Some(SETGID),
        _ => None,
    };
    capability.into_iter()
}

/// What a use of another process is asked for, when that is somebody else's; a signal to a group, when one of the group is
/// (`kernel/signal.c: kill_ok_by_cred`).
fn of_processes(attempt: &Attempt, who: &Status, named: &Named<'_>) -> Option<u8> {
    let own = |status: &Status| [0, 2].iter().any(|at| who.users[..2].contains(&status.users[*at]));
    let others = |number: i32| named(number).iter().any(|status| !own(status));
    attempt.effects(0).into_iter().find_map(|effect| match effect {
        Effect::Signal { process } => others(process).then_some(KILL),
        Effect::Ptrace { process, .. } => (process > 0 && others(process)).then_some(SYS_PTRACE),
        _ => None,
    })
}

/// What a file's permissions do not give, and the capabilities that do (`generic_permission`, `fs/namei.c`).
fn permission(found: &Found, mask: u32, who: &Status) -> Vec<u8> {
    if mask == 0 {
        return Vec::new();
    }
    let class = if found.user == who.users[3] {
        6
    } else if found.group == who.groups[3] || who.more_groups.contains(&found.group) {
        3
    } else {
        0
    };
    if (found.mode >> class) & mask == mask {
        return Vec::new();
    }
    let has = |capability: u8| who.effective & 1 << capability != 0;
    let directory = found.kind() == FileKind::Directory;
    let by_search = if directory { mask & WRITE == 0 } else { mask == READ };
    let by_override = directory || mask & EXECUTE == 0 || found.mode & 0o111 != 0;
    let mut asked = Vec::new();
    if by_search {
        asked.push(DAC_READ_SEARCH);
    }
    if by_override && !(by_search && has(DAC_READ_SEARCH)) {
        asked.push(DAC_OVERRIDE);
    }
    asked
}

/// What is asked of whoever does not own a file.
fn ownership(attempt: &Attempt, found: &Found, operations: Operations, who: &Status) -> Option<u8> {
    let owns = found.user == who.users[3];
    // To touch a file without giving a time, permission to write would do, but is asked for last (`may_setattr`).
    if (operations.contains(Operation::Chmod) || operations.contains(Operation::Utime)) && !owns {
        return Some(FOWNER);
    }
    if operations.contains(Operation::Chown) {
        // chown(2) and lchown(2) have the numbers after the path or descriptor, fchownat(2) after both.
        let at = if attempt.rule.name == "fchownat" { 2 } else { 1 };
        let (user, group) = (attempt.arguments[at] as u32, attempt.arguments[at + 1] as u32);
        let keeps_user = user == u32::MAX || owns && user == found.user;
        let own_group = group == who.groups[3] || who.more_groups.contains(&group) || group == found.group;
        let keeps_group = group == u32::MAX || owns && own_group;
        return (!keeps_user || !keeps_group).then_some(CHOWN);
    }
    None
}

/// The permissions of a file that operations on it need.
fn file_mask(operations: Operations) -> u32 {
    use Operation::*;
    let any = |of: &[Operation]| of.iter().any(|operation| operations.contains(*operation));
    let mut mask = 0;
    if any(&[Read, CheckRead, Watch]) {
        mask |= READ;
    }
    if any(&[Write, Truncate, CheckWrite, ConnectSocket, CreateUnnamed]) {
        mask |= WRITE;
    }
    if any(&[Exec, Interpret, CheckExec, Chdir, Chroot]) {
        mask |= EXECUTE;
    }
    mask
}

fn changes_directory(operations: Operations) -> bool {
    use Operation::*;
    let changing = [Create, Mkdir, Rmdir, Mknod, Symlink, LinkTo, RenameFrom, RenameTo, Unlink, BindSocket]
        .into_iter()
        .collect::<Operations>();
    !operations.and(changing).is_empty()
}

fn removes(operations: Operations) -> bool {
    use Operation::*;
    !operations.and([Rmdir, RenameFrom, RenameTo, Unlink].into_iter().collect::<Operations>()).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As capabilities(7) and the kernel's own checks have it; the same as its tracepoint tells of these calls.
    #[test]
    fn calls_ask_for_what_the_kernel_asks_for() {
        let root = somebody(0, u64::MAX);
        let asked = |name: &str, arguments: [u64; 3]| -> Vec<u8> {
            let [first, second, third] = arguments;
            of_call(name, &[first, second, third, 0, 0, 0], &root).collect()
        };
        for (name, arguments, capability) in [
            ("fanotify_init", [4, 0, 0], SYS_ADMIN),
            ("fsopen", [1, 0, 0], SYS_ADMIN),
            ("fsmount", [3, 0, 0], SYS_ADMIN),
            ("open_tree", [3, 1, 0x80001], SYS_ADMIN),
            ("mount", [1, 1, 1], SYS_ADMIN),
            ("umount2", [1, 0, 0], SYS_ADMIN),
            ("pivot_root", [1, 1, 0], SYS_ADMIN),
            ("open_by_handle_at", [3, 1, 0], DAC_READ_SEARCH),
            ("bpf", [5, 1, 120], BPF),
            ("perf_event_open", [1, 0, 0], PERFMON),
            ("userfaultfd", [0, 0, 0], SYS_PTRACE),
            ("setpriority", [0, 0, -5_i64 as u64], SYS_NICE),
            ("ioprio_set", [1, 0, 1 << 13 | 4], SYS_ADMIN),
            ("ioperm", [0x80, 1, 1], SYS_RAWIO),
            ("reboot", [0, 0, 0], SYS_BOOT),
            ("vhangup", [0, 0, 0], SYS_TTY_CONFIG),
            ("prctl", [35, 1, 0], SYS_RESOURCE),
        ] {
            assert_eq!(asked(name, arguments), [capability], "{name}");
        }
        for (name, arguments) in [
            ("open_tree", [3, 1, 0x80000]),
            ("bpf", [1, 1, 120]),
            ("userfaultfd", [1, 0, 0]),
            ("setpriority", [0, 0, 5]),
            ("ioprio_set", [1, 0, 2 << 13]),
            ("ioperm", [0x80, 1, 0]),
            ("prctl", [15, 1, 0]),
        ] {
            assert!(asked(name, arguments).is_empty(), "{name} {arguments:?}");
        }
        let nicer = somebody(0, 1 << SYS_NICE);
        assert_eq!(of_call("ioprio_set", &[1, 0, 1 << 13, 0, 0, 0], &nicer).collect::<Vec<_>>(), [SYS_NICE]);
    }

    fn found(mode: u32, user: u32, group: u32) -> Found {
        Found { mode, user, group, device: 0, links: 1 }
    }

    fn somebody(user: u32, effective: u64) -> Status {
        Status { users: [user; 4], groups: [user; 4], more_groups: vec![50], effective, ..Status::default() }
    }

    #[test]
    fn what_the_mode_gives_needs_no_capability() {
        let root = somebody(0, u64::MAX);
        assert!(permission(&found(0o100644, 1, 1), READ, &root).is_empty());
        assert!(permission(&found(0o100600, 0, 0), READ | WRITE, &root).is_empty());
        assert!(permission(&found(0o100640, 1, 50), READ, &root).is_empty());
        assert!(
            permission(&found(0o100070, 1, 50), READ, &root).is_empty(),
            "the group's bits are the group's"
        );
        assert!(permission(&found(0o100000, 1, 1), 0, &root).is_empty());
    }

    #[test]
    fn the_kernel_asks_for_the_weaker_one_first() {
        let root = somebody(0, u64::MAX);
        assert_eq!(permission(&found(0o100600, 1, 1), READ, &root), [DAC_READ_SEARCH]);
        assert_eq!(permission(&found(0o100600, 1, 1), WRITE, &root), [DAC_OVERRIDE]);
        assert_eq!(permission(&found(0o040700, 1, 1), EXECUTE, &root), [DAC_READ_SEARCH]);
        assert_eq!(permission(&found(0o040700, 1, 1), WRITE | EXECUTE, &root), [DAC_OVERRIDE]);
        assert!(
            permission(&found(0o100600, 1, 1), EXECUTE, &root).is_empty(),
            "no capability makes that executable"
        );
        let nobody = somebody(99, 0);
        assert_eq!(permission(&found(0o100600, 1, 1), READ, &nobody), [DAC_READ_SEARCH, DAC_OVERRIDE]);
    }
}
