//! Journals of failing services, recorded from a real systemd (`corpus/README.md`): each cause is found, none is invented.

mod truth;

use ringfence_diagnose::{Case, Finding, Programs, diagnose, read_log};
use ringfence_loader::{Need, Needs, Role};
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::plan::For;
use ringfence_settings::Settings;
use ringfence_terms::AbsPath;
use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
use ringfence_unit::{Manager, UnitName};
use std::fmt::Write;
use truth::Truth;

fn path(text: &str) -> AbsPath {
    AbsPath::parse(text).expect("a path of the corpus is absolute")
}

/// The machine of a recording, as far as the case needs it.
fn machine(case: &Truth) -> FakeFacts {
    let mut machine = FakeFacts::debian().user("www-data", 33, 33).group("www-data", 33);
    for line in case.all("Have").into_iter().chain(case.all("Make")) {
        let words: Vec<&str> = line.split(' ').collect();
        let mode = |word: Option<&&str>, otherwise: u32| {
            word.map_or(otherwise, |word| u32::from_str_radix(word, 8).expect("a mode is octal"))
        };
        machine = match words[..] {
            ["dir", at] => machine.dir(at),
            ["file", at, ..] => machine.file(at).owned(at, 0, 0, mode(words.get(2), 0o644)),
            ["script", at, _, ..] => machine.file(at).owned(at, 0, 0, mode(words.get(3), 0o755)),
            ["copy" | "source" | "build", at, _] => machine.file(at).owned(at, 0, 0, 0o755),
            ["link", at, target] => machine.symlink(at, target),
            ["device", at] => machine.device(at, 0x103),
            _ => panic!("{}: {line:?} is nothing that can be made", case.unit),
        };
    }
    machine
}

struct Known<'a>(&'a Truth);

impl Programs for Known<'_> {
    fn needs(&self, program: &AbsPath) -> Needs {
        let text = program.to_string();
        let script = |line: &str| {
            let mut words = line.split(' ');
            (words.next() == Some("script") && words.next() == Some(&text)).then(|| words.next().map(path))
        };
        let is_program = self.0.one("Program") == Some(&text);
        let of_program = |key: &str| if is_program { self.0.all(key) } else { Vec::new() };
        let need = |path: AbsPath, role| Need { path, role, by: program.clone(), through_cache: false };
        let interpreter = self.0.all("Make").into_iter().find_map(script).flatten();
        let found = interpreter.map(|path| need(path, Role::Interpreter)).into_iter();
        let loader = of_program("Loader").into_iter().map(|loader| need(path(loader), Role::Loader));
        let libraries = of_program("Library").into_iter().map(|library| need(path(library), Role::Library));
        Needs { found: found.chain(loader).chain(libraries).collect(), missing: Vec::new() }
    }
}

fn replay(case: &Truth) -> Vec<Finding> {
    let journal = truth::directory().join(case.unit.replace(".service", ".json"));
    let bytes = std::fs::read(journal).expect("every case has its journal");
    assert!(read_log(&bytes).len() >= 3, "{}: the journal is too short to be one", case.unit);
    with_log(case, &bytes)
}

/// What is diagnosed of a case with this log.
fn with_log(case: &Truth, log: &[u8]) -> Vec<Finding> {
    let places = SearchPath::of_dirs(Root::system(), Manager::System, [truth::directory()]);
    let name = UnitName::parse(&case.unit).expect("a unit's name");
    let unit = UnitTree::open(places, Environment::default()).load(&name);
    let (settings, _) = Settings::from_unit(&unit);
    let facts = machine(case);
    let programs = Known(case);
    let entries = read_log(log);
    let known =
        Case { unit: &unit, settings: &settings, facts: &facts, run: For::main(), programs: &programs };
    diagnose(&entries, Some(&known))
}

#[test]
fn every_cause_is_found_and_none_is_invented() {
    let mut report = String::new();
    for case in truth::all() {
        let found = replay(&case);
        let right = match (case.cause(), &found[..]) {
            (None, []) => true,
            (Some(cause), [finding]) => {
                let said = finding.path.as_ref().map(ToString::to_string);
                let detail = case.one("Detail");
                finding.cause.word() == cause
                    && said.as_deref() == case.one("Path")
                    && (detail.is_none() || finding.detail.as_deref() == detail)
                    && (case.one("FirstFixWorks").is_none() || !finding.fixes.is_empty())
            }
            _ => false,
        };
        if !right {
            let _ = writeln!(report, "{}: {found:#?}\n{}", case.unit, case.text);
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn where_only_the_status_was_logged_the_plan_knows() {
    let mut asked = 0;
    for case in truth::all() {
        let journal = truth::directory().join(case.unit.replace(".service", ".json"));
        let text = std::fs::read_to_string(journal).expect("every case has its journal");
        let Some(status) =
            text.lines().find(|line| line.contains("status=203/") || line.contains("status=226/"))
        else {
            continue;
        };
        let found = with_log(&case, status.as_bytes());
        let said = found.first().map(|finding| finding.cause.word());
        // A program that is nowhere, or not executable at all, is a matter of the log's words.
        if said != Some("other") && found.iter().any(|finding| finding.path.is_some()) {
            assert_eq!(said, case.cause(), "{}: {found:#?}", case.unit);
            asked += 1;
        }
    }
    assert!(asked >= 12, "only {asked} cases");
}

#[test]
fn what_a_log_alone_tells_is_never_another_cause() {
    // Without the unit the plan cannot be asked: then ENOENT is no evidence, and EACCES is taken for what it says.
    for case in truth::all() {
        let journal = truth::directory().join(case.unit.replace(".service", ".json"));
        let found = diagnose(&read_log(&std::fs::read(journal).expect("every case has its journal")), None);
        if case.cause().is_none() && case.one("WithoutUnit").is_none() {
            assert_eq!(found, [], "{}", case.unit);
        }
        if case.cause() == Some("read-only-path") {
            let said: Vec<_> = found.iter().map(|f| f.path.as_ref().map(ToString::to_string)).collect();
            assert_eq!(said, [case.one("Path").map(str::to_owned)], "{}", case.unit);
        }
    }
}
