//! A directive in a section that does not take it.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::catalogue::{self, Section};
use ringfence_terms::Severity;

pub(crate) static MISPLACED_DIRECTIVE: Lint = Lint {
    code: "RF002",
    name: "misplaced-directive",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A directive that systemd knows, in a section where it does not.",
        why: "systemd warns and ignores the line. It happens when lines are added at the end of a file, where the \
              section is `[Install]`, or when one forgets that order and conditions belong in `[Unit]`.",
        example: "[Service]\nExecStart=/usr/bin/app\n\n[Install]\nWantedBy=multi-user.target\nPrivateTmp=yes\n",
        instead: "[Service]\nExecStart=/usr/bin/app\nPrivateTmp=yes\n\n[Install]\nWantedBy=multi-user.target\n",
        reference: "systemd.unit(5); systemd: src/shared/conf-parser.c, next_assignment()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let own = Section::of_type(subject.unit.id.suffix());
    for assignment in &subject.unit.assignments {
        let origin = &assignment.origin;
        let Some(section) = subject.section_of(assignment) else { continue };
        let name = &*origin.directive;
        if catalogue::find(section, name).is_some() {
            continue;
        }
        let fitting = [own, Some(Section::Unit), Some(Section::Install)];
        let Some(right) = fitting.into_iter().flatten().find(|s| catalogue::find(*s, name).is_some()) else {
            continue;
        };
        let message =
            format!("{name}= does not belong in [{}], and systemd ignores the line", section.name());
        report.add(subject.directive(origin), message).help(format!("put it into [{}]", right.name())).fix(
            Trust::Suggested,
            format!("move the line to [{}]", right.name()),
            vec![Edit::Move {
                file: origin.file.clone(),
                line: origin.line,
                section: right.name().to_owned(),
            }],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::MISPLACED_DIRECTIVE;
    use crate::testing::{fixed, found_by};

    #[test]
    fn underlines_the_directive_and_moves_the_line() {
        let example = MISPLACED_DIRECTIVE.docs.example;
        assert_eq!(found_by("RF002", example), ["RF002 PrivateTmp"]);
        assert_eq!(fixed(example), MISPLACED_DIRECTIVE.docs.instead);
    }
}
