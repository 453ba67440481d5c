//! Findings for people: the line, underlined in its file.

use super::Linted;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use ringfence_lint::{Finding, Place, Trust};
use ringfence_terms::Severity;
use ringfence_unit::text::UnitText;
use std::collections::BTreeMap;
use std::path::Path;

/// All findings, one after the other.
pub fn findings(all: &[Linted]) -> String {
    let drawn = all.iter().flat_map(|linted| linted.findings.iter().map(|f| draw(f, &linted.texts)));
    drawn.map(|text| text + "\n\n").collect()
}

fn draw(finding: &Finding, texts: &[UnitText]) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut places: BTreeMap<(bool, &Path), Vec<(&Place, AnnotationKind)>> = BTreeMap::new();
    let own = &*finding.place.file;
    places.entry((false, own)).or_default().push((&finding.place, AnnotationKind::Primary));
    for place in &finding.also {
        let foreign = *place.file != *own;
        places.entry((foreign, &*place.file)).or_default().push((place, AnnotationKind::Context));
    }
    let paths: Vec<String> = places.keys().map(|(_, path)| path.display().to_string()).collect();
    let mut group: Group<'_> = level
        .primary_title(&finding.message)
        .id(finding.lint.code)
        .elements(Vec::<Snippet<'_, Annotation<'_>>>::new());
    for (((_, path), marks), shown) in places.iter().zip(&paths) {
        let source = texts.iter().find(|text| **text.file() == **path);
        let source = source.and_then(|text| std::str::from_utf8(text.as_bytes()).ok());
        let marks: Vec<_> =
            marks.iter().filter(|(place, _)| place.line > 0 && !place.bytes.is_empty()).collect();
        let Some(source) = source.filter(|_| !marks.is_empty()) else {
            let mut origin = annotate_snippets::Origin::path(shown);
            if finding.place.line > 0 {
                origin = origin.line(finding.place.line as usize);
            }
            group = group.element(origin);
            continue;
        };
        let annotations = marks.iter().map(|(place, kind)| {
            let annotation = kind.span(place.bytes.clone());
            if place.label.is_empty() { annotation } else { annotation.label(&place.label) }
        });
        group = group.element(Snippet::source(source).path(shown).fold(true).annotations(annotations));
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(note));
    }
    let help = help(finding);
    if !help.is_empty() {
        group = group.element(Level::HELP.message(&help));
    }
    Renderer::styled().render(&[group])
}

/// What to do, and the lines that do it.
fn help(finding: &Finding) -> String {
    let mut out = finding.help.clone().unwrap_or_default();
    if let (true, Some(fix)) = (out.is_empty() && finding.lines.is_empty(), &finding.fix) {
        out.push_str(&fix.title);
    }
    if out.is_empty() && !finding.lines.is_empty() {
        out.push_str("write");
    }
    for line in &finding.lines {
        out.push_str("\n    ");
        out.push_str(line);
    }
    out
}

/// How many there are, and how many of them `--fix` takes care of.
pub fn summary(all: &[Linted]) -> String {
    let findings = || all.iter().flat_map(|linted| &linted.findings);
    let total = findings().count();
    let units = match all.len() {
        1 => "1 unit".to_owned(),
        count => format!("{count} units"),
    };
    if total == 0 {
        return format!("nothing found in {units}");
    }
    let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts: Vec<String> = kinds
        .iter()
        .map(|(severity, word)| (findings().filter(|f| f.severity == *severity).count(), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let trusted = |trust| findings().filter(|f| f.fix.as_ref().is_some_and(|fix| fix.trust == trust)).count();
    let mut out = format!("{} in {units}", counts.join(", "));
    let (safe, suggested) = (trusted(Trust::Safe), trusted(Trust::Suggested));
    if safe > 0 {
        out.push_str(&format!("; --fix takes care of {safe}"));
    }
    if suggested > 0 {
        out.push_str(&format!("; --fix --suggested of {} more", suggested));
    }
    out + "; `ringfence lint --explain CODE` tells more"
}
