//! `ringfence score` as its users meet it: exit statuses, thresholds, formats, comparisons.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exposure/tests/cases")
}

fn score(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .args(["score", "--quiet", "--color", "never"])
        .args(arguments)
        // Only the cases' own folder is searched, as when the answers were recorded.
        .env("SYSTEMD_UNIT_PATH", "")
        .current_dir(cases())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn thresholds_count_as_in_the_real_tool() {
    let truth: Value =
        serde_json::from_slice(&std::fs::read(cases().join("expected.json")).unwrap()).unwrap();
    let mut runs = 0;
    for (run, truth) in truth["threshold_runs"].as_object().unwrap() {
        let (unit, threshold) = run.split_once(' ').unwrap();
        let threshold = format!("--threshold={threshold}");
        let output = score(&["--mode", "offline", &threshold, &format!("./{unit}")]);
        let exit = output.status.code().unwrap();
        let expected = truth["exit"].as_i64().unwrap();
        if truth["loads"].as_bool().unwrap() {
            assert_eq!(i64::from(exit), expected, "{run}");
        } else {
            // A threshold that is no number from 0 to 100 is a mistake in usage: 2 here, 1 in the real tool.
            assert_eq!(exit, 2, "{run}");
        }
        runs += 1;
    }
    assert_eq!(runs, 36);
}

#[test]
fn json_has_the_documented_keys_and_one_decimal() {
    let output = score(&["--mode", "offline", "--format", "json", "./plain.service"]);
    let text = text(&output);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 1);
    let unit = &document["units"][0];
    assert_eq!(unit["unit"], "plain.service");
    assert_eq!(unit["rating"], "UNSAFE");
    assert!(text.contains("\"overall\": 9.4,"), "{text}");
    let checks = unit["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 81);
    assert_eq!(checks[0]["id"], "UserOrDynamicUser");
    assert_eq!(checks[0]["set"], false);
    assert_eq!(checks[1]["set"], Value::Null);
}

#[test]
fn one_unit_says_what_closes_what_is_open() {
    let output = score(&["--mode", "offline", "./plain.service"]);
    let page = text(&output);
    assert!(page.starts_with("plain.service  9.4 UNSAFE\n"), "{page}");
    assert!(page.contains(
        "✗  0.5  PrivateNetwork=yes\n        The service can talk to every network that the machine can\n"
    ));
    // A line to paste into a unit is never broken.
    assert!(page.lines().all(|line| line.starts_with('✗') || line.chars().count() <= 80), "{page}");
    let all = text(&score(&["--mode", "offline", "--all", "./plain.service"]));
    assert!(all.lines().count() > page.lines().count());
}

#[test]
fn a_drop_in_can_be_tried_and_compared() {
    let directory = tempfile::tempdir().unwrap();
    let drop_in = directory.path().join("50-x.conf");
    std::fs::write(&drop_in, "[Service]\nPrivateNetwork=yes\n").unwrap();
    let drop_in = drop_in.to_str().unwrap();
    let tried = text(&score(&["--mode", "offline", "--with", drop_in, "./plain.service"]));
    assert!(tried.starts_with("plain.service  9.0 UNSAFE\n"), "{tried}");
    let compared = text(&score(&["--mode", "offline", "--compare", "./plain.service", drop_in]));
    assert_eq!(compared, "plain.service  9.4 UNSAFE → 9.0 UNSAFE\n  −  0.5 →    –  PrivateNetwork=\n");
}

#[test]
fn prometheus_gets_a_line_for_each_unit_and_open_check() {
    let output = text(&score(&["--mode", "offline", "--format", "prometheus", "./plain.service"]));
    assert!(output.contains(
        "# TYPE ringfence_unit_exposure gauge\nringfence_unit_exposure{unit=\"plain.service\"} 9.4\n"
    ));
    assert!(
        output
            .contains("ringfence_unit_check_exposure{unit=\"plain.service\",check=\"PrivateNetwork\"} 0.5\n")
    );
}

#[test]
fn a_users_own_service_is_scored_by_what_applies_to_it() {
    let output = score(&["--user", "--format", "json", "./plain.service"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = document["units"][0]["checks"].as_array().unwrap();
    let user = checks.iter().find(|check| check["id"] == "UserOrDynamicUser").unwrap();
    assert_eq!(user["set"], true);
    assert_eq!(user["differs_from_systemd"], "a user's own service runs as that user, never as root");
}

#[test]
fn what_cannot_be_scored_is_said_and_the_rest_still_is() {
    let output = score(&["--mode", "offline", "./refused-empty.service", "./plain.service"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).starts_with("plain.service  9.4"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("refused-empty.service cannot be scored: it is masked"), "{error}");
    assert_eq!(score(&["./nothing.service"]).status.code(), Some(2));
    assert_eq!(score(&["--policy", "policies/garbage.json", "./plain.service"]).status.code(), Some(2));
}
