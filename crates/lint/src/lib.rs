//! Static checks of a unit: what contradicts itself, has no effect, or reads tighter than it is.
//!
//! [`check`] takes a [`Subject`] (a unit, its files' texts, a machine's facts, a systemd version) and gives
//! [`Finding`]s: data that says what really happens, where in the files it stands, and which line gives what was
//! meant. Each check is one [`Lint`] in a file of its own below `lints`, documented there; [`LINTS`] lists them all.
//! A finding's [`Fix`] can be carried out on the text of a file, or written as a drop-in.
//!
//! Nothing here reads a file or prints.
#![forbid(unsafe_code)]

mod booted;
mod finding;
mod fix;
mod lint;
mod lints;
mod page;
mod raw;
mod subject;

pub use finding::{Edit, Finding, Fix, Place, Trust};
pub use fix::{Unfixable, fix_files, fix_in_drop_in};
pub use lint::{Docs, Lint, Versions};
pub use lints::LINTS;
pub use page::{explain, page};
pub use subject::Subject;

use finding::Report;

/// The lint of a code or a name; a code's letters may be small.
pub fn find(text: &str) -> Option<&'static Lint> {
    LINTS.iter().copied().find(|lint| lint.code.eq_ignore_ascii_case(text) || lint.name == text)
}

/// Everything that the lints find in a unit, in the order of its files and lines.
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    check_with(subject, |_| true)
}

/// As [`check`], with the lints that `wanted` says yes to.
pub fn check_with(subject: &Subject<'_>, wanted: impl Fn(&Lint) -> bool) -> Vec<Finding> {
    let mut report = Report::default();
    for lint in LINTS.iter().filter(|lint| lint.versions.include(subject.version)) {
        report.of(lint, |report| (lint.check)(subject, report));
    }
    let mut findings = report.findings;
    findings.retain(|finding| wanted(finding.lint) && !depends_on_instance(subject, &finding.place));
    for finding in &mut findings {
        // A value that no line can hold, such as one that ends in a backslash, is for people to repair.
        finding.fix =
            finding.fix.take().filter(|fix| fix_files(&mut subject.texts().to_vec(), &[fix]).is_ok());
    }
    let files: Vec<_> = subject.unit_files().collect();
    let rank = |finding: &Finding| files.iter().position(|file| **file == finding.place.file);
    findings.sort_by_key(|f| (rank(f), f.place.line, f.place.bytes.start, f.lint.code));
    findings
}

/// Whether a place in a template says something else for each instance, so that nothing can be said of it here.
fn depends_on_instance(subject: &Subject<'_>, place: &Place) -> bool {
    let here = |a: &&ringfence_unit::Assignment| a.origin.file == place.file && a.origin.line == place.starts;
    let line = subject.unit.assignments.iter().find(here);
    let instance = ["%i", "%I", "%n", "%N", "%f"];
    subject.unit.id.is_template()
        && line.is_some_and(|line| instance.iter().any(|specifier| line.origin.value.contains(specifier)))
}

#[cfg(test)]
mod any_unit;
#[cfg(test)]
mod testing;
