//! Drawing what is wrong with a unit's files: the line, underlined.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use ringfence_terms::{Complaint, Severity};

/// One complaint with its source line, ready to print.
pub fn render(complaint: &Complaint) -> String {
    let level = match complaint.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let path = complaint.file.display().to_string();
    let bytes = std::fs::read(&*complaint.file).unwrap_or_default();
    let source = String::from_utf8_lossy(&bytes);
    let line =
        (complaint.line as usize).checked_sub(1).and_then(|n| source.lines().nth(n)).unwrap_or("").to_owned();
    let mut group = level
        .primary_title(&complaint.message)
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    if !line.is_empty() {
        let span = match line.find(&complaint.subject) {
            Some(at) if !complaint.subject.is_empty() => at..at + complaint.subject.len(),
            _ => line.len() - line.trim_start().len()..line.trim_end().len(),
        };
        group = group.element(
            Snippet::source(&line)
                .path(&path)
                .line_start(complaint.line as usize)
                .annotation(AnnotationKind::Primary.span(span)),
        );
    } else {
        group = group.element(annotate_snippets::Origin::path(&path));
    }
    if let Some(help) = &complaint.help {
        group = group.element(Level::HELP.message(help));
    }
    Renderer::styled().render(&[group])
}
