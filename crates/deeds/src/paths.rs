//! Ways to a file: links, working directories, odd names, `/proc`.

use crate::call::{CWD, call, fails, ok, open, text};
use crate::stage::ODD_BYTES;
use crate::{Answer, Deed, Stage, file};
use libc::*;
use ringfence_profile::FileKind::{Directory, File, Link, Unknown};
use ringfence_profile::{Operation::*, ProcessRelation};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

fn read(path: &Path) {
    open(path, O_RDONLY);
}

/// Directories below each other, so many that a path through them all has hardly room for one more.
fn long_names(stage: &Stage) -> Vec<String> {
    let left = PATH_MAX as usize - 1 - stage.directory().as_os_str().len();
    vec!["d".repeat(199); left / 200 - 1]
}

/// A path of PATH_MAX bytes, with the NUL at its end; and what it means.
fn longest(stage: &Stage) -> (String, PathBuf) {
    let directory = long_names(stage).iter().fold(stage.directory().to_owned(), |path, name| path.join(name));
    let left = PATH_MAX as usize - 2 - directory.as_os_str().len();
    let name = "f".repeat(150 + left % 2);
    let path = format!("{}/{}{name}", directory.display(), "./".repeat((left - name.len()) / 2));
    assert_eq!(path.len(), PATH_MAX as usize - 1);
    (path, directory.join(name))
}

#[rustfmt::skip]
pub(crate) fn deeds(stage: &Stage) -> Vec<Deed> {
    let path = |name: &str| stage.path(name);
    let deep = || file([Read], File, path("real/deep/file"));
    let deed = |name, act, expected| Deed { name, act, expected };
    vec![
        deed("through-link", |s| read(&s.path("link")), vec![file([Read], File, path("file")).via(path("link"), "file")]),
        deed("through-links", |s| read(&s.path("absolute/shallow/file")), vec![
            deep().via(path("absolute"), path("alias")).via(path("alias"), "real").via(path("real/shallow"), "deep"),
        ]),
        deed("dots", |s| read(&s.path("./dir/../dir//sub/.././inner")), vec![file([Read], File, path("dir/inner"))]),
        deed("dots-through-link", |s| read(&s.path("alias/deep/../deep/file")), vec![deep().via(path("alias"), "real")]),
        deed("link-not-followed", |s| {
            let link = text(s.path("link"));
            fails(ELOOP, SYS_open, &[link.pointer(), (O_RDONLY | O_NOFOLLOW).into()]);
        }, vec![file([Read], Link, path("link")).fails(ELOOP)]),
        deed("link-as-handle", |s| { open(&s.path("link"), O_PATH | O_NOFOLLOW); }, vec![file([OpenPath], Link, path("link"))]),
        deed("dangling", |s| {
            let link = text(s.path("dangling"));
            fails(ENOENT, SYS_open, &[link.pointer(), O_RDONLY.into()]);
        }, vec![file([Read], Unknown, path("nowhere")).via(path("dangling"), "nowhere").fails(ENOENT)]),
        deed("create-through-dangling", |s| { open(&s.path("dangling"), O_CREAT | O_WRONLY); }, vec![
            file([Write, Create], File, path("nowhere")).via(path("dangling"), "nowhere"),
        ]),
        deed("link-with-slash", |s| { ok(SYS_stat, &[text(s.path("alias/")).pointer(), Box::leak(Box::new([0_u8; 256])).as_mut_ptr() as i64]); }, vec![
            file([Stat], Directory, path("real")).via(path("alias"), "real"),
        ]),
        deed("odd-name", |s| read(&s.path(OsStr::from_bytes(ODD_BYTES))), vec![file([Read], File, stage.path(OsStr::from_bytes(ODD_BYTES)))]),
        deed("longest-name", |s| {
            let name = text(s.path("x".repeat(255)));
            ok(SYS_open, &[name.pointer(), (O_CREAT | O_WRONLY).into(), 0o600]);
        }, vec![file([Write, Create], File, stage.path("x".repeat(255)))]),
        deed("longest-path", |s| {
            let mut path = s.path("");
            for name in long_names(s) {
                path.push(name);
                assert!(path.as_os_str().len() < PATH_MAX as usize);
                call(SYS_mkdir, &[text(&path).pointer(), 0o700]);
            }
            ok(SYS_open, &[text(longest(s).0).pointer(), (O_CREAT | O_WRONLY).into(), 0o600]);
        }, {
            let mut all = vec![file([Write, Create], File, longest(stage).1)];
            let mut directory = stage.directory().to_owned();
            for name in long_names(stage) {
                directory.push(name);
                all.push(file([Mkdir], Directory, &directory));
            }
            all
        }),
        deed("too-long-path", |s| {
            let path = text(longest(s).0 + "x");
            fails(ENAMETOOLONG, SYS_open, &[path.pointer(), O_RDONLY.into()]);
        }, vec![]),
        deed("too-long-name", |s| {
            let name = text(s.path("x".repeat(256)));
            fails(ENAMETOOLONG, SYS_open, &[name.pointer(), O_RDONLY.into()]);
        }, vec![file([Read], Unknown, stage.path("x".repeat(256))).fails(ENAMETOOLONG)]),
        deed("chdir", |s| {
            ok(SYS_chdir, &[text(s.path("alias/deep")).pointer()]);
            read(Path::new("file"));
            read(Path::new("../../file"));
        }, vec![file([Chdir], Directory, path("real/deep")).via(path("alias"), "real"), deep(), file([Read], File, path("file"))]),
        deed("fchdir", |s| {
            ok(SYS_fchdir, &[open(&s.path("dir"), O_RDONLY)]);
            read(Path::new("inner"));
        }, vec![file([Read], Directory, path("dir")), file([Chdir], Directory, path("dir")), file([Read], File, path("dir/inner"))]),
        deed("own-proc", |_| read(Path::new("/proc/self/limits")), vec![
            file([Read], File, "/proc/self/limits").of(ProcessRelation::Own),
        ]),
        deed("own-thread-in-proc", |_| read(Path::new("/proc/thread-self/comm")), vec![
            file([Read], File, "/proc/self/task/TID/comm").of(ProcessRelation::Own),
        ]),
        deed("proc-of-kernel", |_| read(Path::new("/proc/version")), vec![file([Read], File, "/proc/version")]),
        deed("proc-of-foreign", |_| read(Path::new("/proc/1/comm")), vec![
            file([Read], File, "/proc/1/comm").of(ProcessRelation::Foreign),
        ]),
        deed("reopen", |s| {
            let descriptor = open(&s.path("file"), O_PATH);
            read(Path::new(&format!("/proc/self/fd/{descriptor}")));
        }, vec![
            file([OpenPath], File, path("file")),
            file([Read], File, path("file")).via("/proc/self/fd/3", path("file")),
        ]),
        deed("through-descriptor", |s| {
            let (descriptor, another) = (open(&s.path("dir"), O_PATH), open(&s.path("real"), O_PATH));
            let through = format!("/proc/self/fd/{descriptor}");
            ok(SYS_chmod, &[text(&through).pointer(), 0o750]);
            ok(SYS_mkdir, &[text(format!("{through}/made")).pointer(), 0o700]);
            ok(SYS_rename, &[text(format!("{through}/inner")).pointer(), text(format!("/dev/fd/{another}/inner")).pointer()]);
            fails(ENOENT, SYS_unlink, &[text(format!("/dev/fd/{descriptor}/nothing")).pointer()]);
            // Whoever looks later finds something else behind the number.
            ok(SYS_dup2, &[another, descriptor]);
            ok(SYS_rmdir, &[text(s.path("dir/made")).pointer()]);
        }, {
            let own = |answer: Answer, number: u8, directory| answer.via(format!("/proc/self/fd/{number}"), path(directory));
            let listed = |answer: Answer| answer.via("/dev/fd", "/proc/self/fd");
            vec![
                file([OpenPath], Directory, path("dir")),
                file([OpenPath], Directory, path("real")),
                own(file([Chmod], Directory, path("dir")), 3, "dir"),
                own(file([Mkdir], Directory, path("dir/made")), 3, "dir"),
                own(file([RenameFrom], File, path("dir/inner")), 3, "dir"),
                own(listed(file([RenameTo], File, path("real/inner"))), 4, "real"),
                own(listed(file([Unlink], Unknown, path("dir/nothing"))), 3, "dir").fails(ENOENT),
                file([Rmdir], Directory, path("dir/made")),
            ]
        }),
        deed("removed-beneath", |s| {
            ok(SYS_chdir, &[text(s.path("empty")).pointer()]);
            ok(SYS_rmdir, &[text("../empty").pointer()]);
            ok(SYS_stat, &[text(".").pointer(), Box::leak(Box::new([0_u8; 256])).as_mut_ptr() as i64]);
        }, vec![
            file([Chdir], Directory, path("empty")),
            file([Rmdir], Directory, path("empty")),
            file([Stat], Directory, path("empty")),
        ]),
        deed("name-unnamed", |s| {
            let descriptor = open(&s.path("dir"), O_TMPFILE | O_RDWR);
            let (from, to) = (text(format!("/proc/self/fd/{descriptor}")), text(s.path("named")));
            ok(SYS_linkat, &[CWD, from.pointer(), CWD, to.pointer(), AT_SYMLINK_FOLLOW.into()]);
        }, vec![
            file([CreateUnnamed], Directory, path("dir")),
            file([LinkFrom], File, "/proc/self/fd/3").of(ProcessRelation::Own),
            file([LinkTo], File, path("named")),
        ]),
        deed("deleted", |s| {
            let descriptor = open(&s.path("gone"), O_RDONLY);
            ok(SYS_unlink, &[text(s.path("gone")).pointer()]);
            ok(SYS_fchmod, &[descriptor, 0o600]);
        }, vec![
            file([Read], File, path("gone")), file([Unlink], File, path("gone")), file([Chmod], File, path("gone")),
        ]),
    ]
}
