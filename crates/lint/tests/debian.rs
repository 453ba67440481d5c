//! What is found in the units that Debian ships, measured: `debian.txt`. Every finding in it was looked at and is true.
//!
//! Runs over the root directory of the lab (`lab/debian-root`). A unit whose text is not the one that was measured (a
//! later package) is left out and named. `RINGFENCE_WRITE_DOCS=1` measures again.

use ringfence_host::HostFacts;
use ringfence_lint::{Subject, check};
use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
use ringfence_unit::text::UnitText;
use ringfence_unit::{Manager, Unit};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The lab's root, unless this machine has none.
fn root() -> Option<PathBuf> {
    let dir = std::env::var_os("RINGFENCE_LAB_ROOT").unwrap_or("/var/cache/ringfence/debian-root".into());
    let dir = PathBuf::from(dir);
    if dir.join("usr/lib/systemd/system").is_dir() {
        return Some(dir);
    }
    eprintln!("SKIP: {} holds no Debian; lab/debian-root makes one", dir.display());
    assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
    None
}

/// FNV-1a over the texts of a unit's files.
fn fingerprint(texts: &[UnitText]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.as_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn texts(unit: &Unit) -> Vec<UnitText> {
    let files = unit.fragment.iter().chain(&unit.drop_ins);
    files.map(|file| UnitText::parse(file.clone(), std::fs::read(file).expect("a readable file"))).collect()
}

/// For every service its fingerprint, and what is found in it, a line each.
fn measure(dir: &Path) -> BTreeMap<String, (u64, String)> {
    let root = Root::new(dir).expect("a directory");
    let facts = HostFacts::of_tree(dir).expect("a tree");
    let search = SearchPath::of_systemd(root, Manager::System, &Environment::default());
    let tree = UnitTree::open(search, Environment::default());
    let mut all = BTreeMap::new();
    for name in tree.services() {
        let unit = tree.load(&name);
        let texts = texts(&unit);
        let mut found = String::new();
        for finding in check(&Subject::new(&unit, &texts, &facts, false, 257)) {
            let _ = writeln!(found, "    {} {}: {}", finding.lint.code, finding.place.line, finding.message);
        }
        all.insert(name.to_string(), (fingerprint(&texts), found));
    }
    all
}

fn table(all: &BTreeMap<String, (u64, String)>) -> String {
    let clean = all.values().filter(|(_, found)| found.is_empty()).count();
    let mut out = format!("{} services of Debian 13, nothing found in {clean} of them\n\n", all.len());
    for (name, (fingerprint, found)) in all {
        let _ = write!(out, "{fingerprint:016x} {name}\n{found}");
    }
    out
}

#[test]
fn what_is_found_in_debians_units_is_what_was_measured() {
    let Some(dir) = root() else { return };
    let all = measure(&dir);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/debian.txt");
    if std::env::var_os("RINGFENCE_WRITE_DOCS").is_some() {
        std::fs::write(&path, table(&all)).expect("the table can be written");
    }
    let measured = std::fs::read_to_string(&path).expect("the table can be read");
    let (mut report, mut compared) = (String::new(), 0);
    for (name, fingerprint, found) in rows(&measured) {
        match all.get(name) {
            Some((now, _)) if format!("{now:016x}") != fingerprint => {
                eprintln!("{name} is another one than measured");
            }
            Some((_, now)) => {
                compared += 1;
                if *now != found {
                    let _ = writeln!(report, "{name}, measured:\n{found}now:\n{now}");
                }
            }
            None => eprintln!("{name} is not here"),
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(compared > 40, "only {compared} units are the ones that were measured");
}

/// The name, fingerprint and findings of every unit in a table.
fn rows(table: &str) -> Vec<(&str, &str, String)> {
    let mut rows: Vec<(&str, &str, String)> = Vec::new();
    for line in table.lines().skip(2) {
        match (rows.last_mut(), line.split_once(' ')) {
            (Some((.., found)), Some(("", _))) => *found += &format!("{line}\n"),
            (_, Some((fingerprint, name))) => rows.push((name, fingerprint, String::new())),
            _ => panic!("a line of another form: {line}"),
        }
    }
    rows
}
