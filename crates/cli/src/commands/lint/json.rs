//! Findings as JSON.

use super::Linted;
use ringfence_lint::{Edit, Finding, Place, Trust};
use ringfence_terms::Severity;
use ringfence_unit::Unit;
use serde_json::{Value, json};

/// `{"version":1,"systemd","units":[{"unit","files","findings":[…]}]}`.
pub fn report(all: &[Linted], systemd: u16) -> Value {
    let units: Vec<Value> = all
        .iter()
        .map(|linted| {
            let files = linted.unit.fragment.iter().chain(&linted.unit.drop_ins);
            json!({
                "unit": linted.unit.id.as_str(),
                "files": files.map(|file| file.to_string_lossy()).collect::<Vec<_>>(),
                "findings": linted.findings.iter().map(|f| finding(f, &linted.unit)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "version": 1, "systemd": systemd, "units": units })
}

fn finding(finding: &Finding, unit: &Unit) -> Value {
    json!({
        "code": finding.lint.code,
        "name": finding.lint.name,
        "severity": severity(finding.severity),
        "message": finding.message,
        "place": place(&finding.place),
        "origin": origin(&finding.place, unit),
        "also": finding.also.iter().map(place).collect::<Vec<_>>(),
        "notes": finding.notes,
        "help": finding.help,
        "lines": finding.lines,
        "fix": finding.fix.as_ref().map(|fix| json!({
            "title": fix.title,
            "trust": match fix.trust { Trust::Safe => "safe", Trust::Suggested => "suggested" },
            "edits": fix.edits.iter().map(edit).collect::<Vec<_>>(),
        })),
    })
}

/// The word for a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn place(place: &Place) -> Value {
    json!({
        "file": place.file.to_string_lossy(),
        "line": place.line,
        "column": place.column,
        "bytes": [place.bytes.start, place.bytes.end],
        "label": place.label,
    })
}

/// The assignment at a place, in the form that all commands share.
fn origin(place: &Place, unit: &Unit) -> Value {
    let here = |a: &&ringfence_unit::Assignment| a.origin.file == place.file && a.origin.line == place.starts;
    match unit.assignments.iter().find(here).map(|a| &a.origin) {
        Some(origin) => json!({
            "directive": &*origin.directive,
            "value": &*origin.value,
            "file": origin.file.to_string_lossy(),
            "line": origin.line,
        }),
        None => Value::Null,
    }
}

fn edit(edit: &Edit) -> Value {
    let (file, line) = edit.place();
    let file = file.to_string_lossy();
    match edit {
        Edit::Replace { directive, value, .. } => {
            json!({ "do": "replace", "file": file, "line": line, "directive": directive, "value": value })
        }
        Edit::Remove { .. } => json!({ "do": "remove", "file": file, "line": line }),
        Edit::Insert { directive, value, .. } => {
            json!({ "do": "insert", "file": file, "line": line, "directive": directive, "value": value })
        }
        Edit::Move { section, .. } => json!({ "do": "move", "file": file, "line": line, "section": section }),
    }
}
