//! The corpus of failing services in a real systemd: each fails as it says, `ringfence diagnose` names the cause there, and
//! with the first fix as a drop-in the service starts.
//!
//! Needs root, and a lab (`lab/systemd-lab`). The ignored test `record` writes the corpus's journals anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../diagnose/tests/truth/mod.rs"]
mod truth;

use ringfence_agreement::Machine;
use serde_json::Value;
use std::fmt::Write;
use truth::Truth;

fn lab(purpose: &str) -> Option<Machine> {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return None;
    }
    Some(Machine::lab(&format!("diagnose-{purpose}-{}", std::process::id()), None).unwrap())
}

/// The shell commands that make what a case needs.
fn make(case: &Truth) -> String {
    let mut script = String::new();
    for line in case.all("Make") {
        let words: Vec<&str> = line.split(' ').collect();
        let at = words[1];
        let command = match words[..] {
            ["dir", _] => format!("mkdir -p {at}"),
            ["file", ..] => format!("echo content > {at}; chmod {} {at}", words.get(2).unwrap_or(&"0644")),
            ["script", _, interpreter, ..] => {
                let mode = words.get(3).unwrap_or(&"0755");
                format!("printf '#!{interpreter}\\nexit 0\\n' > {at}; chmod {mode} {at}")
            }
            ["copy", _, source] => format!("cp {source} {at}"),
            ["device", _] => format!("mknod {at} c 1 3"),
            _ => panic!("{}: {line:?} is nothing that can be made", case.unit),
        };
        let _ = writeln!(script, "mkdir -p $(dirname {at}); test -e {at} || {{ {command}; }}");
    }
    script
}

/// Starts all services; the names of those that started.
fn start(machine: &Machine, cases: &[Truth]) -> Vec<String> {
    let mut script = String::from("systemctl daemon-reload\n");
    for case in cases {
        let unit = &case.unit;
        let _ = writeln!(
            script,
            "systemctl reset-failed {unit} 2>/dev/null; systemctl start {unit} 2>/dev/null </dev/null && echo {unit}; \
             systemctl stop {unit} 2>/dev/null"
        );
    }
    script += "journalctl --sync\n";
    machine.shell(&script).unwrap().lines().map(str::to_owned).collect()
}

fn install(machine: &Machine, cases: &[Truth]) {
    // Debian's own nginx would hold the port.
    let mut script = String::from("set -eu; systemctl log-target journal; systemctl stop nginx\n");
    for case in cases {
        let path = format!("/run/systemd/system/{}", case.unit);
        let _ = writeln!(script, "{}cat > {path} <<'END OF UNIT'\n{}\nEND OF UNIT", make(case), case.text);
    }
    machine.shell(&script).unwrap();
}

/// Whether a diagnosis is the truth; a system call's name is only in the kernel's log, which a lab does not have.
fn is_true(case: &Truth, document: &Value) -> bool {
    let findings = document["findings"].as_array().unwrap();
    match (case.cause(), &findings[..]) {
        (None, []) => true,
        (Some(cause), [finding]) => {
            let detail = case.one("Detail").filter(|_| case.one("KernelRecord").is_none());
            finding["cause"] == *cause
                && finding["path"].as_str() == case.one("Path")
                && (detail.is_none() || finding["detail"].as_str() == detail)
        }
        _ => false,
    }
}

#[test]
fn the_first_fix_makes_each_service_work() {
    let Some(machine) = lab("loop") else { return };
    machine.write("/run/ringfence", "755", &std::fs::read(env!("CARGO_BIN_EXE_ringfence")).unwrap()).unwrap();
    let cases = truth::all();
    install(&machine, &cases);
    let started = start(&machine, &cases);
    let mut report = String::new();
    let mut fixed = Vec::new();
    for case in cases {
        if case.cause().is_some() && started.contains(&case.unit) {
            let _ = writeln!(report, "{} does not fail", case.unit);
        }
        let arguments = ["diagnose", &case.unit, "--format", "json"];
        let output = machine.command("/run/ringfence").args(arguments).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if document.is_null() || !is_true(&case, &document) {
            let _ =
                writeln!(report, "{}: {}\n{document:#}", case.unit, String::from_utf8_lossy(&output.stderr));
            continue;
        }
        if case.one("FirstFixWorks") != Some("yes") || case.one("KernelRecord").is_some() {
            continue;
        }
        let lines = document["findings"][0]["fixes"][0]["lines"].as_array();
        let Some(lines) = lines else {
            let _ = writeln!(report, "{} has no fix", case.unit);
            continue;
        };
        let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
        let path = format!("/run/systemd/system/{}.d/fix.conf", case.unit);
        machine.write(&path, "644", format!("[Service]\n{}\n", lines.join("\n")).as_bytes()).unwrap();
        fixed.push((case, lines.join("\n")));
    }
    let (cases, lines): (Vec<Truth>, Vec<String>) = fixed.into_iter().unzip();
    let works = start(&machine, &cases);
    for (case, lines) in cases.iter().zip(&lines) {
        if !works.contains(&case.unit) {
            let log = machine.shell(&format!("journalctl -q -o cat -n 8 -u {}", case.unit)).unwrap();
            let _ = writeln!(report, "{} does not work with\n{lines}\n{log}", case.unit);
        }
    }
    assert!(report.is_empty(), "{report}");
    println!("{} services work with their first fix", works.len());
}

#[test]
#[ignore = "writes the journals of the corpus anew"]
fn record() {
    let Some(machine) = lab("record") else { return };
    let cases = truth::all();
    install(&machine, &cases);
    start(&machine, &cases);
    for case in &cases {
        let unit = &case.unit;
        // The matches of `ringfence diagnose`, and of the fields only those that it reads.
        let mut journal = machine
            .shell(&format!(
                "journalctl -b -q -o json --output-fields=MESSAGE,UNIT,_SYSTEMD_UNIT UNIT={unit} _UID=0 + _SYSTEMD_UNIT={unit}"
            ))
            .unwrap();
        if let Some(text) = case.one("KernelRecord") {
            let kernel = Machine::Host.shell("dmesg").unwrap();
            let record = |line: &&str| line.contains("type=1326") && line.contains(text);
            let record = kernel.lines().rfind(record).unwrap();
            let message = record.split_once("] ").map_or(record, |(_, message)| message);
            let _ =
                writeln!(journal, "{}", serde_json::json!({ "MESSAGE": message, "_TRANSPORT": "kernel" }));
        }
        let lines: String = journal.lines().map(|line| format!("{}\n", without_machine(line))).collect();
        std::fs::write(truth::directory().join(unit.replace(".service", ".json")), lines).unwrap();
    }
}

/// An entry without what only says when and where it was recorded.
fn without_machine(line: &str) -> Value {
    let mut entry: Value = serde_json::from_str(line).unwrap();
    let fields = entry.as_object_mut().unwrap();
    fields.retain(|name, _| ["MESSAGE", "UNIT", "_SYSTEMD_UNIT", "_TRANSPORT"].contains(&name.as_str()));
    entry
}
