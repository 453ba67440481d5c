//! Each lint that claims a behaviour of systemd finds it in the recorded cases that show it, and no lint of the traps
//! finds anything in the cases that show the cure.

#[path = "../../sandbox/tests/sandbox/machine.rs"]
mod machine;

use ringfence_agreement::{Case, Facts as Recorded, cases_dir};
use ringfence_lint::{Finding, LINTS, Subject, check};
use ringfence_terms::Severity;
use ringfence_unit::text::UnitText;
use ringfence_unit::{Assignment, LoadState, Manager, Specifiers, Unit, UnitName};
use std::collections::BTreeMap;
use std::path::Path;

/// The codes of what is found in a recorded case's unit, on the machine that it was recorded on.
fn codes(name: &str, case: &Case, recorded: &Recorded) -> Vec<&'static str> {
    findings(name, case, recorded).iter().map(|finding| finding.lint.code).collect()
}

fn findings(name: &str, case: &Case, recorded: &Recorded) -> Vec<Finding> {
    let unit_name = UnitName::parse(&format!("{name}.service")).expect("a case's name");
    let lines = format!("{}\nExecStart=/agreement/probe\nType=oneshot\n", case.unit.join("\n"));
    let file = Path::new("/etc/systemd/system").join(unit_name.as_str());
    let text = UnitText::parse(file.as_path(), lines.into_bytes());
    let unit = Unit {
        name: unit_name.clone(),
        id: unit_name.clone(),
        aliases: Vec::new(),
        manager: Manager::System,
        state: LoadState::Loaded,
        fragment: Some(text.file().clone()),
        drop_ins: Vec::new(),
        assignments: text
            .assignments()
            .map(|a| Assignment { section: a.section.clone(), origin: a.origin.clone() })
            .collect(),
        complaints: text.complaints().to_vec(),
        specifiers: Specifiers::of_name(&unit_name),
    };
    let probe = "/agreement/probe";
    let facts = machine::of(case, recorded).file(probe).owned(probe, 0, 0, 0o755);
    let texts = [text];
    check(&Subject::new(&unit, &texts, &facts, true, 257))
}

#[test]
fn every_behaviour_that_is_claimed_is_found_where_it_was_recorded() {
    let recorded = Recorded::load().expect("the machine");
    let cases: BTreeMap<String, Case> = Case::all(&cases_dir()).expect("the cases").into_iter().collect();
    let mut report = String::new();
    for lint in LINTS {
        for name in lint.shown_by {
            let Some(case) = cases.get(*name) else {
                report += &format!("{lint:?}: there is no case {name}\n");
                continue;
            };
            let found = codes(name, case, &recorded);
            if !found.contains(&lint.code) {
                report += &format!("{lint:?} is silent on {name}, where {found:?} is found\n");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn the_traps_are_silent_on_their_cures() {
    let recorded = Recorded::load().expect("the machine");
    let mut report = String::new();
    for (name, case) in Case::all(&cases_dir()).expect("the cases") {
        let cure = ["cure", "row-38-", "row-39-", "row-08-", "row-20-", "row-25-"];
        if cure.iter().any(|word| name.contains(word)) {
            let traps: Vec<_> = codes(&name, &case, &recorded)
                .into_iter()
                .filter(|code| code.starts_with("RF2"))
                // These cases are about `ProtectSystem=strict` alone.
                .filter(|code| *code != "RF210")
                .collect();
            if !traps.is_empty() {
                report += &format!("{name}: {traps:?}\n");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn errors_are_found_exactly_where_systemd_does_not_start_the_unit() {
    let recorded = Recorded::load().expect("the machine");
    let mut report = String::new();
    for (name, case) in Case::all(&cases_dir()).expect("the cases") {
        let Some(expect) = &case.expect else { continue };
        let set_up_fails = (200..=245).contains(&expect.status);
        let errors: Vec<String> = findings(&name, &case, &recorded)
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| format!("{} {}", finding.lint.code, finding.message))
            .collect();
        if set_up_fails == errors.is_empty() {
            report += &format!("{name}: status {}, {errors:?}\n", expect.status);
        }
    }
    assert!(report.is_empty(), "{report}");
}
