//! The lints' documentation as text: one lint for `lint --explain`, all of them as a page.

use crate::lint::Lint;
use crate::lints::LINTS;
use ringfence_terms::Severity;
use std::fmt::Write;

/// One lint, as Markdown.
pub fn explain(lint: &Lint) -> String {
    let docs = &lint.docs;
    let mut out = format!("# {} {}\n\n", lint.code, lint.name);
    let _ = writeln!(out, "{} · {}\n", level(lint.severity), lint.versions);
    let _ = writeln!(out, "{}\n", docs.what);
    let _ = writeln!(out, "## Why is that bad?\n{}\n", docs.why);
    let _ = writeln!(out, "## Example\n```ini\n{}\n```\n", docs.example.trim_end());
    let _ = writeln!(out, "## Use instead\n```ini\n{}\n```\n", docs.instead.trim_end());
    let _ = writeln!(out, "## See\n{}", docs.reference);
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// All lints as one page: a table, then each in full.
pub fn page() -> String {
    let mut out = String::from(
        "# Lints\n\n\
         What `ringfence lint` finds. This page is made from the lints themselves (`ringfence lint --explain CODE` \
         prints one); a test keeps it up to date.\n\n\
         An *error* keeps the service from starting, a *warning* opens or breaks something, a *note* is about a line \
         that does nothing or misleads its reader.\n",
    );
    let mut chapter = "";
    for lint in LINTS {
        let title = chapter_of(lint);
        if title != chapter {
            chapter = title;
            let _ = write!(out, "\n**{title}**\n\n| code | name | |\n| --- | --- | --- |\n");
        }
        let anchor = format!("{}-{}", lint.code.to_lowercase(), lint.name);
        let what = lint.docs.what.replace('|', "\\|");
        let _ = writeln!(out, "| [{}](#{anchor}) | {} | {what} |", lint.code, lint.name);
    }
    for lint in LINTS {
        let text = explain(lint).replace("\n## ", "\n### ");
        let _ = write!(out, "\n#{text}");
    }
    out
}

fn chapter_of(lint: &Lint) -> &'static str {
    match lint.code.as_bytes().get(2) {
        Some(b'0') => "What systemd ignores, refuses, or reads otherwise",
        Some(b'1') => "Lines without effect",
        Some(b'2') => "What reads tighter than it is",
        Some(b'3') => "What keeps a service from working",
        _ => "What a unit leaves open",
    }
}
