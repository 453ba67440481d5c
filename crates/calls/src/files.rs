//! Calls about files.

use crate::effect::{Call, Effects, FOLLOWED, ITSELF, On, SECOND, name};
use crate::rule::{At, Attributes, Object, RULE, Rule, at, from, keys};
use ringfence_profile::FileKind::{self, Directory, Link};
use ringfence_profile::Operation::{self, *};
use ringfence_profile::{Operations, Privilege};
use ringfence_seccomp::Abi;

// Flags as the kernel's headers have them: uapi/asm-generic/fcntl.h (x86 has the generic values), uapi/linux/fcntl.h.
const O_WRONLY: u64 = 0o1;
const O_RDWR: u64 = 0o2;
const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;
const O_TRUNC: u64 = 0o1000;
const O_NOFOLLOW: u64 = 0o400000;
const O_PATH: u64 = 0o10000000;
const O_TMPFILE: u64 = 0o20200000;
const AT_SYMLINK_NOFOLLOW: u64 = 0x100;
const AT_REMOVEDIR: u64 = 0x200;
const AT_SYMLINK_FOLLOW: u64 = 0x400;

const fn of_names(
    name: &'static str,
    names: &'static [At],
    keys: u8,
    effects: fn(&Call<'_>, &mut Effects),
) -> Rule {
    Rule { name, names, keys, effects, ..RULE }
}

const fn of_descriptor(name: &'static str, keys: u8, effects: fn(&Call<'_>, &mut Effects)) -> Rule {
    Rule { name, object: Object::Descriptor(0), keys, effects, ..RULE }
}

const fn of_stat(
    name: &'static str,
    names: &'static [At],
    to: u8,
    mode_at: u8,
    effects: fn(&Call<'_>, &mut Effects),
) -> Rule {
    Rule { name, names, attributes: Some(Attributes { argument: to, mode_at }), effects, ..RULE }
}

const fn only(abi: Abi, rule: Rule) -> Rule {
    Rule { only: Some(abi), ..rule }
}

const fn numbered(number: u32, rule: Rule) -> Rule {
    Rule { number: Some(number), ..rule }
}

const fn of_open(
    name: &'static str,
    names: &'static [At],
    keys: u8,
    effects: fn(&Call<'_>, &mut Effects),
) -> Rule {
    Rule { name, names, object: Object::Opened, keys, effects, ..RULE }
}

#[rustfmt::skip]
pub(crate) static RULES: &[Rule] = &[
    // Opening.
    of_open("open", &[at(0)], keys([1]), |c, e| open(c, e, c.arg(1), c.arg(2))),
    of_open("openat", &[from(0, 1)], keys([2]), |c, e| open(c, e, c.arg(2), c.arg(3))),
    Rule { word: Some(2), ..of_open("openat2", &[from(0, 1)], keys([2]), |c, e| open(c, e, c.arg(2), 0)) },
    of_open("creat", &[at(0)], 0, |c, e| open(c, e, O_CREAT | O_WRONLY | O_TRUNC, c.arg(1))),
    of_open("open_by_handle_at", &[], keys([2]), |c, e| open(c, e, c.arg(2), 0)),
    // Attributes. The mode is 24 bytes into x86-64's struct stat; i386 has three of them.
    only(Abi::X86_64, of_stat("stat", &[at(0)], 1, 24, |_, e| e.file(FOLLOWED, Stat))),
    only(Abi::X86_64, of_stat("lstat", &[at(0)], 1, 24, |_, e| e.file(ITSELF, Stat))),
    only(Abi::I386, of_stat("stat", &[at(0)], 1, 8, |_, e| e.file(FOLLOWED, Stat))),
    only(Abi::I386, of_stat("lstat", &[at(0)], 1, 8, |_, e| e.file(ITSELF, Stat))),
    of_stat("oldstat", &[at(0)], 1, 4, |_, e| e.file(FOLLOWED, Stat)),
    of_stat("oldlstat", &[at(0)], 1, 4, |_, e| e.file(ITSELF, Stat)),
    of_stat("stat64", &[at(0)], 1, 16, |_, e| e.file(FOLLOWED, Stat)),
    of_stat("lstat64", &[at(0)], 1, 16, |_, e| e.file(ITSELF, Stat)),
    Rule { keys: keys([3]), ..of_stat("newfstatat", &[from(0, 1)], 2, 24, |c, e| stat(c, e, c.arg(3))) },
    Rule { keys: keys([3]), ..of_stat("fstatat64", &[from(0, 1)], 2, 16, |c, e| stat(c, e, c.arg(3))) },
    Rule { keys: keys([2]), ..of_stat("statx", &[from(0, 1)], 4, 28, |c, e| stat(c, e, c.arg(2))) },
    of_names("access", &[at(0)], keys([1]), |c, e| e.file(FOLLOWED, check(c.arg(1)))),
    of_names("faccessat", &[from(0, 1)], keys([2]), |c, e| e.file(FOLLOWED, check(c.arg(2)))),
    of_names("faccessat2", &[from(0, 1)], keys([2, 3]), |c, e| e.file(name(!c.flag(3, AT_SYMLINK_NOFOLLOW)), check(c.arg(2)))),
    of_names("readlink", &[at(0)], 0, readlink),
    of_names("readlinkat", &[from(0, 1)], 0, readlink),
    of_names("statfs", &[at(0)], 0, |_, e| e.file(FOLLOWED, Statfs)),
    of_names("statfs64", &[at(0)], 0, |_, e| e.file(FOLLOWED, Statfs)),
    of_descriptor("fstatfs", 0, |_, e| e.file(On::Object, Statfs)),
    of_descriptor("fstatfs64", 0, |_, e| e.file(On::Object, Statfs)),
    of_names("chmod", &[at(0)], keys([1]), |c, e| chmod(e, FOLLOWED, c.arg(1))),
    of_names("fchmodat", &[from(0, 1)], keys([2]), |c, e| chmod(e, FOLLOWED, c.arg(2))),
    of_names("fchmodat2", &[from(0, 1)], keys([2, 3]), |c, e| chmod(e, name(!c.flag(3, AT_SYMLINK_NOFOLLOW)), c.arg(2))),
    of_descriptor("fchmod", keys([1]), |c, e| chmod(e, On::Object, c.arg(1))),
    of_names("chown", &[at(0)], 0, |_, e| e.file(FOLLOWED, Chown)),
    of_names("chown32", &[at(0)], 0, |_, e| e.file(FOLLOWED, Chown)),
    of_names("lchown", &[at(0)], 0, |_, e| e.file(ITSELF, Chown)),
    of_names("lchown32", &[at(0)], 0, |_, e| e.file(ITSELF, Chown)),
    of_names("fchownat", &[from(0, 1)], keys([4]), |c, e| e.file(name(!c.flag(4, AT_SYMLINK_NOFOLLOW)), Chown)),
    of_descriptor("fchown", 0, |_, e| e.file(On::Object, Chown)),
    of_descriptor("fchown32", 0, |_, e| e.file(On::Object, Chown)),
    of_names("utime", &[at(0)], 0, |_, e| e.file(FOLLOWED, Utime)),
    of_names("utimes", &[at(0)], 0, |_, e| e.file(FOLLOWED, Utime)),
    of_names("futimesat", &[from(0, 1)], 0, |_, e| e.file(FOLLOWED, Utime)),
    of_names("utimensat", &[from(0, 1)], keys([3]), |c, e| e.file(name(!c.flag(3, AT_SYMLINK_NOFOLLOW)), Utime)),
    of_names("utimensat_time64", &[from(0, 1)], keys([3]), |c, e| e.file(name(!c.flag(3, AT_SYMLINK_NOFOLLOW)), Utime)),
    // Contents.
    of_names("truncate", &[at(0)], 0, |_, e| e.of_kind(FOLLOWED, Truncate, FileKind::File)),
    of_names("truncate64", &[at(0)], 0, |_, e| e.of_kind(FOLLOWED, Truncate, FileKind::File)),
    of_descriptor("ftruncate", 0, |_, e| e.file(On::Object, Truncate)),
    of_descriptor("ftruncate64", 0, |_, e| e.file(On::Object, Truncate)),
    of_descriptor("getdents", 0, |_, e| e.file(On::Object, List)),
    of_descriptor("getdents64", 0, |_, e| e.file(On::Object, List)),
    of_descriptor("readdir", 0, |_, e| e.file(On::Object, List)),
    // Names.
    of_names("mkdir", &[at(0)], 0, |c, e| e.with_mode(ITSELF, Mkdir, Directory, c.arg(1))),
    of_names("mkdirat", &[from(0, 1)], 0, |c, e| e.with_mode(ITSELF, Mkdir, Directory, c.arg(2))),
    of_names("rmdir", &[at(0)], 0, |c, e| e.of_kind(ITSELF, Rmdir, on_success(c, Directory))),
    of_names("mknod", &[at(0)], keys([1, 2]), |c, e| mknod(e, c.arg(1), c.arg(2))),
    of_names("mknodat", &[from(0, 1)], keys([2, 3]), |c, e| mknod(e, c.arg(2), c.arg(3))),
    of_names("link", &[at(0), at(1)], 0, |c, e| link(c, e, false)),
    of_names("linkat", &[from(0, 1), from(2, 3)], keys([4]), |c, e| link(c, e, c.flag(4, AT_SYMLINK_FOLLOW))),
    of_names("symlink", &[at(1)], 0, |_, e| e.of_kind(ITSELF, Symlink, Link)),
    of_names("symlinkat", &[from(1, 2)], 0, |_, e| e.of_kind(ITSELF, Symlink, Link)),
    of_names("rename", &[at(0), at(1)], 0, |_, e| rename(e, 0)),
    of_names("renameat", &[from(0, 1), from(2, 3)], 0, |_, e| rename(e, 0)),
    of_names("renameat2", &[from(0, 1), from(2, 3)], keys([4]), |c, e| rename(e, c.arg(4))),
    of_names("unlink", &[at(0)], 0, |_, e| e.file(ITSELF, Unlink)),
    of_names("unlinkat", &[from(0, 1)], keys([2]), |c, e| {
        let directory = c.flag(2, AT_REMOVEDIR);
        e.of_kind(ITSELF, if directory { Rmdir } else { Unlink }, if directory { on_success(c, Directory) } else { FileKind::Unknown })
    }),
    // Extended attributes.
    of_names("setxattr", &[at(0)], 0, |_, e| e.file(FOLLOWED, SetXattr)),
    of_names("lsetxattr", &[at(0)], 0, |_, e| e.file(ITSELF, SetXattr)),
    of_descriptor("fsetxattr", 0, |_, e| e.file(On::Object, SetXattr)),
    of_names("removexattr", &[at(0)], 0, |_, e| e.file(FOLLOWED, SetXattr)),
    of_names("lremovexattr", &[at(0)], 0, |_, e| e.file(ITSELF, SetXattr)),
    of_descriptor("fremovexattr", 0, |_, e| e.file(On::Object, SetXattr)),
    of_names("getxattr", &[at(0)], 0, |_, e| e.file(FOLLOWED, GetXattr)),
    of_names("lgetxattr", &[at(0)], 0, |_, e| e.file(ITSELF, GetXattr)),
    of_descriptor("fgetxattr", 0, |_, e| e.file(On::Object, GetXattr)),
    of_names("listxattr", &[at(0)], 0, |_, e| e.file(FOLLOWED, GetXattr)),
    of_names("llistxattr", &[at(0)], 0, |_, e| e.file(ITSELF, GetXattr)),
    of_descriptor("flistxattr", 0, |_, e| e.file(On::Object, GetXattr)),
    of_names("setxattrat", &[from(0, 1)], keys([2]), |c, e| e.file(name(!c.flag(2, AT_SYMLINK_NOFOLLOW)), SetXattr)),
    of_names("removexattrat", &[from(0, 1)], keys([2]), |c, e| e.file(name(!c.flag(2, AT_SYMLINK_NOFOLLOW)), SetXattr)),
    of_names("getxattrat", &[from(0, 1)], keys([2]), |c, e| e.file(name(!c.flag(2, AT_SYMLINK_NOFOLLOW)), GetXattr)),
    of_names("listxattrat", &[from(0, 1)], keys([2]), |c, e| e.file(name(!c.flag(2, AT_SYMLINK_NOFOLLOW)), GetXattr)),
    numbered(468, of_names("file_getattr", &[from(0, 1)], keys([4]), |c, e| e.file(name(!c.flag(4, AT_SYMLINK_NOFOLLOW)), Stat))),
    numbered(469, of_names("file_setattr", &[from(0, 1)], keys([4]), |c, e| e.file(name(!c.flag(4, AT_SYMLINK_NOFOLLOW)), Chmod))),
    // Executing; a success is seen by what the process has become.
    of_names("execve", &[at(0)], 0, |c, e| execute(c, e, true)),
    of_names("execveat", &[from(0, 1)], keys([4]), |c, e| execute(c, e, !c.flag(4, AT_SYMLINK_NOFOLLOW))),
    of_names("uselib", &[at(0)], 0, |_, e| e.file(FOLLOWED, MapExec)),
    // Places.
    Rule { object: Object::WorkingDirectory, ..of_names("chdir", &[at(0)], 0, |c, e| e.of_kind(FOLLOWED, Chdir, on_success(c, Directory))) },
    Rule { object: Object::WorkingDirectory, ..of_names("fchdir", &[], 0, |c, e| if c.succeeded() { e.of_kind(On::Object, Chdir, Directory) }) },
    Rule { object: Object::Root, ..of_names("chroot", &[at(0)], 0, |c, e| e.of_kind(FOLLOWED, Chroot, on_success(c, Directory))) },
    of_names("pivot_root", &[at(0), at(1)], 0, |_, e| {
        e.of_kind(FOLLOWED, Chroot, Directory);
        e.of_kind(On::Name { which: 1, follow: true }, Mount, Directory);
    }),
    // Mounts.
    of_names("mount", &[at(1), at(0)], keys([3]), mount),
    only(Abi::I386, of_names("umount", &[at(0)], 0, |_, e| e.file(FOLLOWED, Umount))),
    of_names("umount2", &[at(0)], keys([1]), |c, e| e.file(name(!c.flag(1, 8)), Umount)),
    of_names("open_tree", &[from(0, 1)], keys([2]), open_tree),
    numbered(467, of_names("open_tree_attr", &[from(0, 1)], keys([2]), open_tree)),
    of_names("move_mount", &[from(2, 3), from(0, 1)], keys([4]), |c, e| {
        e.file(name(c.flag(4, 0x10)), Mount);
        if c.names[1].is_some_and(|name| !name.is_empty()) {
            e.file(On::Name { which: 1, follow: c.flag(4, 0x1) }, MountSource);
        }
    }),
    of_names("fspick", &[from(0, 1)], keys([2]), |c, e| e.file(name(!c.flag(2, 2)), Mount)),
    of_names("mount_setattr", &[from(0, 1)], keys([2]), |c, e| e.file(name(!c.flag(2, AT_SYMLINK_NOFOLLOW)), Mount)),
    // Watching, handles, administration.
    of_names("inotify_add_watch", &[at(1)], 0, |c, e| e.file(name(!c.flag(2, 0x0200_0000)), Watch)),
    only(Abi::X86_64, of_names("fanotify_mark", &[from(3, 4)], keys([1]), |c, e| e.file(name(!c.flag(1, 4)), Watch))),
    // The mask of 64 bits takes two arguments.
    only(Abi::I386, of_names("fanotify_mark", &[from(4, 5)], keys([1]), |c, e| e.file(name(!c.flag(1, 4)), Watch))),
    of_names("name_to_handle_at", &[from(0, 1)], keys([4]), |c, e| e.file(name(c.flag(4, AT_SYMLINK_FOLLOW)), GetHandle)),
    of_names("quotactl", &[at(1)], keys([0]), |c, e| if c.names[0].is_some() { e.file(FOLLOWED, Administer) }),
    of_descriptor("quotactl_fd", keys([1]), |_, e| e.file(On::Object, Administer)),
    of_names("acct", &[at(0)], 0, |c, e| if c.names[0].is_some() { e.file(FOLLOWED, Administer) }),
    of_names("swapon", &[at(0)], 0, |_, e| e.file(FOLLOWED, Administer)),
    of_names("swapoff", &[at(0)], 0, |_, e| e.file(FOLLOWED, Administer)),
];

/// What an open(2) with these flags does; `O_PATH` makes the kernel ignore nearly all others.
fn open(call: &Call<'_>, effects: &mut Effects, flags: u64, mode: u64) {
    if flags & O_PATH != 0 {
        return effects.file(name(flags & O_NOFOLLOW == 0), OpenPath);
    }
    if flags & O_TMPFILE == O_TMPFILE {
        return effects.of_kind(FOLLOWED, CreateUnnamed, Directory);
    }
    let mut operations = match flags & (O_WRONLY | O_RDWR) {
        0 => Operations::from(Read),
        O_WRONLY => Operations::from(Write),
        _ => Operations::from(Read).with(Write),
    };
    let create = flags & O_CREAT != 0;
    let mut set_id = 0;
    if create && call.made {
        operations = operations.with(Create);
        set_id = (mode & 0o6000) as u16;
    } else if flags & O_TRUNC != 0 {
        operations = operations.with(Truncate);
    }
    let on = name(flags & O_NOFOLLOW == 0 && !(create && flags & O_EXCL != 0));
    effects.0.push(crate::Effect::File { on, operations, kind: FileKind::Unknown, set_id });
}

/// statx(2) and its kin; without a name it is fstat(2), which needs no access.
fn stat(call: &Call<'_>, effects: &mut Effects, flags: u64) {
    if !call.is_about_descriptor() || !call.succeeded() {
        effects.file(name(flags & AT_SYMLINK_NOFOLLOW == 0), Stat);
    }
}

/// The mode of access(2): existence, or a set of `R_OK`, `W_OK`, `X_OK`.
fn check(mode: u64) -> Operations {
    let asked = [(4, CheckRead), (2, CheckWrite), (1, CheckExec)];
    let set: Operations = asked.into_iter().filter(|(bit, _)| mode & bit != 0).map(|(_, o)| o).collect();
    if set.is_empty() { Check.into() } else { set }
}

fn readlink(call: &Call<'_>, effects: &mut Effects) {
    effects.of_kind(ITSELF, Readlink, on_success(call, Link));
}

fn chmod(effects: &mut Effects, on: On, mode: u64) {
    effects.with_mode(on, Chmod, FileKind::Unknown, mode);
}

fn on_success(call: &Call<'_>, kind: FileKind) -> FileKind {
    if call.succeeded() { kind } else { FileKind::Unknown }
}

fn mknod(effects: &mut Effects, mode: u64, device: u64) {
    // mknod(2): without a type a regular file is made.
    let kind = if mode & 0o170000 == 0 { FileKind::File } else { FileKind::from_mode(mode as u32) };
    effects.with_mode(ITSELF, Mknod, kind, mode);
    if matches!(kind, FileKind::CharDevice | FileKind::BlockDevice) {
        // `new_decode_dev` (linux/kdev_t.h).
        let (major, minor) = ((device >> 8 & 0xfff) as u32, (device & 0xff | device >> 12 & 0xfff00) as u32);
        let block = kind == FileKind::BlockDevice;
        effects.privilege(Privilege::Device { block, major, minor, read: false, write: false, mknod: true });
    }
}

fn link(_: &Call<'_>, effects: &mut Effects, follow: bool) {
    effects.file(name(follow), LinkFrom);
    effects.file(SECOND, LinkTo);
}

fn rename(effects: &mut Effects, flags: u64) {
    const RENAME_EXCHANGE: u64 = 2;
    let exchanged = flags & RENAME_EXCHANGE != 0;
    effects.file(ITSELF, RenameFrom);
    effects.file(SECOND, if exchanged { RenameFrom } else { RenameTo });
}

fn execute(call: &Call<'_>, effects: &mut Effects, follow: bool) {
    if !call.succeeded() {
        effects.file(name(follow), Exec);
    }
}

/// The source is a path for a bind mount and a move, and otherwise when it looks like one (a device, an image).
fn mount(call: &Call<'_>, effects: &mut Effects) {
    const MS_REMOUNT: u64 = 0x20;
    const MS_BIND: u64 = 0x1000;
    const MS_MOVE: u64 = 0x2000;
    const PROPAGATION: u64 = 0x20000 | 0x40000 | 0x80000 | 0x100000;
    effects.file(FOLLOWED, Mount);
    let absolute = call.names[1].is_some_and(|source| source.starts_with(b"/"));
    if !call.flag(3, MS_REMOUNT | PROPAGATION) && (call.flag(3, MS_BIND | MS_MOVE) || absolute) {
        effects.file(On::Name { which: 1, follow: true }, MountSource);
    }
}

fn open_tree(call: &Call<'_>, effects: &mut Effects) {
    const OPEN_TREE_CLONE: u64 = 1;
    let operation: Operation = if call.flag(2, OPEN_TREE_CLONE) { MountSource } else { OpenPath };
    effects.file(name(!call.flag(2, AT_SYMLINK_NOFOLLOW)), operation);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Effect, rules};

    fn effects(name: &str, args: &[u64], result: i64) -> Vec<Effect> {
        let rule = rules().find(|rule| rule.name == name).unwrap();
        let mut call =
            Call { args: [0; 6], result, names: [Some(b"/x"), Some(b"/y")], object: None, made: false };
        call.args[..args.len()].copy_from_slice(args);
        rule.effects(&call)
    }

    fn used(on: On, operations: &[Operation]) -> Effect {
        Effect::File {
            on,
            operations: operations.iter().copied().collect(),
            kind: FileKind::Unknown,
            set_id: 0,
        }
    }

    #[test]
    fn open_flags() {
        for (flags, on, operations) in [
            (0, FOLLOWED, &[Read][..]),
            (O_WRONLY, FOLLOWED, &[Write]),
            (O_RDWR | O_TRUNC, FOLLOWED, &[Read, Write, Truncate]),
            (O_NOFOLLOW, ITSELF, &[Read]),
            (O_CREAT | O_EXCL | O_WRONLY, ITSELF, &[Write]),
            (O_CREAT | O_WRONLY, FOLLOWED, &[Write]),
            (O_PATH | O_RDWR, FOLLOWED, &[OpenPath]),
            (O_PATH | O_NOFOLLOW, ITSELF, &[OpenPath]),
        ] {
            assert_eq!(effects("open", &[0, flags], 3), [used(on, operations)], "{flags:o}");
        }
    }

    #[test]
    fn access_modes() {
        assert_eq!(effects("access", &[0, 0], 0), [used(FOLLOWED, &[Check])]);
        assert_eq!(effects("access", &[0, 6], 0), [used(FOLLOWED, &[CheckRead, CheckWrite])]);
        assert_eq!(effects("faccessat2", &[0, 0, 1, AT_SYMLINK_NOFOLLOW], 0), [used(ITSELF, &[CheckExec])]);
    }

    #[test]
    fn a_mount_has_a_source_where_it_is_a_path() {
        let target = used(FOLLOWED, &[Mount]);
        let source = used(On::Name { which: 1, follow: true }, &[MountSource]);
        assert_eq!(effects("mount", &[0, 0, 0, 0x1000], 0), [target.clone(), source]);
        assert_eq!(effects("mount", &[0, 0, 0, 0x1020], 0), [target]);
    }

    #[test]
    fn an_exchange_takes_both_names_away() {
        let taken = |which| used(On::Name { which, follow: false }, &[RenameFrom]);
        assert_eq!(effects("renameat2", &[0, 0, 0, 0, 2], 0), [taken(0), taken(1)]);
    }

    #[test]
    fn a_started_program_is_not_seen_here() {
        assert_eq!(effects("execve", &[0], 0), []);
        assert_eq!(effects("execve", &[0], -2), [used(FOLLOWED, &[Exec])]);
    }
}
