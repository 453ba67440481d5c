//! The plan and its view against what a real systemd made of the same units.

use crate::machine::{self, flags_of};
use crate::unit;
use ringfence_agreement::{Case, Facts as Recorded, cases_dir};
use ringfence_sandbox::decide::{Credentials, Verdict, decide};
use ringfence_sandbox::facts::MountFlags;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_settings::{ProtectControlGroups, Settings};
use ringfence_terms::{AbsPath, Access, AccessKind};
use std::collections::BTreeMap;
use std::fmt::Write;

fn plan(name: &str, case: &Case, facts: &FakeFacts) -> (Settings, Plan) {
    let text = format!("{}\nExecStart=/agreement/probe\nType=oneshot\n", case.unit.join("\n"));
    let settings = unit::named(&format!("{name}.service"), &text);
    let own = match settings.sandbox.protect_control_groups.value {
        ProtectControlGroups::Strict => "".to_owned(),
        _ => format!("/system.slice/{name}.service"),
    };
    let memory_pressure = format!("/sys/fs/cgroup{own}/memory.pressure").parse().ok();
    let run = For { memory_pressure, ..For::main() };
    let plan = Plan::of(&settings, facts, &run, Mode::Faithful);
    (settings, plan)
}

/// Mount point, type and flags, as the recorded tables tell them. The type of what shows a new directory of the host's
/// is not part of the plan.
fn table(view: &View<'_>) -> BTreeMap<String, (String, MountFlags)> {
    view.mounts().into_iter().map(|m| (m.point.to_string(), (m.fs_type.clone(), m.flags))).collect()
}

fn recorded_table(lines: &[String]) -> BTreeMap<String, (String, MountFlags)> {
    let row = |line: &String| {
        let words: Vec<&str> = line.split(' ').collect();
        (words[0].to_owned(), (words[1].to_owned(), flags_of(Some(words[2]))))
    };
    lines.iter().map(row).collect()
}

#[test]
fn the_mount_table_is_systemds() {
    let recorded = Recorded::load().expect("the machine");
    let mut report = String::new();
    let mut compared = 0;
    for (name, case) in Case::all(&cases_dir()).expect("the cases") {
        let Some(expect) = &case.expect else { continue };
        let facts = machine::of(&case, &recorded);
        let (_, plan) = plan(&name, &case, &facts);
        let predicted = plan.failure.as_ref().map_or(0, |f| i32::from(f.status));
        if predicted != expect.status && (predicted != 0 || matches!(expect.status, 226 | 233 | 238..=241)) {
            let _ = writeln!(
                report,
                "{name}: status {predicted}, systemd {}: {:?} {:?}",
                expect.status, plan.failure, expect.log
            );
            continue;
        }
        let Some(lines) = &expect.mounts else { continue };
        compared += 1;
        let ours = table(&View::of(&plan, &facts));
        let theirs = recorded_table(lines);
        for point in ours.keys().chain(theirs.keys().filter(|p| !ours.contains_key(*p))) {
            let (our, their) = (ours.get(point), theirs.get(point));
            let same = match (our, their) {
                (Some((fs, flags)), Some((their_fs, their_flags))) => {
                    flags == their_flags && (fs.is_empty() || fs == their_fs)
                }
                _ => false,
            };
            // What systemd keeps for itself below /run/systemd shows in a bind of /run.
            let own = ["mount-rootfs", "unit-private-tmp", "systemd-journald.service"];
            if !same && !own.iter().any(|name| point.contains(name)) {
                let _ = writeln!(report, "{name}: {point}: {our:?}, systemd {their:?}");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(compared > 100, "only {compared} cases have a mount table");
}

/// Opening a socket fails for everybody, and a terminal that is not there for those who have none: neither is a matter
/// of the sandbox.
fn open_errors_aside(ending: &str) -> &str {
    if ending == "ENXIO" { "ok" } else { ending }
}

#[test]
fn the_verdicts_are_what_happened() {
    let recorded = Recorded::load().expect("the machine");
    let mut report = String::new();
    let (mut same, mut undecidable) = (0, 0);
    for (name, case) in Case::all(&cases_dir()).expect("the cases") {
        let Some(expect) = case.expect.as_ref().filter(|expect| expect.result == "success") else { continue };
        let facts = machine::of(&case, &recorded);
        let (settings, plan) = plan(&name, &case, &facts);
        let who = Credentials::of(&settings, &facts);
        let view = View::of(&plan, &facts);
        for (path, tried) in &expect.whole(&recorded).tried {
            for (kind, (_, ending)) in AccessKind::ALL.into_iter().zip(tried.endings.each()) {
                let Ok(parsed) = path.parse::<AbsPath>() else { continue }; // it has a `..`
                if parsed.as_bytes() != path.as_bytes() {
                    continue; // a trailing slash means more than the path
                }
                let access = Access { path: parsed, kind };
                let verdict = decide(&view, &who, &access);
                if ending == "ETXTBSY" {
                    continue; // the probe tries to write to itself
                }
                let ours = match &verdict {
                    Verdict::Allowed(_) => "ok".to_owned(),
                    Verdict::Denied { errno, .. } => errno.to_string(),
                    Verdict::Undecidable(_) => {
                        undecidable += 1;
                        continue;
                    }
                };
                if ours == open_errors_aside(ending) {
                    same += 1;
                } else {
                    let _ = writeln!(
                        report,
                        "{name}: {kind} {path}: {ours}, systemd {ending}: {:?}",
                        verdict.because().map(|b| &b.reason)
                    );
                }
            }
        }
    }
    assert!(report.is_empty(), "{} differences\n{report}", report.lines().count());
    assert!(undecidable * 20 < same, "{undecidable} undecidable, {same} decided");
}
