//! `ringfence score` against the real tool, both in one machine: every service that Debian ships, in both modes.
//!
//! Needs root, and a lab (`lab/systemd-lab`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ringfence_agreement::Machine;
use serde_json::Value;
use std::collections::BTreeMap;

/// Prints, for each unit, a line with its name, the overall exposure, and the checks as JSON.
const ASK: &str = r#"
ask() { # LABEL ARGUMENTS...
    label=$1; shift
    checks=$(systemd-analyze security --json=short "$@" 2>/dev/null) || return 0
    overall=$(LC_ALL=C.UTF-8 SYSTEMD_COLORS=0 systemd-analyze security "$@" 2>/dev/null | sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p')
    printf '%s\t%s\t%s\n' "$label" "$overall" "$checks"
}
case $MODE in
offline) for f in /usr/lib/systemd/system/*.service; do ask "$f" --offline=yes "$f"; done ;;
manager) for u in $(systemctl list-units --all --type=service --plain --no-legend | awk '$2 == "loaded" { print $1 }'); do ask "$u" "$u"; done ;;
esac
"#;

/// Overall and each check's `set` and `exposure`.
type Answer = (String, BTreeMap<String, (Value, Value)>);

fn the_real_tool(machine: &Machine, mode: &str) -> BTreeMap<String, Answer> {
    let output = machine.shell(&format!("MODE={mode}\n{ASK}")).unwrap();
    output
        .lines()
        .map(|line| {
            let mut parts = line.splitn(3, '\t');
            let (unit, overall, checks) =
                (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
            let rows: Vec<Value> = serde_json::from_str(checks).unwrap();
            let checks = rows
                .into_iter()
                .map(|row| {
                    (
                        row["json_field"].as_str().unwrap().to_owned(),
                        (row["set"].clone(), row["exposure"].clone()),
                    )
                })
                .collect();
            (unit.to_owned(), (overall.to_owned(), checks))
        })
        .collect()
}

fn ours(machine: &Machine, mode: &str, units: &[&String]) -> Vec<Answer> {
    let mut arguments = vec!["score", "--format", "json", "--quiet", "--mode", mode];
    arguments.extend(units.iter().map(|u| u.as_str()));
    let output = machine.feed("/run/ringfence", &arguments, b"").unwrap();
    let document: Value = serde_json::from_slice(&output).unwrap();
    document["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| {
            let checks = unit["checks"].as_array().unwrap().iter().map(|check| {
                // systemd writes an exposure as text.
                let exposure = match &check["exposure"] {
                    Value::Null => Value::Null,
                    number => Value::String(format!("{:.1}", number.as_f64().unwrap())),
                };
                (check["id"].as_str().unwrap().to_owned(), (check["set"].clone(), exposure))
            });
            (format!("{:.1}", unit["overall"].as_f64().unwrap()), checks.collect())
        })
        .collect()
}

#[test]
fn every_service_of_debian_scores_as_the_real_tool_scores_it() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return;
    }
    let machine = Machine::lab(&format!("score-{}", std::process::id()), None).unwrap();
    machine.write("/run/ringfence", "755", &std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap()).unwrap();
    for (mode, least) in [("offline", 80), ("manager", 20)] {
        let theirs = the_real_tool(&machine, mode);
        assert!(theirs.len() >= least, "only {} units were scored in mode {mode}", theirs.len());
        let units: Vec<&String> = theirs.keys().collect();
        let ours = ours(&machine, mode, &units);
        assert_eq!(ours.len(), units.len());
        let wrong: Vec<String> = theirs
            .iter()
            .zip(&ours)
            .filter(|((_, theirs), ours)| theirs != ours)
            .map(|((unit, theirs), ours)| {
                let checks = theirs.1.iter().filter(|(id, answer)| ours.1.get(*id) != Some(answer));
                let checks: Vec<String> = checks
                    .map(|(id, answer)| format!("{id}: {answer:?}, ours {:?}", ours.1.get(id)))
                    .collect();
                format!("{unit}: {} ours {}: {}", theirs.0, ours.0, checks.join("; "))
            })
            .collect();
        assert!(wrong.is_empty(), "{mode}: {} of {} differ:\n{}", wrong.len(), units.len(), wrong.join("\n"));
        println!("{mode}: {} units agree", units.len());
    }
}
