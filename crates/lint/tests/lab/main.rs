//! What lints claim of systemd, shown by a real one: each claim is a unit that runs a script, which ends well when the
//! claim holds.

mod claims;
mod user_manager;

use claims::{CLAIMS, Claim, Ends};
use ringfence_agreement::Machine;
use ringfence_lint::{LINTS, find};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A lab with a systemd, unless this machine cannot have one.
fn lab(name: &str) -> Option<Machine> {
    let machine = match rustix::process::geteuid().is_root() {
        true => Machine::lab(&format!("lint-{name}-{}", std::process::id()), None).map_err(|e| e.to_string()),
        false => Err("needs root".to_owned()),
    };
    machine
        .inspect_err(|why| {
            eprintln!("SKIP: no lab with a systemd: {why}");
            assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        })
        .ok()
}

/// How one unit ended: its `systemctl show` properties, and what was logged.
type Shown = BTreeMap<String, String>;

fn unit_name(claim: &Claim, number: usize) -> String {
    format!("claim-{}-{number}.service", claim.code.to_lowercase())
}

/// Runs all units and asks how they ended.
fn run(machine: &Machine) -> Vec<Shown> {
    let mut script = String::from(
        "set -eu; systemctl log-target journal\nmkdir -p /srv/app /data; echo data > /data/file\n",
    );
    for (number, claim) in CLAIMS.iter().enumerate() {
        let path = format!("/run/systemd/system/{}", unit_name(claim, number));
        let _ = writeln!(script, "cat > {path} <<'END OF UNIT'\n{}\nEND OF UNIT", claim.unit());
    }
    script += "systemctl daemon-reload\n";
    for (number, claim) in CLAIMS.iter().enumerate() {
        let (before, after) = claim.around;
        let _ = writeln!(script, "{before}\nsystemctl start {} || true\n{after}", unit_name(claim, number));
    }
    script += "journalctl --sync\n";
    for (number, claim) in CLAIMS.iter().enumerate() {
        let unit = unit_name(claim, number);
        let _ = writeln!(
            script,
            "printf '\\001'; systemctl show -p LoadState -p Result -p ExecMainStatus {unit}; \
             printf 'Log='; journalctl -q -o cat UNIT={unit} _SYSTEMD_UNIT={unit} + _SYSTEMD_UNIT={unit} + UNIT={unit} | tr '\\n' ' '"
        );
    }
    let printed = machine.shell(&script).expect("the script runs");
    let units = printed.split('\u{1}').skip(1);
    let fields = |text: &str| text.lines().filter_map(|l| l.split_once('=')).map(own).collect();
    units.map(fields).collect()
}

fn own((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn systemd_behaves_as_the_lints_say() {
    let Some(machine) = lab("claims") else { return };
    let shown = run(&machine);
    assert_eq!(shown.len(), CLAIMS.len());
    let mut report = String::new();
    for (claim, shown) in CLAIMS.iter().zip(&shown) {
        let is = |key: &str, value: &str| shown.get(key).is_some_and(|known| known == value);
        let holds = match claim.ends {
            Ends::Well => is("Result", "success") && is("ExecMainStatus", "0") && is("LoadState", "loaded"),
            Ends::With(status) => is("ExecMainStatus", &status.to_string()),
            Ends::Result(result) => is("Result", result),
            Ends::NotLoaded => is("LoadState", "bad-setting"),
            Ends::Logs(text) => shown.get("Log").is_some_and(|log| log.contains(text)),
        };
        if !holds {
            let _ = writeln!(report, "{} ({}): {shown:?}\n{}", claim.code, claim.about, claim.unit());
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn every_lint_has_its_evidence() {
    // RF214 has a test of its own. What cannot be shown by running a unit: the words of a file, other versions, other machines, custom.
    let by_reading = [
        "RF005", "RF006", "RF011", "RF103", "RF104", "RF107", "RF214", "RF306", "RF313", "RF314", "RF401",
        "RF403", "RF406",
    ];
    let mut report = String::new();
    for lint in LINTS {
        let shown = !lint.shown_by.is_empty() || CLAIMS.iter().any(|claim| claim.code == lint.code);
        if shown == by_reading.contains(&lint.code) && lint.shown_by.is_empty() {
            let _ = writeln!(report, "{lint:?}");
        }
    }
    assert!(
        report.is_empty(),
        "without a recorded case or a claim, or with one in spite of the list:\n{report}"
    );
    for claim in CLAIMS {
        assert!(find(claim.code).is_some(), "there is no lint {}", claim.code);
    }
}
