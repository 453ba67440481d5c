//! An empty value for a directive that it does not reset.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::catalogue::{Directive, Merge};
use ringfence_terms::Severity;

pub(crate) static EMPTY_RESETS_NOTHING: Lint = Lint {
    code: "RF008",
    name: "empty-resets-nothing",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "An empty assignment to a directive that takes a boolean, a word, a number or a mode.",
        why: "An empty assignment resets lists and paths. For all other directives it is an invalid value: systemd warns, \
              ignores the line, and whatever an earlier line said stays in force.",
        example: "[Service]\nProtectSystem=full\nProtectSystem=\n",
        instead: "[Service]\nProtectSystem=no\n",
        reference: "systemd.exec(5); systemd: src/shared/conf-parser.h, DEFINE_CONFIG_PARSE_ENUM()",
    },
    shown_by: &["one-resets"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for (assignment, _, directive) in subject.known() {
        let origin = &assignment.origin;
        let complained = || {
            subject.complaints.iter().any(|c| c.file == origin.file && c.line == origin.line)
        };
        if !origin.value.is_empty() || directive.merge != Merge::Last || !complained() {
            continue;
        }
        let message = format!("an empty value does not reset {}=, and systemd ignores the line", origin.directive);
        let found = report.add(subject.whole(origin), message);
        let before = last_before(subject, assignment, directive);
        let found = found.also(subject.whole_of(before), "this stays in force");
        if before.is_none() {
            found.help("take the line out: there is nothing to reset").fix(
                Trust::Safe,
                "take the line out",
                vec![Edit::remove(origin)],
            );
        } else {
            found.help(format!("write the value that you want, {}", directive.kind.expected()));
        }
    }
}

/// The last line before this one that gave the directive a value.
fn last_before<'a>(
    subject: &'a Subject<'_>,
    this: &ringfence_unit::Assignment,
    directive: &Directive,
) -> Option<&'a ringfence_terms::Origin> {
    let before = subject.known().take_while(|(assignment, ..)| !std::ptr::eq(*assignment, this));
    before
        .filter(|(assignment, _, other)| other.name == directive.name && !assignment.origin.value.is_empty())
        .last()
        .map(|(assignment, ..)| &assignment.origin)
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, fixed, found_by};

    #[test]
    fn what_stays_in_force_is_shown() {
        let all = findings("ProtectClock=yes; ProtectClock=; ProtectHome=");
        assert_eq!(all[0].also[0].line, 2);
        assert!(all[0].fix.is_none());
        assert!(!fixed("ProtectHome=").contains("ProtectHome"));
    }

    #[test]
    fn lists_are_reset() {
        assert_eq!(found_by("RF008", "ReadOnlyPaths=; User=; RootDirectory="), [""; 0]);
    }
}
