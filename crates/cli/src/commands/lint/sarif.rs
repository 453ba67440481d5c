//! Findings as SARIF 2.1.0, which code scanners read (OASIS, Static Analysis Results Interchange Format).

use super::{Linted, json::severity};
use ringfence_lint::{Finding, LINTS, Place};
use ringfence_unit::text::UnitText;
use serde_json::{Value, json};
use std::path::Path;

/// One run over all units.
pub fn log(all: &[Linted]) -> Value {
    let rules: Vec<Value> = LINTS
        .iter()
        .map(|lint| {
            json!({
                "id": lint.code,
                "name": lint.name,
                "shortDescription": { "text": lint.docs.what },
                "fullDescription": { "text": lint.docs.why },
                "help": { "text": ringfence_lint::explain(lint), "markdown": ringfence_lint::explain(lint) },
                "defaultConfiguration": { "level": severity(lint.severity) },
            })
        })
        .collect();
    let results: Vec<Value> = all
        .iter()
        .flat_map(|linted| linted.findings.iter().map(|finding| result(finding, &linted.texts)))
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "ringfence", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding, texts: &[UnitText]) -> Value {
    let mut message = finding.message.clone();
    for further in finding.notes.iter().chain(&finding.help) {
        message.push_str("; ");
        message.push_str(further.trim_end_matches('.'));
    }
    if !finding.lines.is_empty() {
        message.push_str(&format!(": {}", finding.lines.join("; ")));
    }
    json!({
        "ruleId": finding.lint.code,
        "ruleIndex": LINTS.iter().position(|lint| *lint == finding.lint),
        "level": severity(finding.severity),
        "message": { "text": message },
        "locations": [location(&finding.place, texts)],
        "relatedLocations": finding.also.iter().map(|place| location(place, texts)).collect::<Vec<_>>(),
    })
}

fn location(place: &Place, texts: &[UnitText]) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    if place.line > 0 {
        physical["region"] = region(place, texts);
    }
    let mut location = json!({ "physicalLocation": physical });
    if !place.label.is_empty() {
        location["message"] = json!({ "text": place.label });
    }
    location
}

fn region(place: &Place, texts: &[UnitText]) -> Value {
    let text = texts.iter().find(|text| *text.file() == place.file);
    let marked = text.and_then(|text| text.as_bytes().get(place.bytes.clone())).unwrap_or_default();
    let marked = String::from_utf8_lossy(marked);
    let breaks = marked.matches('\n').count() as u32;
    let last = marked.rsplit('\n').next().unwrap_or_default().chars().count() as u32;
    let column = place.column.max(1);
    let end_column = if breaks == 0 { column + last } else { 1 + last };
    json!({
        "startLine": place.line,
        "startColumn": column,
        "endLine": place.line + breaks,
        "endColumn": end_column,
    })
}

/// A path as a URI: relative to the working directory where it lies below, as code scanners want it.
fn uri(file: &Path) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.and_then(|dir| file.strip_prefix(dir).ok().map(Path::to_path_buf));
    let (lead, path) = match &relative {
        Some(path) => ("", path.as_path()),
        None if file.is_absolute() => ("file://", file),
        None => ("", file.strip_prefix("./").unwrap_or(file)),
    };
    let mut out = lead.to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                out.push(char::from(*byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri(Path::new("/etc/a b@é.service")), "file:///etc/a%20b%40%C3%A9.service");
        assert_eq!(uri(Path::new("./units/x.service")), "units/x.service");
    }
}
