//! What the lints' tests share: a machine, units from text, and what was found in them.

use crate::{Finding, LINTS, Lint, Subject, check};
use ringfence_loader::Files;
use ringfence_sandbox::facts::MountFlags;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_terms::AbsPath;
use ringfence_unit::text::UnitText;
use ringfence_unit::{Assignment, LoadState, Manager, Specifiers, Unit, UnitName};
use std::path::Path;

/// The machine of the lints' examples: a Debian with a web server's files and a few programs.
pub(crate) fn machine() -> FakeFacts {
    let mut it = FakeFacts::debian().user("www-data", 33, 33).user("app", 990, 990).group("app", 990);
    for dir in [
        "/srv/www",
        "/srv/app",
        "/var/lib/app",
        "/var/log/app",
        "/etc/app",
        "/opt/app",
        "/data",
        "/srv/app/etc",
    ] {
        it = it.dir(dir);
    }
    it = it.owned("/var/lib/app", 990, 990, 0o750).owned("/var/log/app", 990, 990, 0o750);
    for file in [
        "/usr/bin/app",
        "/usr/bin/sh",
        "/usr/bin/mkdir",
        "/opt/app/run",
        "/usr/bin/python3",
        "/dev/kvm",
        "/srv/app/usr/bin/app",
    ] {
        it = it.file(file).owned(file, 0, 0, 0o755);
    }
    let read_only = MountFlags { read_only: true, ..MountFlags::default() };
    let it = it.mount_flags("/media/cd", "iso9660", read_only);
    it.file("/etc/app/app.conf").file("/srv/app/data")
}

/// The content of the machine's files, as far as it matters: a script and its interpreter.
pub(crate) struct Contents;

impl Files for Contents {
    fn read(&self, path: &AbsPath) -> Option<Vec<u8>> {
        match path.as_path().to_str()? {
            "/opt/app/run" => Some(b"#!/usr/bin/python3\n".to_vec()),
            "/usr/bin/python3" => Some(Vec::new()),
            _ => None,
        }
    }
}

/// Reads a unit of files: the first is the fragment, the others its drop-ins.
pub(crate) fn unit(files: &[(&str, &str)], manager: Manager) -> (Unit, Vec<UnitText>) {
    let texts: Vec<UnitText> =
        files.iter().map(|(path, text)| UnitText::parse(Path::new(path), text.as_bytes())).collect();
    let stem = files.first().and_then(|(path, _)| Path::new(path).file_name()).unwrap();
    let name = UnitName::parse(stem.to_str().unwrap()).unwrap();
    let mut specifiers = Specifiers::of_name(&name);
    for (letter, value) in [('t', "/run"), ('S', "/var/lib"), ('h', "/root"), ('m', "0123456789abcdef")] {
        specifiers.set(letter, value);
    }
    let unit = Unit {
        name: name.clone(),
        id: name,
        aliases: Vec::new(),
        manager,
        state: LoadState::Loaded,
        fragment: texts.first().map(|text| text.file().clone()),
        drop_ins: texts.iter().skip(1).map(|text| text.file().clone()).collect(),
        assignments: texts
            .iter()
            .flat_map(UnitText::assignments)
            .map(|a| Assignment { section: a.section.clone(), origin: a.origin.clone() })
            .collect(),
        complaints: texts
            .iter()
            .flat_map(|text| text.complaints().iter().cloned().chain(text.unknown_sections("service")))
            .collect(),
        specifiers,
    };
    (unit, texts)
}

/// The name under which examples are read.
const FRAGMENT: &str = "/etc/systemd/system/app.service";

/// A unit's whole text: lines that have no section are put into `[Service]`, and a command is added where none is.
fn completed(text: &str) -> String {
    let text = if text.starts_with(['[', '#']) {
        text.to_owned()
    } else {
        format!("[Service]\n{}", text.replace("; ", "\n"))
    };
    if text.contains("ExecStart=") { text } else { format!("{text}\n[Service]\nExecStart=/usr/bin/app\n") }
}

/// What the examples of a lint are read with.
pub(crate) struct Example {
    pub facts: FakeFacts,
    pub manager: Manager,
    pub version: u16,
}

impl Example {
    /// Most lints' examples are about the same machine; what some of them say of it in a comment holds.
    pub(crate) fn of(lint: &Lint) -> Example {
        let mut facts = machine();
        if lint.docs.example.contains("/tmp are mounted read-only") {
            let read_only = MountFlags { read_only: true, ..MountFlags::default() };
            facts = facts.mount_flags("/tmp", "ext4", read_only);
        }
        if lint.docs.example.contains("/net is an automount point") {
            facts = facts.mount("/net", "autofs");
        }
        if lint.docs.example.contains("with FUSE on /srv/remote") {
            facts = facts.mount("/srv/remote", "fuse.sshfs").dir("/srv/remote/out");
        }
        let by_user = lint.docs.example.starts_with("# a user's unit");
        if by_user {
            facts =
                facts.features(|features| (features.privileged, features.user_namespaces) = (false, false));
        }
        let manager = if by_user { Manager::User } else { Manager::System };
        Example { facts, manager, version: lint.versions.last.map_or(257, |last| last.min(257)) }
    }
}

/// What is found in one unit file.
pub(crate) fn findings_of(example: &Example, text: &str) -> Vec<Finding> {
    let text = completed(text);
    let (unit, texts) = unit(&[(FRAGMENT, &text)], example.manager);
    check(&Subject::new(&unit, &texts, &example.facts, true, example.version).with_files(&Contents))
}

/// What is found in one unit file on a machine.
pub(crate) fn findings_on(text: &str, facts: &FakeFacts, version: u16) -> Vec<Finding> {
    findings_of(&Example { facts: facts.clone(), manager: Manager::System, version }, text)
}

/// What is found in a unit of several files, the first of which is the fragment.
pub(crate) fn findings_in(files: &[(&str, &str)], facts: &FakeFacts) -> Vec<Finding> {
    let (unit, texts) = unit(files, Manager::System);
    check(&Subject::new(&unit, &texts, facts, true, 257).with_files(&Contents))
}

/// What is found in one unit file on the machine of the examples.
pub(crate) fn findings(text: &str) -> Vec<Finding> {
    findings_on(text, &machine(), 257)
}

/// The codes of what is found, and the text underlined, in order.
pub(crate) fn found(text: &str) -> Vec<String> {
    let whole = completed(text);
    let mark = |finding: Finding| format!("{} {}", finding.lint.code, &whole[finding.place.bytes]);
    findings(text).into_iter().map(mark).collect()
}

/// As [`found`], of one lint only.
pub(crate) fn found_by(code: &str, text: &str) -> Vec<String> {
    found(text).into_iter().filter(|found| found.starts_with(code)).collect()
}

/// The messages of what one lint finds.
pub(crate) fn messages(code: &str, text: &str) -> Vec<String> {
    findings(text).into_iter().filter(|f| f.lint.code == code).map(|f| f.message).collect()
}

/// One file's text after all fixes that are safe (or all, when asked for).
pub(crate) fn fixed(text: &str) -> String {
    let whole = completed(text);
    let all = findings(text);
    let fixes: Vec<_> = all.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    let mut texts = vec![UnitText::parse(Path::new(FRAGMENT), whole.as_bytes())];
    crate::fix_files(&mut texts, &fixes).unwrap();
    String::from_utf8(texts[0].as_bytes().to_vec()).unwrap()
}

#[test]
fn of_a_template_only_what_holds_for_every_instance() {
    let text =
        "[Service]\nUser=%i\nReadWritePaths=/srv/%i/x\nReadOnlyDirectories=/usr\nExecStart=/usr/bin/app %i\n";
    let all = findings_in(&[("/etc/systemd/system/app@.service", text)], &machine());
    assert_eq!(all.iter().map(|finding| finding.lint.code).collect::<Vec<_>>(), ["RF006"]);
}

#[test]
fn codes_and_names_are_unique_and_in_order() {
    let codes: Vec<&str> = LINTS.iter().map(|lint| lint.code).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
    let mut names: Vec<&str> = LINTS.iter().map(|lint| lint.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), codes.len());
    for lint in LINTS {
        assert!(lint.code.len() == 5 && lint.code.starts_with("RF"), "{lint:?}");
        assert!(lint.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{lint:?}");
    }
}

#[test]
fn every_lint_is_documented() {
    for lint in LINTS {
        let docs = &lint.docs;
        for text in [docs.what, docs.why, docs.example, docs.instead, docs.reference] {
            assert!(text.len() > 10, "{lint:?}: {text:?}");
        }
        for text in [docs.what, docs.why] {
            assert!(text.ends_with('.'), "{lint:?}: {text:?}");
        }
    }
}

#[test]
fn every_lint_finds_its_example_and_nothing_is_found_in_what_to_use_instead() {
    let mut report = String::new();
    for lint in LINTS {
        let example = Example::of(lint);
        if !findings_of(&example, lint.docs.example).iter().any(|finding| finding.lint == *lint) {
            report += &format!("{lint:?} is silent on its example\n");
        }
        for finding in findings_of(&example, lint.docs.instead) {
            report +=
                &format!("{lint:?}: {} in what to use instead: {}\n", finding.lint.code, finding.message);
        }
    }
    assert!(report.is_empty(), "{report}");
}
