//! A directive's old name.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;

pub(crate) static OLD_SPELLING: Lint = Lint {
    code: "RF006",
    name: "old-spelling",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A directive under a name that systemd has given up, such as `ReadOnlyDirectories=`.",
        why: "It still works, but the manual no longer has it, and tools and people look for the new name: a drop-in \
              that resets `ReadOnlyPaths=` resets this line too, which nobody sees.",
        example: "[Service]\nReadOnlyDirectories=/etc\n",
        instead: "[Service]\nReadOnlyPaths=/etc\n",
        reference: "systemd: src/core/load-fragment-gperf.gperf.in, the entries for compatibility",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for (assignment, _, directive) in subject.in_effect() {
        let origin = &assignment.origin;
        if !directive.spellings.contains(&&*origin.directive) || !directive.since.is_in(subject.version) {
            continue;
        }
        let message = format!("{}= is the old name of {}=", origin.directive, directive.name);
        report.add(subject.directive(origin), message).fix(
            Trust::Safe,
            format!("write `{}=`", directive.name),
            vec![Edit::directive(origin, directive.name)],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::OLD_SPELLING;
    use crate::testing::{findings_on, fixed, machine};

    #[test]
    fn the_new_name_takes_the_line_over() {
        let unit = "[Service]\n# why\nReadOnlyDirectories = /etc  \nUser=app\n";
        assert!(fixed(unit).starts_with("[Service]\n# why\nReadOnlyPaths=/etc\nUser=app\n"), "{}", fixed(unit));
    }

    #[test]
    fn a_systemd_that_knows_only_the_old_name_needs_it() {
        assert_eq!(findings_on(OLD_SPELLING.docs.example, &machine(), 230), []);
    }
}
