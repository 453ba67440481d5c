//! Findings for people.

use super::json::Document;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

pub fn page(document: &Document) -> String {
    let (bad, bold, dim) = (AnsiColor::Red.on_default().bold(), Style::new().bold(), Style::new().dimmed());
    let mut out = String::new();
    if document.findings.is_empty() {
        let _ = writeln!(out, "{}: nothing found in the log", document.unit);
    }
    for finding in &document.findings {
        let subject = finding.path.as_deref().or(finding.detail.as_deref()).unwrap_or_default();
        let _ = writeln!(out, "{bad}{}{bad:#}  {}  {subject}", finding.cause, document.unit);
        let _ = writeln!(out, "  {}", finding.explanation);
        if let Some(origin) = &finding.origin {
            let _ = writeln!(out, "  {bold}{origin}{bold:#}");
        }
        let _ = writeln!(out, "  {dim}{}{dim:#}", finding.evidence);
        for (n, fix) in finding.fixes.iter().enumerate() {
            let _ = writeln!(out, "  {}: {}", if n == 0 { "fix" } else { "or" }, fix.why);
            for line in &fix.lines {
                let _ = writeln!(out, "    {bold}{line}{bold:#}");
            }
        }
    }
    out
}
