//! Mounts, seen from inside, against the real kernel. Needs root; an ordinary user's view has tests of its own.

mod lab;

use lab::*;
use ringfence_sandbox::plan::{EntryFlags, MountMode};

fn bind(source: &std::path::Path, recursive: bool) -> MountMode {
    MountMode::Bind { source: path(source), recursive, id_mapped: false }
}

fn tmpfs() -> MountMode {
    MountMode::Tmpfs { options: vec!["mode=0755".to_owned()], nosuid: false, nodev: true, noexec: false }
}

fn read_only() -> EntryFlags {
    EntryFlags { read_only: true, ..EntryFlags::default() }
}

#[test]
fn an_entry_below_a_read_only_one_keeps_its_own_flags() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    std::fs::create_dir_all(d.join("a/b/c")).unwrap();
    let plan = plan(vec![
        entry("/", MountMode::ReadOnly),
        entry("/proc", MountMode::ReadWriteImplicit),
        entry("/sys", MountMode::ReadWriteImplicit),
        entry("/dev", MountMode::ReadWriteImplicit),
        entry(d.join("a"), MountMode::ReadWrite),
        entry(d.join("a/b"), MountMode::ReadOnly),
        entry(d.join("a/b/c"), MountMode::ReadWrite),
    ]);
    let d = d.display();
    holds(
        &plan,
        &format!(
            "! touch {d}/x 2>/dev/null && touch {d}/a/x && ! touch {d}/a/b/x 2>/dev/null && touch {d}/a/b/c/x
             echo 0 > /proc/self/oom_score_adj && : > /dev/null && : > /dev/shm/ringfence-test && rm /dev/shm/ringfence-test
             test $(grep -Ec ' / /(proc|sys|dev) rw' /proc/self/mountinfo) = 3"
        ),
    );
}

#[test]
fn a_temporary_root_holds_what_is_bound_into_it_and_nothing_else() {
    if !root_or_skip() {
        return;
    }
    let mut root = entry("/", tmpfs());
    root.flags = read_only();
    let mut usr = entry("/usr", bind("/usr".as_ref(), true));
    usr.flags = read_only();
    let plan = plan(vec![
        root,
        usr,
        entry("/bin", bind("/usr/bin".as_ref(), true)),
        entry("/lib", bind("/usr/lib".as_ref(), true)),
        entry("/lib64", bind("/usr/lib64".as_ref(), true)),
        entry("/proc", MountMode::Proc { options: Vec::new() }),
    ]);
    holds(&plan, "test \"$(ls / | tr '\\n' ' ')\" = 'bin lib lib64 proc usr ' && ! touch /x 2>/dev/null");
    holds(
        &plan,
        "test $(grep -c ' / / ' /proc/self/mountinfo) = 1 && grep -q ' / / ro,.* - tmpfs ' /proc/self/mountinfo",
    );
}

#[test]
fn a_hidden_path_is_empty_and_out_of_reach() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), "x").unwrap();
    let d = dir.path().display();
    holds(
        &plan(vec![entry(dir.path(), MountMode::Inaccessible)]),
        &format!("test \"$(stat -c %a {d})\" = 0 && test -z \"$(ls {d})\" && ! touch {d}/x 2>/dev/null"),
    );
    holds(
        &plan(vec![entry(dir.path().join("secret"), MountMode::Inaccessible)]),
        &format!("test \"$(stat -c %a {d}/secret)\" = 0 && test ! -s {d}/secret"),
    );
}

#[test]
fn mount_points_are_made_through_a_read_only_bind() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    for name in ["source", "other", "m"] {
        std::fs::create_dir(d.join(name)).unwrap();
    }
    std::fs::write(d.join("file"), "content").unwrap();
    let mut outer = entry(d.join("m"), bind(&d.join("source"), true));
    outer.flags = read_only();
    let plan = plan(vec![
        outer,
        entry(d.join("m/new/deep"), bind(&d.join("other"), true)),
        entry(d.join("m/file"), bind(&d.join("file"), true)),
    ]);
    let m = d.join("m");
    let m = m.display();
    holds(
        &plan,
        &format!("touch {m}/new/deep/x && ! touch {m}/x 2>/dev/null && test \"$(cat {m}/file)\" = content"),
    );
    assert!(d.join("source/new/deep").is_dir(), "the mount point stays behind on the host");
    assert!(d.join("source/file").is_file());
    assert!(d.join("other/x").exists());
}

#[test]
fn a_private_dev_has_the_pseudo_devices_only() {
    if !root_or_skip() {
        return;
    }
    holds(
        &plan(vec![entry("/dev", MountMode::PrivateDev)]),
        "test \"$(cd /dev && echo *)\" = 'char fd full log mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero' ||
         test \"$(cd /dev && echo *)\" = 'char core fd full log null ptmx pts random shm stderr stdin stdout tty urandom zero'
         : > /dev/null && : > /dev/shm/ringfence-test && rm /dev/shm/ringfence-test && ! touch /dev/x 2>/dev/null",
    );
}

#[test]
fn a_missing_path_is_named_with_its_line() {
    if !root_or_skip() {
        return;
    }
    let mut missing = entry("/nope", MountMode::ReadOnly);
    missing.origin = Some(origin("ReadOnlyPaths", "/nope"));
    let outcome = run(&settings(), &plan(vec![missing.clone()]), "true");
    assert_eq!(outcome.status, Some(226));
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.to_string(), "failed to find /nope: No such file or directory (ENOENT)");
    assert_eq!(failure.origin.unwrap().to_string(), "ReadOnlyPaths=/nope (/test.service:1)");
    assert_eq!(failure.hint.as_deref(), Some("make /nope, or write `-/nope` if it may be missing"));

    missing.optional = true;
    holds(&plan(vec![missing]), "true");
}

#[test]
fn nothing_is_seen_outside() {
    if !root_or_skip() {
        return;
    }
    let before = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    holds(&plan(vec![entry("/home", tmpfs()), entry("/", MountMode::ReadOnly)]), "! touch /x 2>/dev/null");
    assert_eq!(std::fs::read_to_string("/proc/self/mountinfo").unwrap(), before);
}
