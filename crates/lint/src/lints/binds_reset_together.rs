//! An empty `BindReadOnlyPaths=` that takes the `BindPaths=` along, or the reverse.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;

pub(crate) static BINDS_RESET_TOGETHER: Lint = Lint {
    code: "RF109",
    name: "binds-reset-together",
    severity: Severity::Warning,
    versions: Versions::from(233),
    docs: Docs {
        what: "An empty `BindPaths=` after a `BindReadOnlyPaths=`, or the reverse.",
        why: "The two directives fill one list, and an empty assignment to either empties all of it: the binds of the \
              other directive are gone too.",
        example: "[Service]\nBindPaths=/srv/app:/mnt\nBindReadOnlyPaths=\n",
        instead: "[Service]\nBindReadOnlyPaths=\nBindPaths=/srv/app:/mnt\n",
        reference: "systemd: src/core/load-fragment.c, config_parse_bind_paths()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let mut filled = Vec::new();
    for (assignment, _, directive) in subject.known() {
        let origin = &assignment.origin;
        if !matches!(directive.name, "BindPaths" | "BindReadOnlyPaths") {
            continue;
        }
        if !origin.value.is_empty() {
            filled.push(origin);
            continue;
        }
        let others: Vec<_> = filled.drain(..).filter(|line| line.directive != origin.directive).collect();
        if let Some(other) = others.first() {
            let message = format!("this resets the lines of {}= too", other.directive);
            let mut found = report.add(subject.whole(origin), message);
            for other in &others {
                found = found.also(subject.whole_of(Some(other)), "gone as well");
            }
            found.help("repeat after it the lines that are to stay");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, found_by};

    #[test]
    fn all_lines_that_are_gone_are_shown() {
        let all = findings("BindPaths=/data:/mnt; BindPaths=/srv:/mnt/a; BindReadOnlyPaths=");
        assert_eq!(all[0].also.len(), 2);
        assert_eq!(found_by("RF109", "BindPaths=/data:/mnt; BindPaths=; BindReadOnlyPaths="), [""; 0]);
    }
}
