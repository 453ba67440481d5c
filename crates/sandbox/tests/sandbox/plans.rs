//! What the recorded cases do not show: reasons, what is dropped and why, outcomes, the documented mode, other machines.

use crate::unit::{service, unit};
use ringfence_sandbox::decide::Credentials;
use ringfence_sandbox::facts::Caller;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::plan::Mode::{self, Documented, Faithful};
use ringfence_sandbox::plan::{Bases, Create, DropReason, For, MountMode, Outcome, Plan};
use ringfence_sandbox::view::View;
use ringfence_settings::{CapabilitySet, Settings};
use ringfence_terms::{AbsPath, Errno};
use ringfence_unit::Manager;

fn path(text: &str) -> AbsPath {
    text.parse().expect("a path")
}

fn plan(lines: &str, facts: &FakeFacts, mode: Mode) -> Plan {
    Plan::of(&service(lines), facts, &For::main(), mode)
}

/// The paths of the entries, in order.
fn paths(plan: &Plan) -> Vec<String> {
    plan.mounts.iter().map(|entry| entry.path.to_string()).collect()
}

/// Whether a path of the service lies on a read-only and on a noexec mount.
fn flags(plan: &Plan, facts: &FakeFacts, at: &str) -> (bool, bool) {
    let mounted = View::of(plan, facts).mount_at(&path(at));
    (mounted.flags.read_only, mounted.flags.noexec)
}

#[test]
fn a_namespace_is_made_for_these_reasons_only() {
    let facts = FakeFacts::debian().user("www", 33, 33);
    for (lines, directives) in [
        ("", vec![]),
        ("StateDirectory=x; ProtectHostname=yes; ProtectClock=yes; PrivateUsers=yes", vec![]),
        ("MountFlags=shared; NoNewPrivileges=yes; User=www", vec![]),
        ("MountFlags=slave", vec!["MountFlags"]),
        ("ReadOnlyPaths=-/nope", vec!["ReadOnlyPaths"]),
        ("MountAPIVFS=yes", vec!["MountAPIVFS"]),
        ("PrivateNetwork=yes", vec!["PrivateNetwork"]),
        ("PrivateNetwork=yes; PrivateMounts=no", vec![]),
        ("StateDirectory=x::ro", vec!["StateDirectory"]),
        ("PrivateTmp=yes; InaccessiblePaths=/tmp /var", vec!["InaccessiblePaths", "InaccessiblePaths"]),
        ("RootDirectory=/; ProtectSystem=yes", vec!["ProtectSystem"]),
        ("RootDirectory=/srv; MountAPIVFS=no; BindLogSockets=no", vec![]),
        ("RootDirectory=/srv; MountAPIVFS=no; BindLogSockets=no; StateDirectory=x", vec!["RootDirectory"]),
    ] {
        let plan = plan(lines, &facts, Faithful);
        let found: Vec<&str> = plan.reasons.iter().map(|reason| reason.directive).collect();
        assert_eq!(found, directives, "{lines}");
        assert_eq!(plan.mounts.is_empty(), directives.is_empty(), "{lines}");
    }
}

#[test]
fn the_final_list_of_a_rich_unit_is_systemds() {
    let facts =
        FakeFacts::debian().dir("/srv/src").dir("/sys/fs/cgroup/u").file("/sys/fs/cgroup/u/memory.pressure");
    let settings = service(
        "ProtectSystem=strict; ProtectHome=tmpfs; PrivateTmp=yes; PrivateDevices=yes; StateDirectory=ord\n\
         BindReadOnlyPaths=/srv/src:/home/data; ReadWritePaths=-/srv; InaccessiblePaths=-/opt\n\
         ProtectControlGroups=yes; PrivateIPC=yes",
    );
    let run = For { memory_pressure: Some(path("/sys/fs/cgroup/u/memory.pressure")), ..For::main() };
    let plan = Plan::of(&settings, &facts, &run, Faithful);
    assert_eq!(plan.failure, None);
    assert_eq!(
        paths(&plan),
        [
            "/",
            "/dev",
            "/dev/mqueue",
            "/home",
            "/home/data",
            "/opt",
            "/proc",
            "/root",
            "/run",
            "/run/credentials",
            "/run/systemd/incoming",
            "/run/user",
            "/srv",
            "/sys",
            "/sys/fs/cgroup",
            "/sys/fs/cgroup/u/memory.pressure",
            "/tmp",
            "/var/lib/ord",
            "/var/tmp"
        ]
    );
    let implicit: Vec<String> = plan
        .dropped
        .iter()
        .filter(|gone| gone.mode == MountMode::ReadWriteImplicit)
        .map(|gone| gone.path.to_string())
        .collect();
    assert_eq!(implicit, ["/dev", "/home", "/proc", "/root", "/run/user", "/sys"]);
}

#[test]
fn what_is_dropped_names_the_winner() {
    let facts = FakeFacts::debian();
    let plan = plan(
        "ReadOnlyPaths=/srv; TemporaryFileSystem=/srv; InaccessiblePaths=/opt; ReadWritePaths=/opt/x",
        &facts,
        Faithful,
    );
    let reasons: Vec<(String, &DropReason)> =
        plan.dropped.iter().map(|gone| (gone.path.to_string(), &gone.why)).collect();
    let [
        (srv, DropReason::DuplicateOf { winner: Some(winner), mode }),
        (opt, DropReason::Masked { by, origin: Some(origin) }),
    ] = &reasons[..]
    else {
        panic!("{reasons:?}")
    };
    assert_eq!((srv.as_str(), opt.as_str()), ("/srv", "/opt/x"));
    assert_eq!((&*winner.directive, winner.line, mode), ("ReadOnlyPaths", 3, &MountMode::ReadOnly));
    assert_eq!((by.to_string(), &*origin.directive), ("/opt".to_owned(), "InaccessiblePaths"));
}

#[test]
fn a_symlinked_destination_merges_with_an_entry_for_its_target() {
    let facts = FakeFacts::debian();
    let plan = plan("ReadOnlyPaths=/bin; NoExecPaths=/usr/bin", &facts, Faithful);
    let bin = plan.mounts.iter().find(|entry| entry.path == path("/usr/bin")).expect("an entry for /usr/bin");
    assert_eq!((bin.requested.clone(), bin.flags.noexec, bin.merged.len()), (Some(path("/bin")), true, 1));
    assert_eq!(flags(&plan, &facts, "/usr/bin"), (true, true));
}

#[test]
fn outcomes_and_what_is_made() {
    let facts = FakeFacts::debian().file("/data/x");
    let plan = plan(
        "InaccessiblePaths=-/nope; BindPaths=/data:/srv/a/b /data/x:/srv/a/c -/nothing:/mnt/n; MountAPIVFS=yes",
        &facts,
        Faithful,
    );
    assert_eq!(plan.failure, None);
    let of = |at: &str| {
        let entry = plan.mounts.iter().find(|entry| entry.path == path(at)).expect("an entry");
        (entry.outcome, entry.create)
    };
    assert_eq!(of("/nope"), (Outcome::Missing, None));
    assert_eq!(of("/srv/a/b"), (Outcome::Mounted, Some(Create::Directory)));
    assert_eq!(of("/srv/a/c"), (Outcome::Mounted, Some(Create::File)));
    assert_eq!(of("/mnt/n"), (Outcome::Missing, None));
    assert_eq!(of("/run"), (Outcome::AlreadyMountPoint, None));
    let left_behind: Vec<String> = plan
        .tree
        .made_on_host()
        .into_iter()
        .map(|(made, _)| made.to_string())
        .filter(|made| made.starts_with("/srv"))
        .collect();
    assert_eq!(left_behind, ["/srv/a", "/srv/a/b", "/srv/a/c"]);
}

#[test]
fn a_failing_entry_names_itself() {
    let facts = FakeFacts::debian().file("/srv/file").symlink("/srv/loop", "loop");
    for (lines, errno, at) in [
        ("ReadOnlyPaths=/nope", Errno::ENOENT, "/nope"),
        ("BindPaths=/nope:/srv", Errno::ENOENT, "/srv"),
        ("BindPaths=/etc:/srv/file", Errno::ENOTDIR, "/srv/file"),
        ("InaccessiblePaths=-/srv/file/below", Errno::ENOTDIR, "/srv/file/below"),
        ("ReadWritePaths=-/srv/loop", Errno::ELOOP, "/srv/loop"),
        ("BindPaths=/srv:/proc/new", Errno::ENOENT, "/proc/new"),
        ("TemporaryFileSystem=/srv:bogus", Errno::EINVAL, "/srv"),
        ("TemporaryFileSystem=/var; ReadWritePaths=/var/lib", Errno::ENOENT, "/var/lib"),
        ("RootDirectory=/nope; ProtectSystem=yes", Errno::ENOENT, "/nope"),
    ] {
        let failure = plan(lines, &facts, Faithful).failure.unwrap_or_else(|| panic!("{lines} starts"));
        assert_eq!((failure.status, failure.errno, failure.path), (226, errno, Some(path(at))), "{lines}");
        assert!(failure.origin.is_some(), "{lines}");
    }
}

#[test]
fn the_documented_mode_has_none_of_the_holes() {
    let facts = FakeFacts::debian();
    for (lines, at, faithful, documented) in [
        ("ProtectSystem=strict; NoExecPaths=/srv", "/srv", (false, true), (true, true)),
        ("ProtectSystem=strict; NoExecPaths=/; ExecPaths=/usr", "/usr", (false, false), (true, false)),
        ("ProtectSystem=strict; NoExecPaths=/srv; ReadOnlyPaths=/srv", "/srv", (true, false), (true, true)),
        ("ProtectSystem=strict; ProtectControlGroups=yes", "/run", (false, false), (true, false)),
        ("ProtectKernelTunables=yes", "/sys/kernel", (false, true), (true, true)),
        (
            "ProtectSystem=strict; NoExecPaths=/srv; BindReadOnlyPaths=/srv",
            "/srv",
            (true, true),
            (true, true),
        ),
    ] {
        for (mode, expected) in [(Faithful, faithful), (Documented, documented)] {
            let plan = plan(lines, &facts, mode);
            assert_eq!(plan.failure, None, "{lines}");
            assert_eq!(flags(&plan, &facts, at), expected, "{lines} ({mode:?})");
        }
    }
    let shown = |mode| {
        let plan = plan("TemporaryFileSystem=/srv; ReadOnlyPaths=/srv", &facts, mode);
        View::of(&plan, &facts).mount_at(&path("/srv")).fs_type
    };
    assert_eq!((shown(Faithful), shown(Documented)), ("ext4".to_owned(), "tmpfs".to_owned()));
}

#[test]
fn without_systemd_its_own_mounts_are_made_in_memory_only() {
    let facts = FakeFacts::debian().features(|features| features.booted_with_systemd = false);
    let on_host = plan("ProtectSystem=yes", &facts, Faithful);
    assert!(!paths(&on_host).contains(&"/run/systemd/incoming".to_owned()));
    assert!(on_host.tree.made_on_host().is_empty());
    assert!(on_host.dropped.iter().any(|gone| gone.why == DropReason::WithoutSystemd));
    let in_memory = plan("TemporaryFileSystem=/run", &facts, Faithful);
    assert!(paths(&in_memory).contains(&"/run/systemd/incoming".to_owned()));
}

#[test]
fn a_privileged_command_keeps_the_binds_and_loses_the_rest() {
    let facts = FakeFacts::debian();
    let settings = service(
        "ProtectSystem=strict; BindPaths=/srv:/mnt; ReadWritePaths=/etc; TemporaryFileSystem=/opt; PrivateTmp=yes",
    );
    let run = For { sandboxed: false, ..For::main() };
    let plan = Plan::of(&settings, &facts, &run, Faithful);
    assert_eq!(paths(&plan), ["/etc", "/mnt", "/opt", "/run/credentials", "/run/systemd/incoming"]);
}

#[test]
fn hiding_all_of_run_leaves_systemd_no_place() {
    let facts = FakeFacts::debian();
    for lines in ["InaccessiblePaths=/run", "InaccessiblePaths=-/"] {
        let failure = plan(lines, &facts, Faithful).failure.expect("a failure");
        assert_eq!((failure.status, failure.path), (226, Some(path("/run/systemd/incoming"))));
        assert_eq!(failure.origin.map(|origin| origin.line), Some(3));
        assert_eq!(plan(lines, &facts, Documented).failure, None);
    }
    assert_eq!(plan("TemporaryFileSystem=/run", &facts, Faithful).failure, None);
}

/// Alice's own manager on a machine of hers.
fn alice() -> FakeFacts {
    FakeFacts::debian()
        .user("alice", 1000, 1000)
        .dir("/run/user/1000")
        .dir("/home/alice/.local/state")
        .features(|f| {
            f.privileged = false;
            f.caller = Caller { uid: 1000, gid: 1000, groups: vec![27] };
        })
}

#[test]
fn a_user_managers_units_run_as_its_user_and_have_its_directories() {
    let facts = alice();
    let text = "[Service]\nExecStart=/usr/bin/true\nProtectSystem=strict\nProtectProc=invisible\nStateDirectory=notes\nUser=bob";
    let mut unit = unit("x.service", text);
    unit.manager = Manager::User;
    let (settings, _) = Settings::from_unit(&unit);
    let bases = Bases::user(
        Some(path("/run/user/1000")),
        Some(path("/home/alice/.local/state")),
        Some(path("/home/alice/.cache")),
        Some(path("/home/alice/.config")),
    );
    let plan = Plan::of(&settings, &facts, &For { bases, ..For::main() }, Faithful);
    let proc = plan.mounts.iter().find(|entry| entry.path == path("/proc")).expect("an entry for /proc");
    assert_eq!(proc.outcome, Outcome::AlreadyMountPoint, "an ordinary user gets no new /proc");
    assert!(paths(&plan).contains(&"/home/alice/.local/state/notes".to_owned()));
    assert!(!paths(&plan).contains(&"/run/systemd/incoming".to_owned()));
    assert_eq!(flags(&plan, &facts, "/home/alice/.local/state/notes"), (false, false));
    let who = Credentials::of(&settings, &facts);
    assert_eq!((who.uid, who.groups.as_slice(), who.capabilities), (1000, &[27][..], CapabilitySet::EMPTY));
}

#[test]
fn what_an_ordinary_user_may_not_look_at_does_not_make_a_system_unit_fail() {
    let facts = alice().unreadable("/root/deep", Errno::EACCES);
    let plan = plan("ReadOnlyPaths=/root/deep/er; BindPaths=/root/deep:/srv", &facts, Faithful);
    assert_eq!(plan.failure, None);
}

#[test]
fn edges_are_where_a_person_would_see_a_change() {
    let facts = FakeFacts::debian().dir("/srv/a").mount("/srv/a/m", "tmpfs");
    let plan = plan(
        "ProtectSystem=strict; ProtectHome=yes; BindPaths=/srv/a:/mnt; NoExecPaths=/opt",
        &facts,
        Faithful,
    );
    let view = View::of(&plan, &facts);
    let edges: Vec<String> = view
        .edges()
        .iter()
        .map(|edge| {
            let line = edge.line.map_or("-", |line| &line.directive);
            format!("{} {:?}{} {line}", edge.path, edge.access, if edge.noexec { " noexec" } else { "" })
        })
        .collect();
    assert_eq!(
        edges,
        [
            "/ ReadOnly ProtectSystem",
            "/dev Writable -",
            "/dev/mqueue Writable noexec -",
            "/dev/pts Writable noexec -",
            "/home Hidden noexec ProtectHome",
            "/mnt Writable BindPaths",
            "/opt Writable noexec NoExecPaths",
            "/proc Writable noexec -",
            "/root Hidden noexec ProtectHome",
            "/run/credentials Hidden noexec -",
            "/run/systemd/incoming ReadOnly -",
            "/run/user Hidden noexec ProtectHome",
            "/sys Writable noexec -",
        ]
    );
}
