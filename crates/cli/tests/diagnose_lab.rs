//! The corpus of failing services in a real systemd: each fails as it says, `ringfence diagnose` names the cause there, and
//! with the first fix as a drop-in the service starts.
//!
//! Needs root, a lab (`lab/systemd-lab`), and compilers for C and Rust. Node, Java, Go and the C library's translations are
//! in the root that `lab/languages-root` makes; without it their cases are named and left out. The ignored test `record`
//! writes the corpus's journals anew; with `RINGFENCE_RECORD=WORD` only those of cases with the word in their name.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../diagnose/tests/truth/mod.rs"]
mod truth;

use base64::Engine;
use ringfence_agreement::Machine;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use truth::Truth;

fn lab(purpose: &str) -> Option<Machine> {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP: a lab needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
        return None;
    }
    let languages = languages_root();
    let root = languages.is_dir().then_some(languages.as_path());
    Some(Machine::lab(&format!("diagnose-{purpose}-{}", std::process::id()), root).unwrap())
}

fn languages_root() -> PathBuf {
    std::env::var_os("RINGFENCE_LANGUAGES_ROOT")
        .map_or_else(|| PathBuf::from("/var/cache/ringfence/languages-root"), PathBuf::from)
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
            ["source" | "build", _, _] => continue,
            ["device", _] => format!("mknod {at} c 1 3"),
            _ => panic!("{}: {line:?} is nothing that can be made", case.unit),
        };
        let _ = writeln!(script, "mkdir -p $(dirname {at}); test -e {at} || {{ {command}; }}");
    }
    script
}

/// Brings the programs of the corpus into the lab: as they stand, or compiled, each once.
fn bring_programs(machine: &Machine, cases: &[Truth]) {
    let wanted: BTreeSet<&str> = cases.iter().flat_map(|case| case.all("Make")).collect();
    let directory = tempfile::tempdir().unwrap();
    for line in wanted {
        let words: Vec<&str> = line.split(' ').collect();
        let (at, source) = match words[..] {
            ["source" | "build", at, source] => (at, truth::directory().join("programs").join(source)),
            _ => continue,
        };
        let content = if words[0] == "build" {
            built(machine, &source, directory.path())
        } else {
            std::fs::read(&source).unwrap()
        };
        machine.write(at, "755", &content).unwrap();
    }
}

/// A program for the lab: static, as its libraries need not be this machine's. Go is compiled in the lab, which has it.
fn built(machine: &Machine, source: &Path, directory: &Path) -> Vec<u8> {
    let program = directory.join("program");
    let mut compiler = match source.extension().and_then(|e| e.to_str()) {
        Some("c") => Command::new("cc"),
        Some("rs") => Command::new("rustc"),
        Some("go") => {
            machine.write("/opt/source.go", "644", &std::fs::read(source).unwrap()).unwrap();
            let build = "cd /opt && HOME=/opt CGO_ENABLED=0 go build -o /opt/program source.go && base64 /opt/program";
            let encoded = machine.shell(build).unwrap();
            return base64::engine::general_purpose::STANDARD.decode(encoded.replace('\n', "")).unwrap();
        }
        _ => panic!("{} is in no language that is compiled here", source.display()),
    };
    if source.extension().is_some_and(|e| e == "rs") {
        compiler.args(["--edition=2021", "-O", "-C", "target-feature=+crt-static"]);
    } else {
        compiler.arg("-static");
    }
    // By its bare name, so that no panic tells where this machine keeps the corpus.
    let (place, name) = (source.parent().unwrap(), source.file_name().unwrap());
    assert!(
        compiler.current_dir(place).arg("-o").arg(&program).arg(name).status().unwrap().success(),
        "{}",
        source.display()
    );
    std::fs::read(program).unwrap()
}

/// The cases whose programs the lab has; the others are named.
fn runnable(machine: &Machine) -> Vec<Truth> {
    let has =
        |path: &str| machine.shell(&format!("test -e {path} && echo yes || true")).unwrap().contains("yes");
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    let mut all = truth::all();
    all.retain(|case| {
        let lacks = case
            .all("Needs")
            .into_iter()
            .find(|path| !*known.entry((*path).to_owned()).or_insert_with(|| has(path)));
        if let Some(path) = lacks {
            println!("SKIP: {} needs {path}, which the lab's root does not have", case.unit);
            assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "lab/languages-root has it");
        }
        lacks.is_none() && case.one("Synthetic").is_none()
    });
    all
}

/// Starts all services, some at a time; the names of those that started.
fn start(machine: &Machine, cases: &[Truth]) -> Vec<String> {
    let units: Vec<&str> = cases.iter().map(|case| &*case.unit).collect();
    let script = format!(
        "systemctl daemon-reload; printf '%s\\n' {} | xargs -P 4 -I UNIT sh -c '\
         systemctl reset-failed UNIT 2>/dev/null; systemctl start UNIT 2>/dev/null </dev/null && echo UNIT; \
         systemctl stop UNIT 2>/dev/null'; journalctl --sync",
        units.join(" ")
    );
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
    bring_programs(machine, cases);
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
    let cases = runnable(&machine);
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
    let word = std::env::var("RINGFENCE_RECORD").unwrap_or_default();
    let mut cases = runnable(&machine);
    cases.retain(|case| case.unit.contains(&word));
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
