//! What holds for every unit.

use crate::unit::{service, unit};
use proptest::prelude::*;
use proptest::sample::select;
use ringfence_sandbox::decide::{Credentials, Verdict, decide};
use ringfence_sandbox::facts::MountFlags;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::fix::fixes;
use ringfence_sandbox::plan::{For, Mode, MountMode, Outcome, Plan};
use ringfence_sandbox::view::View;
use ringfence_terms::{AbsPath, Access, AccessKind};

const PATHS: [&str; 22] = [
    "/",
    "/srv",
    "/srv/a",
    "/srv/a/b",
    "/srv/a/b/file",
    "/srv/file",
    "/srv/link",
    "/srv/loop",
    "/srv/up",
    "/srv/sub",
    "/srv/sub/m",
    "/srv/sub/m/in",
    "/nope",
    "/nope/below",
    "/etc",
    "/usr",
    "/bin",
    "/home/alice",
    "/var/lib",
    "/tmp",
    "/run",
    "/proc/sys",
];

const LISTS: [&str; 5] = ["ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths"];

const WORDS: [&str; 32] = [
    "ProtectSystem=yes",
    "ProtectSystem=full",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "ProtectHome=read-only",
    "ProtectHome=tmpfs",
    "PrivateTmp=yes",
    "PrivateTmp=disconnected",
    "PrivateDevices=yes",
    "MountAPIVFS=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectControlGroups=strict",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "ProtectHostname=yes",
    "PrivateNetwork=yes",
    "PrivateIPC=yes",
    "PrivatePIDs=yes",
    "StateDirectory=a a/b",
    "StateDirectory=c:d:ro",
    "DynamicUser=yes",
    "User=www",
    "NoNewPrivileges=yes",
    "RootDirectory=/srv",
    "RootDirectory=/srv/link",
    "RuntimeDirectory=x",
    "SetCredential=a:b",
    "PrivateUsers=yes",
    "CapabilityBoundingSet=CAP_CHOWN",
];

fn machine() -> FakeFacts {
    FakeFacts::debian()
        .user("www", 33, 33)
        .file("/srv/a/b/file")
        .file("/srv/file")
        .symlink("/srv/link", "a/b")
        .symlink("/srv/loop", "/srv/loop")
        .symlink("/srv/up", "../srv/sub/../a")
        .dir("/srv/sub")
        .mount_flags("/srv/sub/m", "tmpfs", MountFlags { noexec: true, ..MountFlags::default() })
        .file("/srv/sub/m/in")
}

fn path() -> impl Strategy<Value = String> {
    (select(&["", "-", "+", "-+"][..]), select(&PATHS[..]))
        .prop_map(|(prefix, path)| format!("{prefix}{path}"))
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (select(&LISTS[..]), path()).prop_map(|(list, path)| format!("{list}={path}")),
        2 => (select(&["BindPaths", "BindReadOnlyPaths"][..]), select(&["", "-"][..]), select(&PATHS[..]), select(&PATHS[..]),
              select(&["", ":norbind"][..]))
            .prop_map(|(list, dash, source, destination, how)| format!("{list}={dash}{source}:{destination}{how}")),
        1 => (select(&PATHS[..]), select(&["", ":ro", ":mode=0700,nosuid", ":bogus"][..]))
            .prop_map(|(path, options)| format!("TemporaryFileSystem={path}{options}")),
        3 => select(&WORDS[..]).prop_map(str::to_owned),
    ]
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(line(), 0..9)
}

fn mode() -> impl Strategy<Value = Mode> {
    select(&[Mode::Faithful, Mode::Documented][..])
}

fn parse(text: &str) -> AbsPath {
    text.parse().expect("a path")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_plan_is_sorted_and_says_why_it_fails(lines in lines(), mode in mode()) {
        let (facts, settings) = (machine(), service(&lines.join("\n")));
        let plan = Plan::of(&settings, &facts, &For::main(), mode);
        prop_assert!(plan.mounts.is_sorted_by(|a, b| a.path <= b.path));
        prop_assert!(!plan.reasons.is_empty() || plan.mounts.is_empty());
        if let Some(failure) = &plan.failure {
            prop_assert!((200..=245).contains(&failure.status) && !failure.why.is_empty());
        } else {
            let reached = plan.mounts.iter().all(|entry| entry.turn != usize::MAX);
            prop_assert!(reached, "an entry was never reached");
        }
        for entry in &plan.mounts {
            let below_inaccessible = plan.mounts.iter().any(|above| {
                above.mode == MountMode::Inaccessible && entry.path.is_below(&above.path)
            });
            prop_assert!(!below_inaccessible, "{} lies below an inaccessible path", entry.path);
            prop_assert!(entry.outcome != Outcome::Missing || entry.optional || plan.failure.is_some());
        }
        prop_assert_eq!(&Plan::of(&settings, &facts, &For::main(), mode), &plan);
    }

    #[test]
    fn of_two_units_with_the_same_lines_in_another_order_the_list_is_the_same(lines in lines()) {
        // The order of lines is promised not to matter but for binds to one place, for which the first counts, and for
        // settings of which the last counts.
        let mut lines: Vec<String> = lines.into_iter().filter(|line| line.contains("Paths=") && !line.starts_with("Bind")).collect();
        let facts = machine();
        let list = |lines: &[String]| {
            let plan = Plan::of(&service(&lines.join("\n")), &facts, &For::main(), Mode::Faithful);
            let entries = plan.mounts.into_iter().map(|entry| (entry.path, entry.mode, entry.flags, entry.outcome));
            (plan.failure.map(|failure| failure.status), entries.collect::<Vec<_>>())
        };
        let forwards = list(&lines);
        lines.reverse();
        let backwards = list(&lines);
        // Whether a path is optional is the survivor's own affair: systemd does not merge it.
        if forwards.0.is_none() && backwards.0.is_none() {
            let paths = |entries: &[(AbsPath, MountMode, _, Outcome)]| {
                entries.iter().map(|(path, mode, flags, _)| (path.clone(), mode.clone(), *flags)).collect::<Vec<_>>()
            };
            prop_assert_eq!(paths(&forwards.1), paths(&backwards.1));
        }
    }

    #[test]
    fn every_access_has_a_verdict_and_edges_cover_the_tree(lines in lines(), mode in mode(), at in select(&PATHS[..])) {
        let (facts, settings) = (machine(), service(&lines.join("\n")));
        let plan = Plan::of(&settings, &facts, &For::main(), mode);
        let view = View::of(&plan, &facts);
        let who = Credentials::of(&settings, &facts);
        for kind in AccessKind::ALL {
            let verdict = decide(&view, &who, &Access { path: parse(at), kind });
            if let Verdict::Denied { because, .. } = &verdict {
                prop_assert!(!because.reason.is_empty());
            }
        }
        let edges = view.edges();
        prop_assert!(edges.first().is_some_and(|edge| edge.path.is_root()));
        prop_assert!(edges.is_sorted_by(|a, b| a.path < b.path));
    }

    #[test]
    fn a_fix_fixes(lines in prop::collection::vec(line(), 0..4), at in select(&PATHS[..]), kind in select(&AccessKind::ALL[..])) {
        let text = format!("[Service]\nExecStart=/usr/bin/true\n{}\n", lines.join("\n"));
        let (unit, facts) = (unit("x.service", &text), machine());
        let access = Access { path: parse(at), kind };
        for fix in fixes(&unit, &facts, &For::main(), Mode::Faithful, &access) {
            prop_assert!(!fix.lines.is_empty() && !fix.why.is_empty());
            let settings = service(&format!("{}\n{}", lines.join("\n"), fix.lines.join("\n")));
            let plan = Plan::of(&settings, &facts, &For::main(), Mode::Faithful);
            let verdict = decide(&View::of(&plan, &facts), &Credentials::of(&settings, &facts), &access);
            let made = verdict.errno().is_some_and(|errno| errno == ringfence_terms::Errno::EEXIST);
            prop_assert!(verdict.is_allowed() || made, "{:?}: {:?}", fix, verdict);
        }
    }
}
