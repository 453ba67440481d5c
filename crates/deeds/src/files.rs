//! Every operation on files, by every call of 64-bit programs that does it.

use crate::call::{CWD, call, fails, ok, open, pointer, text};
use crate::privileges::is_root;
use crate::{Answer, Deed, Stage, file, privilege};
use libc::*;
use ringfence_profile::FileKind::{self, Directory, Fifo, File, Link, Unknown};
use ringfence_profile::Operation::{self, *};
use ringfence_profile::Privilege;

/// `struct open_how` (openat2(2)).
#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

const CREATE: i64 = (O_CREAT | O_WRONLY) as i64;
const FCHMODAT2: c_long = 452;
const RENAME_EXCHANGE: i64 = 2;

/// A call on one path of the stage, that path being its first argument.
macro_rules! on {
    ($stage:ident, $name:literal, $call:ident $(, $more:expr)*) => {{
        let path = text($stage.path($name));
        ok($call, &[path.pointer() $(, $more)*])
    }};
}

/// The same with a directory's descriptor before the path; the path is relative to it.
macro_rules! at {
    ($stage:ident, $directory:literal, $name:literal, $call:ident $(, $more:expr)*) => {{
        let directory = open(&$stage.path($directory), O_PATH | O_DIRECTORY);
        let path = text($name);
        ok($call, &[directory, path.pointer() $(, $more)*])
    }};
}

#[rustfmt::skip]
pub(crate) fn deeds(stage: &Stage) -> Vec<Deed> {
    let one = |operation: Operation, kind: FileKind, name: &str| vec![file([operation], kind, stage.path(name))];
    // What `at!` opens first.
    let at = |directory: &str, operation: Operation, kind: FileKind, name: &str| -> Vec<Answer> {
        vec![file([OpenPath], Directory, stage.path(directory)), file([operation], kind, stage.path(name))]
    };
    let opened = |operation: Operation, kind: FileKind, name: &str| -> Vec<Answer> {
        vec![file([Read], kind, stage.path(name)), file([operation], kind, stage.path(name))]
    };
    let both = |first: (Operation, FileKind, &str), second: (Operation, FileKind, &str)| -> Vec<Answer> {
        [first, second].into_iter().map(|(operation, kind, name)| file([operation], kind, stage.path(name))).collect()
    };
    let deed = |name, act, expected| Deed { name, act, expected };
    vec![
        // Opening.
        deed("open", |s| { on!(s, "file", SYS_open, O_RDONLY.into()); }, one(Read, File, "file")),
        deed("open-write", |s| { on!(s, "file", SYS_open, O_WRONLY.into()); }, one(Write, File, "file")),
        deed("open-both", |s| { on!(s, "file", SYS_open, O_RDWR.into()); }, vec![file([Read, Write], File, stage.path("file"))]),
        deed("open-directory", |s| { on!(s, "dir", SYS_open, O_RDONLY.into()); }, one(Read, Directory, "dir")),
        deed("open-truncate", |s| { on!(s, "file", SYS_open, (O_WRONLY | O_TRUNC).into()); }, vec![file([Write, Truncate], File, stage.path("file"))]),
        deed("open-create", |s| { on!(s, "new", SYS_open, CREATE, 0o600); }, vec![file([Write, Create], File, stage.path("new"))]),
        deed("open-create-existing", |s| { on!(s, "file", SYS_open, CREATE, 0o600); }, one(Write, File, "file")),
        deed("open-create-truncate", |s| { on!(s, "new-truncated", SYS_open, CREATE | i64::from(O_TRUNC), 0o600); },
            vec![file([Write, Create], File, stage.path("new-truncated"))]),
        deed("creat", |s| { on!(s, "made", SYS_creat, 0o600); }, vec![file([Write, Create], File, stage.path("made"))]),
        deed("creat-existing", |s| { on!(s, "file", SYS_creat, 0o600); }, vec![file([Write, Truncate], File, stage.path("file"))]),
        deed("openat", |s| { at!(s, "dir", "inner", SYS_openat, O_RDONLY.into()); }, at("dir", Read, File, "dir/inner")),
        deed("openat2", |s| {
            let mut how = OpenHow { flags: O_RDONLY as u64, mode: 0, resolve: 0 };
            at!(s, "dir", "inner", SYS_openat2, pointer(&mut how), size_of::<OpenHow>() as i64);
        }, at("dir", Read, File, "dir/inner")),
        deed("openat2-in-root", |s| {
            let root = open(&s.path("root"), O_PATH);
            let mut how = OpenHow { flags: O_RDONLY as u64, mode: 0, resolve: RESOLVE_IN_ROOT };
            for (name, result) in [("link", 0), ("/etc/../../etc/inside", 0), ("/etc/nothing", -i64::from(ENOENT))] {
                let name = text(name);
                let opened = call(SYS_openat2, &[root, name.pointer(), pointer(&mut how), size_of::<OpenHow>() as i64]);
                assert_eq!(opened.min(0), result);
            }
        }, vec![
            file([OpenPath], Directory, stage.path("root")),
            file([Read], File, stage.path("root/etc/inside")).via(stage.path("root/link"), "/etc/inside"),
            file([Read], File, stage.path("root/etc/inside")),
            file([Read], Unknown, stage.path("root/etc/nothing")).fails(ENOENT),
        ]),
        deed("open-by-handle", |s| {
            let (mount, path) = (open(&s.path("dir"), O_RDONLY), text(s.path("file")));
            let mut handle = [128_u32; 34];
            ok(SYS_name_to_handle_at, &[CWD, path.pointer(), pointer(&mut handle), pointer(&mut 0_i32), 0]);
            let opened = call(SYS_open_by_handle_at, &[mount, pointer(&mut handle), O_RDONLY.into()]);
            assert!(if is_root() { opened >= 0 } else { opened == -i64::from(EPERM) });
            let refused = call(SYS_open_by_handle_at, &[mount, pointer(&mut [0_u32; 34]), O_RDONLY.into()]);
            assert!(refused < 0);
        }, {
            let mut all = vec![file([Read], Directory, stage.path("dir")), file([GetHandle], File, stage.path("file"))];
            all.extend(is_root().then(|| file([Read], File, stage.path("file"))));
            all
        }),
        deed("open-path", |s| { on!(s, "file", SYS_open, O_PATH.into()); }, one(OpenPath, File, "file")),
        deed("open-unnamed", |s| { on!(s, "dir", SYS_open, (O_TMPFILE | O_RDWR).into(), 0o600); }, one(CreateUnnamed, Directory, "dir")),
        deed("open-device", |_| { open("/dev/null".as_ref(), O_WRONLY); }, vec![
            file([Write], FileKind::CharDevice, "/dev/null"),
            privilege(Privilege::Device { block: false, major: 1, minor: 3, read: false, write: true, mknod: false }),
        ]),
        // Looking.
        deed("stat", |s| { on!(s, "file", SYS_stat, pointer(&mut [0_u8; 256])); }, one(Stat, File, "file")),
        deed("lstat", |s| { on!(s, "link", SYS_lstat, pointer(&mut [0_u8; 256])); }, one(Stat, Link, "link")),
        deed("newfstatat", |s| { at!(s, "dir", "inner", SYS_newfstatat, pointer(&mut [0_u8; 256]), 0); }, at("dir", Stat, File, "dir/inner")),
        deed("statx", |s| { at!(s, "dir", "inner", SYS_statx, 0, 0x7ff, pointer(&mut [0_u8; 256])); }, at("dir", Stat, File, "dir/inner")),
        deed("fstat", |s| {
            let descriptor = open(&s.path("file"), O_RDONLY);
            ok(SYS_fstat, &[descriptor, pointer(&mut [0_u8; 256])]);
            let empty = text("");
            ok(SYS_newfstatat, &[descriptor, empty.pointer(), pointer(&mut [0_u8; 256]), AT_EMPTY_PATH.into()]);
        }, one(Read, File, "file")),
        deed("access", |s| { on!(s, "file", SYS_access, F_OK.into()); }, one(Check, File, "file")),
        deed("access-write", |s| { on!(s, "file", SYS_access, W_OK.into()); }, one(CheckWrite, File, "file")),
        deed("faccessat", |s| { at!(s, "dir", "inner", SYS_faccessat, R_OK.into()); }, at("dir", CheckRead, File, "dir/inner")),
        deed("faccessat2", |s| { at!(s, "dir", "sub", SYS_faccessat2, (R_OK | X_OK).into(), AT_EACCESS.into()); },
            vec![file([OpenPath], Directory, stage.path("dir")), file([CheckRead, CheckExec], Directory, stage.path("dir/sub"))]),
        deed("readlink", |s| { on!(s, "link", SYS_readlink, pointer(&mut [0_u8; 99]), 99); }, one(Readlink, Link, "link")),
        deed("readlinkat", |s| { at!(s, "dir", "../link", SYS_readlinkat, pointer(&mut [0_u8; 99]), 99); }, at("dir", Readlink, Link, "link")),
        deed("getdents", |s| {
            let directory = open(&s.path("dir"), O_RDONLY);
            ok(SYS_getdents64, &[directory, pointer(&mut [0_u64; 128]), 1024]);
        }, opened(List, Directory, "dir")),
        deed("statfs", |s| { on!(s, "dir", SYS_statfs, pointer(&mut [0_u8; 256])); }, one(Statfs, Directory, "dir")),
        deed("fstatfs", |s| { ok(SYS_fstatfs, &[open(&s.path("file"), O_RDONLY), pointer(&mut [0_u8; 256])]); }, opened(Statfs, File, "file")),
        // Making, moving, removing.
        deed("mkdir", |s| { on!(s, "newdir", SYS_mkdir, 0o700); }, one(Mkdir, Directory, "newdir")),
        deed("mkdirat", |s| { at!(s, "dir", "newdir", SYS_mkdirat, 0o700); }, at("dir", Mkdir, Directory, "dir/newdir")),
        deed("mkdir-exists", |s| {
            let path = text(s.path("dir"));
            fails(EEXIST, SYS_mkdir, &[path.pointer(), 0o700]);
        }, vec![file([Mkdir], Directory, stage.path("dir")).fails(EEXIST)]),
        deed("rmdir", |s| { on!(s, "empty", SYS_rmdir); }, one(Rmdir, Directory, "empty")),
        deed("unlinkat-directory", |s| { at!(s, "dir", "sub", SYS_unlinkat, AT_REMOVEDIR.into()); }, at("dir", Rmdir, Directory, "dir/sub")),
        deed("mknod-fifo", |s| { on!(s, "fifo", SYS_mknod, (S_IFIFO | 0o600).into(), 0); }, one(Mknod, Fifo, "fifo")),
        deed("mknodat", |s| { at!(s, "dir", "plain", SYS_mknodat, 0o600, 0); }, at("dir", Mknod, File, "dir/plain")),
        deed("link", |s| {
            let (from, to) = (text(s.path("file")), text(s.path("second-name")));
            ok(SYS_link, &[from.pointer(), to.pointer()]);
        }, both((LinkFrom, File, "file"), (LinkTo, File, "second-name"))),
        deed("linkat-follow", |s| {
            let (from, to) = (text(s.path("link")), text(s.path("third-name")));
            ok(SYS_linkat, &[CWD, from.pointer(), CWD, to.pointer(), AT_SYMLINK_FOLLOW.into()]);
        }, vec![
            file([LinkFrom], File, stage.path("file")).via(stage.path("link"), "file"),
            file([LinkTo], File, stage.path("third-name")),
        ]),
        deed("symlink", |s| {
            let (target, path) = (text("wherever"), text(s.path("new-link")));
            ok(SYS_symlink, &[target.pointer(), path.pointer()]);
        }, one(Symlink, Link, "new-link")),
        deed("symlinkat", |s| {
            let (target, path) = (text("wherever"), text("new-link"));
            let directory = open(&s.path("dir"), O_PATH);
            ok(SYS_symlinkat, &[target.pointer(), directory, path.pointer()]);
        }, at("dir", Symlink, Link, "dir/new-link")),
        deed("rename", |s| {
            let (from, to) = (text(s.path("from")), text(s.path("to")));
            ok(SYS_rename, &[from.pointer(), to.pointer()]);
        }, both((RenameFrom, File, "from"), (RenameTo, File, "to"))),
        deed("renameat2-exchange", |s| {
            let (from, to) = (text(s.path("exchange")), text(s.path("other")));
            ok(SYS_renameat2, &[CWD, from.pointer(), CWD, to.pointer(), RENAME_EXCHANGE]);
        }, both((RenameFrom, File, "exchange"), (RenameFrom, File, "other"))),
        deed("unlink", |s| { on!(s, "gone", SYS_unlink); }, one(Unlink, File, "gone")),
        deed("unlink-link", |s| { on!(s, "dangling", SYS_unlink); }, one(Unlink, Link, "dangling")),
        // Changing attributes.
        deed("chmod", |s| { on!(s, "file", SYS_chmod, 0o640); }, one(Chmod, File, "file")),
        deed("fchmodat", |s| { at!(s, "dir", "inner", SYS_fchmodat, 0o640); }, at("dir", Chmod, File, "dir/inner")),
        deed("fchmodat2", |s| { at!(s, "dir", "inner", FCHMODAT2, 0o640, 0); }, at("dir", Chmod, File, "dir/inner")),
        deed("fchmod", |s| { ok(SYS_fchmod, &[open(&s.path("file"), O_RDONLY), 0o640]); }, opened(Chmod, File, "file")),
        deed("chmod-set-user", |s| { on!(s, "file", SYS_chmod, 0o4755); }, vec![
            file([Chmod], File, stage.path("file")),
            privilege(Privilege::SetIdBits { path: stage.path("file"), bits: 0o4000 }),
        ]),
        deed("chown", |s| { on!(s, "file", SYS_chown, -1, -1); }, one(Chown, File, "file")),
        deed("lchown", |s| { on!(s, "link", SYS_lchown, -1, -1); }, one(Chown, Link, "link")),
        deed("fchownat", |s| { at!(s, "dir", "inner", SYS_fchownat, -1, -1, 0); }, at("dir", Chown, File, "dir/inner")),
        deed("fchown", |s| { ok(SYS_fchown, &[open(&s.path("file"), O_RDONLY), -1, -1]); }, opened(Chown, File, "file")),
        deed("utimes", |s| { on!(s, "file", SYS_utimes, 0); }, one(Utime, File, "file")),
        deed("utimensat", |s| { at!(s, "dir", "inner", SYS_utimensat, 0, 0); }, at("dir", Utime, File, "dir/inner")),
        deed("futimens", |s| { ok(SYS_utimensat, &[open(&s.path("file"), O_RDONLY), 0, 0, 0]); }, opened(Utime, File, "file")),
        deed("truncate", |s| { on!(s, "file", SYS_truncate, 1); }, one(Truncate, File, "file")),
        deed("ftruncate", |s| { ok(SYS_ftruncate, &[open(&s.path("file"), O_WRONLY), 1]); }, vec![
            file([Write], File, stage.path("file")), file([Truncate], File, stage.path("file")),
        ]),
        deed("setxattr", |s| xattr(s, SYS_setxattr, "file"), one(SetXattr, File, "file")),
        deed("getxattr", |s| {
            let (path, name) = (text(s.path("file")), text("user.absent"));
            fails(ENODATA, SYS_getxattr, &[path.pointer(), name.pointer(), 0, 0]);
        }, vec![file([GetXattr], File, stage.path("file")).fails(ENODATA)]),
        deed("listxattr", |s| { on!(s, "file", SYS_listxattr, 0, 0); }, one(GetXattr, File, "file")),
        // Watching, executing, places.
        deed("inotify", |s| {
            let watcher = ok(SYS_inotify_init1, &[0]);
            let path = text(s.path("dir"));
            ok(SYS_inotify_add_watch, &[watcher, path.pointer(), IN_CREATE.into()]);
        }, one(Watch, Directory, "dir")),
        deed("map-exec", |s| {
            let descriptor = open(&s.path("file"), O_RDONLY);
            ok(SYS_mmap, &[0, 4096, (PROT_READ | PROT_EXEC).into(), MAP_PRIVATE.into(), descriptor, 0]);
        }, opened(MapExec, File, "file")),
        deed("name-to-handle", |s| {
            let path = text(s.path("file"));
            let mut handle = [0_u32; 64];
            handle[0] = 128;
            ok(SYS_name_to_handle_at, &[CWD, path.pointer(), pointer(&mut handle), pointer(&mut 0_i32), 0]);
        }, one(GetHandle, File, "file")),
        // In vain.
        deed("open-missing", |s| missing(s, SYS_open, ENOENT, "no/such/file"), vec![file([Read], Unknown, stage.path("no/such/file")).fails(ENOENT)]),
        deed("open-below-file", |s| missing(s, SYS_open, ENOTDIR, "file/below"), vec![file([Read], Unknown, stage.path("file/below")).fails(ENOTDIR)]),
        deed("stat-missing", |s| missing(s, SYS_stat, ENOENT, "missing"), vec![file([Stat], Unknown, stage.path("missing")).fails(ENOENT)]),
        deed("execute-missing", |s| missing(s, SYS_execve, ENOENT, "missing"), vec![file([Exec], Unknown, stage.path("missing")).fails(ENOENT)]),
        deed("open-null", |_| fails(EFAULT, SYS_open, &[0, 0]), vec![]),
    ]
}

fn missing(stage: &Stage, number: c_long, errno: i32, name: &str) {
    let path = text(stage.path(name));
    fails(errno, number, &[path.pointer(), 0]);
}

fn xattr(stage: &Stage, number: c_long, name: &str) {
    let (path, name, value) = (text(stage.path(name)), text("user.ringfence"), text("x"));
    let result = call(number, &[path.pointer(), name.pointer(), value.pointer(), 1, 0]);
    assert_eq!(result, 0, "the stage must be on a file system that has user attributes");
}
