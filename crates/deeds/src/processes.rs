//! New processes and programs: what a child does is seen however it came to be.

use crate::call::{fails, ok, open, pointer, text};
use crate::{Deed, Stage, file};
use libc::*;
use ringfence_profile::FileKind::{File, Unknown};
use ringfence_profile::Operation::*;
use ringfence_profile::ProcessRelation;

/// Makes a child with `flags`, which does `act` and exits; waits for it.
fn child(flags: i32, act: impl FnOnce()) {
    match ok(SYS_clone, &[flags.into(), 0, 0, 0, 0]) {
        0 => {
            act();
            ok(SYS_exit, &[0]);
        }
        pid => {
            let mut status = 0_i32;
            ok(SYS_wait4, &[pid, pointer(&mut status), __WALL.into(), 0]);
            assert_eq!(status, 0, "the child's status");
        }
    }
}

/// Executes a program of the stage in a child, perhaps as another user.
pub(crate) fn execute(stage: &Stage, name: &str, user: Option<i64>) {
    child(SIGCHLD, || {
        if let Some(user) = user {
            ok(SYS_setresuid, &[user, user, user]);
        }
        let path = text(stage.path(name));
        let mut arguments = [path.pointer(), 0];
        ok(SYS_execve, &[path.pointer(), pointer(&mut arguments), 0]);
    });
}

/// Executes a file that is open, by its descriptor alone as fexecve(3) does, or by a path.
fn execute_descriptor(descriptor: i64, path: Option<String>) {
    let mut arguments = [text("x").pointer(), 0];
    match path {
        Some(path) => ok(SYS_execve, &[text(path).pointer(), pointer(&mut arguments), 0]),
        None => {
            let empty = text("");
            ok(SYS_execveat, &[descriptor, empty.pointer(), pointer(&mut arguments), 0, AT_EMPTY_PATH.into()])
        }
    };
}

/// A script that never had a name, open as the first descriptor.
fn unnamed_script(stage: &Stage) -> i64 {
    let descriptor = ok(SYS_memfd_create, &[text("script").pointer(), 0]);
    let line = format!("#!{}\n", stage.path("interpreter").display());
    ok(SYS_write, &[descriptor, line.as_ptr() as i64, line.len() as i64]);
    descriptor
}

#[rustfmt::skip]
pub(crate) fn deeds(stage: &Stage) -> Vec<Deed> {
    let deed = |name, act, expected| Deed { name, act, expected };
    let unnamed = || vec![
        file([Exec], File, "/proc/self/fd/3").of(ProcessRelation::Own),
        file([Interpret], File, stage.path("interpreter")),
    ];
    let read = || vec![file([Read], File, stage.path("file"))];
    vec![
        deed("in-child", |s| child(SIGCHLD, || { open(&s.path("file"), O_RDONLY); }), read()),
        deed("in-child-without-signal", |s| child(0, || { open(&s.path("file"), O_RDONLY); }), read()),
        deed("in-thread", |s| {
            let path = s.path("file");
            std::thread::spawn(move || { open(&path, O_RDONLY); }).join().expect("the thread");
        }, read()),
        deed("in-grandchild", |s| child(SIGCHLD, || child(SIGCHLD, || { open(&s.path("file"), O_RDONLY); })), read()),
        deed("execute-script", |s| execute(s, "script", None), vec![
            file([Exec], File, stage.path("script")),
            file([Interpret], File, stage.path("interpreter")),
        ]),
        deed("execute-orphan", |s| {
            let path = text(s.path("orphan"));
            fails(ENOENT, SYS_execve, &[path.pointer(), 0, 0]);
        }, vec![
            file([Exec], File, stage.path("orphan")).fails(ENOENT),
            file([Interpret], Unknown, stage.path("no-such-interpreter")).fails(ENOENT),
        ]),
        deed("execveat-empty", |s| {
            let program = open(&s.path("interpreter"), O_PATH);
            child(SIGCHLD, || {
                let mut arguments = [text("x").pointer(), 0];
                ok(SYS_execveat, &[program, text("").pointer(), pointer(&mut arguments), 0, AT_EMPTY_PATH.into()]);
            });
        }, vec![file([OpenPath], File, stage.path("interpreter")), file([Exec], File, stage.path("interpreter"))]),
        deed("execveat-script", |s| {
            let script = open(&s.path("script"), O_RDONLY);
            child(SIGCHLD, || execute_descriptor(script, None));
        }, vec![
            file([Read], File, stage.path("script")),
            file([Exec], File, stage.path("script")),
            file([Interpret], File, stage.path("interpreter")),
        ]),
        deed("execveat-removed-script", |s| {
            let script = open(&s.path("script"), O_RDONLY);
            ok(SYS_unlink, &[text(s.path("script")).pointer()]);
            child(SIGCHLD, || execute_descriptor(script, None));
        }, vec![
            file([Read], File, stage.path("script")),
            file([Unlink], File, stage.path("script")),
            file([Exec], File, stage.path("script")),
            file([Interpret], File, stage.path("interpreter")),
        ]),
        deed("execveat-unnamed-script", |s| {
            let script = unnamed_script(s);
            child(SIGCHLD, || execute_descriptor(script, None));
        }, unnamed()),
        deed("execve-unnamed-script", |s| {
            let script = unnamed_script(s);
            child(SIGCHLD, || execute_descriptor(script, Some(format!("/proc/self/fd/{script}"))));
        }, unnamed()),
        deed("exec-in-thread", |s| {
            let path = text(s.path("interpreter"));
            let _ = std::thread::spawn(move || {
                let mut arguments = [path.pointer(), 0];
                ok(SYS_execve, &[path.pointer(), pointer(&mut arguments), 0]);
            }).join();
        }, vec![file([Exec], File, stage.path("interpreter"))]),
    ]
}
