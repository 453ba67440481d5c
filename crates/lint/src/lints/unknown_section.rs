//! A section that a unit of this type does not have.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;
use ringfence_unit::text::ItemKind;

pub(crate) static UNKNOWN_SECTION: Lint = Lint {
    code: "RF003",
    name: "unknown-section",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A section that a unit of this type does not have. Case counts.",
        why: "systemd ignores every line of the section, with one warning for its heading. In a drop-in for a service, \
              lines below `[service]` or `[Unti]` protect nothing. Sections whose names begin with `X-` are left to \
              other programs and are not found.",
        example: "[Service]\nExecStart=/usr/bin/app\n\n[Sandbox]\nPrivateTmp=yes\n",
        instead: "[Service]\nExecStart=/usr/bin/app\nPrivateTmp=yes\n",
        reference: "systemd.unit(5); systemd: src/shared/conf-parser.c, parse_line()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for text in subject.unit_files().filter_map(|file| subject.text(file)) {
        for complaint in text.unknown_sections(subject.unit.id.suffix()) {
            let below = text.items().iter().skip_while(|item| item.line <= complaint.line);
            let lost = below
                .take_while(|item| !matches!(item.kind, ItemKind::Section(_)))
                .filter(|item| matches!(item.kind, ItemKind::Assignment(_)))
                .count();
            let place = subject.line(text.file(), complaint.line, &complaint.subject);
            let lines = if lost == 1 { "line" } else { "lines" };
            let found = report.add(place, complaint.message);
            let found = found.label(format!("{lost} {lines} below it without effect"));
            if let Some(help) = complaint.help {
                found.help(help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn underlines_the_heading() {
        assert_eq!(found_by("RF003", "[Service]\nExecStart=/usr/bin/app\n[service]\nUser=app\n"), ["RF003 [service]"]);
        assert_eq!(found_by("RF003", "[Service]\nExecStart=/usr/bin/app\n[X-Mine]\nUser=app\n"), [""; 0]);
    }
}
