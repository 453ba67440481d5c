//! Mounts, seen from inside, against the real kernel. Needs root; an ordinary user's view has tests of its own.

mod lab;

use lab::{fails, holds, prints, root_or_skip};

#[test]
fn an_entry_below_a_read_only_one_keeps_its_own_flags() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("a/b/c")).unwrap();
    let d = dir.path().display();
    holds(
        &format!(
            "ProtectSystem=strict
             ReadWritePaths={d}/a
             ReadOnlyPaths={d}/a/b
             ReadWritePaths={d}/a/b/c"
        ),
        &format!(
            "! touch {d}/x 2>/dev/null && touch {d}/a/x && ! touch {d}/a/b/x 2>/dev/null && touch {d}/a/b/c/x
             echo 0 > /proc/self/oom_score_adj && : > /dev/null && rm $(mktemp -p /dev/shm)
             test $(grep -Ec ' / /(proc|sys|dev) rw' /proc/self/mountinfo) = 3"
        ),
    );
}

#[test]
fn two_symlinks_to_one_directory_both_decide_on_it() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("there/below")).unwrap();
    for name in ["first", "second"] {
        std::os::unix::fs::symlink("there", dir.path().join(name)).unwrap();
    }
    let d = dir.path().display();
    let read_only =
        format!("! touch {d}/there/x 2>/dev/null && ! touch {d}/there/below/x 2>/dev/null && touch {d}/x");
    holds(&format!("ReadWritePaths={d}/first\nReadOnlyPaths={d}/second"), &read_only);
    holds(&format!("ReadOnlyPaths={d}/first\nReadWritePaths={d}/second"), &read_only);
    // The one that comes later is above a place that is a mount point by then.
    holds(
        &format!("ReadWritePaths={d}/there/below\nReadOnlyPaths={d}/second"),
        &format!("! touch {d}/there/x 2>/dev/null && touch {d}/there/below/x"),
    );
    holds(
        &format!("NoExecPaths={d}/first\nTemporaryFileSystem={d}/second:ro"),
        &format!("test -d {d}/there/below"),
    );
}

#[test]
fn a_mount_point_made_for_one_entry_is_anothers_source() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path().display();
    holds(
        &format!("TemporaryFileSystem={d}/made/here:ro\nBindReadOnlyPaths={d}/made:{d}/shown"),
        &format!(
            "test -d {d}/shown/here && ! touch {d}/shown/x 2>/dev/null && ! touch {d}/made/here/x 2>/dev/null"
        ),
    );
}

#[test]
fn what_is_mounted_on_the_host_s_own_root_is_beneath_it() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path().display();
    holds(&format!("RootDirectory=/\nBindPaths={d}:/"), "test -x /bin/sh");
    holds(
        &format!("RootDirectory=/\nProtectSystem=strict\nReadWritePaths={d}"),
        &format!("! touch /usr/x 2>/dev/null && touch {d}/x"),
    );
}

#[test]
fn a_temporary_root_holds_what_is_bound_into_it_and_nothing_else() {
    if !root_or_skip() {
        return;
    }
    let lines = "TemporaryFileSystem=/:ro
                 BindReadOnlyPaths=/usr /usr/bin:/bin /usr/lib:/lib /usr/lib64:/lib64
                 ProtectProc=invisible";
    assert_eq!(prints(lines, "echo /*"), "/bin /dev /lib /lib64 /proc /run /sys /usr");
    holds(lines, "! touch /x 2>/dev/null && ! touch /usr/x 2>/dev/null");
    holds(
        lines,
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
        &format!("InaccessiblePaths={d}"),
        &format!("test \"$(stat -c %a {d})\" = 0 && test -z \"$(ls {d})\" && ! touch {d}/x 2>/dev/null"),
    );
    holds(
        &format!("InaccessiblePaths={d}/secret"),
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
    let p = d.display();
    holds(
        &format!(
            "BindReadOnlyPaths={p}/source:{p}/m\nBindPaths={p}/other:{p}/m/new/deep {p}/file:{p}/m/file"
        ),
        &format!(
            "touch {p}/m/new/deep/x && ! touch {p}/m/x 2>/dev/null && test \"$(cat {p}/m/file)\" = content"
        ),
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
    let there = prints("PrivateDevices=yes", "cd /dev && echo *");
    let known = [
        "char",
        "core",
        "fd",
        "full",
        "hugepages",
        "log",
        "mqueue",
        "null",
        "ptmx",
        "pts",
        "random",
        "shm",
        "stderr",
        "stdin",
        "stdout",
        "tty",
        "urandom",
        "zero",
    ];
    for name in there.split(' ') {
        assert!(known.contains(&name), "{name}");
    }
    for name in ["null", "zero", "full", "random", "urandom", "tty", "pts", "shm", "fd", "stdin"] {
        assert!(there.split(' ').any(|n| n == name), "{name} is not in {there}");
    }
    holds(
        "PrivateDevices=yes",
        ": > /dev/null && rm $(mktemp -p /dev/shm) && ! touch /dev/x 2>/dev/null
         test \"$(readlink /dev/char/1:3)\" = ../null",
    );
}

#[test]
fn a_missing_path_is_named_with_its_line() {
    if !root_or_skip() {
        return;
    }
    let failure = fails("ReadOnlyPaths=/nope");
    assert_eq!(failure.status(), 226);
    assert_eq!(failure.path.as_deref(), Some("/nope".as_ref()));
    let origin = failure.origin.as_ref().unwrap();
    assert_eq!((&*origin.directive, &*origin.value), ("ReadOnlyPaths", "/nope"));
    assert!(failure.hint.unwrap().contains("-/nope"));
    holds("ReadOnlyPaths=-/nope", "true");
}

#[test]
fn nothing_is_seen_outside() {
    if !root_or_skip() {
        return;
    }
    let before = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    holds(
        "ProtectSystem=strict\nTemporaryFileSystem=/home\nPrivateTmp=yes\nPrivateDevices=yes",
        "! touch /x 2>/dev/null",
    );
    assert_eq!(std::fs::read_to_string("/proc/self/mountinfo").unwrap(), before);
}

#[test]
fn private_tmp_is_private_and_goes_away() {
    if !root_or_skip() {
        return;
    }
    let file = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    for kind in ["yes", "disconnected"] {
        holds(
            &format!("PrivateTmp={kind}"),
            &format!(
                "test ! -e {} && touch /tmp/x /var/tmp/y && test ! -e /tmp/y
                 test \"$(stat -c %a /tmp)\" = 1777 && test \"$(stat -c %a /var/tmp)\" = 1777",
                file.path().display()
            ),
        );
    }
    let left = std::fs::read_dir("/tmp").unwrap().flatten().map(|e| e.file_name().into_string().unwrap());
    let mine = format!("sandbox-{}-", std::process::id());
    let left: Vec<String> = left.filter(|name| name.contains(&mine)).collect();
    // Other tests of this process may have theirs at the same time, never for long.
    assert!(left.len() < 4, "{left:?}");
}

#[test]
fn host_mounts_in_proc_and_sys_are_shown_again_in_new_ones() {
    if !root_or_skip() {
        return;
    }
    let host = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let below = host.lines().filter_map(|l| l.split(' ').nth(4)).filter(|p| p.starts_with("/sys/")).count();
    let inside = prints("PrivateNetwork=yes", "grep -c ' /sys/' /proc/self/mountinfo || true");
    assert_eq!(inside, below.to_string());
    holds("PrivateNetwork=yes", "grep -q ' /sys rw,nosuid,nodev,noexec.* - sysfs' /proc/self/mountinfo");
}

#[test]
fn executing_is_forbidden_and_allowed_again() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path().display();
    std::fs::create_dir(dir.path().join("allowed")).unwrap();
    holds(
        &format!("NoExecPaths={d}\nExecPaths={d}/allowed"),
        &format!(
            "cp /bin/true {d}/true && cp /bin/true {d}/allowed/true && ! {d}/true 2>/dev/null && {d}/allowed/true"
        ),
    );
}
