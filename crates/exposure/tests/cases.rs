//! Every case that the real tool (systemd 257.13, `--offline=yes`) was asked about, with its answer.
//!
//! `cases/expected.json` holds the answers: per unit the overall number and, for each of the 81 checks, `set`, `exposure`
//! and `badness`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ringfence_exposure::{Mode, Policy, Score, Subject, assess, checks};
use ringfence_seccomp::Machine;
use ringfence_settings::Settings;
use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
use ringfence_unit::{LoadState, Manager, UnitName};
use serde_json::{Value, json};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

fn tree() -> UnitTree {
    let environment = Environment::of_process();
    UnitTree::open(SearchPath::of_dirs(Root::system(), Manager::System, [folder()]), environment)
}

/// A unit's score as the real tool writes it down; an error says why there is none.
fn score(tree: &UnitTree, file: &str, policy: &Policy) -> Result<Score, String> {
    let mut name = UnitName::parse(file).unwrap();
    if name.is_template() {
        name = name.with_instance("test_instance").unwrap();
    }
    let unit = tree.load(&name);
    if unit.state != LoadState::Loaded {
        return Err(format!("{:?}", unit.state));
    }
    let (settings, _) = Settings::from_unit(&unit);
    if let Some(refused) = settings.refused.first() {
        return Err(refused.why.clone());
    }
    let subject = Subject { settings: &settings, mode: Mode::Offline, machine: Machine::X86_64 };
    assess(&subject, policy).map_err(|e| e.to_string())
}

fn difference(score: &Score, truth: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut differ = |what: &str, ours: Value, theirs: &Value| {
        if ours != *theirs {
            all.push(format!("{what}: ringfence {ours}, systemd {theirs}"));
        }
    };
    differ("id", json!(score.unit.as_str()), &truth["id"]);
    differ("overall", json!(score.overall.to_string()), &truth["overall"]);
    differ("predicate", json!(score.rating().word()), &truth["predicate"]);
    for (n, one) in score.assessments.iter().enumerate() {
        let id = one.check.id;
        differ(&format!("{id} set"), json!(one.set()), &truth["set"][n]);
        differ(&format!("{id} badness"), json!(one.badness), &truth["badness"][n]);
        differ(&format!("{id} exposure"), json!(one.exposure.map(|e| e.to_string())), &truth["exposure"][n]);
    }
    all
}

/// Compares all and says every difference at once.
fn check(runs: impl Iterator<Item = (String, Result<Score, String>, Value)>) -> usize {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, ours, truth) in runs {
        count += 1;
        match (ours, truth["loads"].as_bool().unwrap()) {
            (Ok(score), true) => {
                wrong.extend(difference(&score, &truth).into_iter().map(|d| format!("{name}: {d}")))
            }
            (Err(_), false) => {}
            (Ok(_), false) => wrong.push(format!("{name}: systemd refuses it ({})", truth["why"])),
            (Err(why), true) => wrong.push(format!("{name}: systemd scores it, we refuse: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    count
}

#[test]
fn the_fields_are_in_systemds_order() {
    let fields: Vec<String> = serde_json::from_value(expected()["fields"].clone()).unwrap();
    assert_eq!(fields, checks().map(|c| c.id).collect::<Vec<_>>());
}

#[test]
fn every_case_scores_as_the_real_tool_scores_it() {
    let (tree, truth) = (tree(), expected());
    let cases = truth["cases"].as_object().unwrap();
    let runs = cases
        .iter()
        .map(|(file, truth)| (file.clone(), score(&tree, file, &Policy::default()), truth.clone()));
    assert_eq!(check(runs), 437);
}

#[test]
fn every_policy_counts_as_in_the_real_tool() {
    let (tree, truth) = (tree(), expected());
    let runs = truth["policy_runs"].as_object().unwrap().iter().map(|(run, truth)| {
        let (unit, policy) = run.split_once(' ').unwrap();
        let score = std::fs::read_to_string(folder().join(policy))
            .map_err(|e| e.to_string())
            .and_then(|text| Policy::parse(&text).map_err(|e| e.to_string()))
            .and_then(|policy| score(&tree, unit, &policy));
        (run.clone(), score, truth.clone())
    });
    assert_eq!(check(runs), 47);
}
