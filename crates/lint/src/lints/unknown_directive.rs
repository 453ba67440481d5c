//! A directive that systemd does not know.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::catalogue::{self, Directive, Section, VERSION};
use ringfence_terms::Severity;

pub(crate) static UNKNOWN_DIRECTIVE: Lint = Lint {
    code: "RF001",
    name: "unknown-directive",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A directive that systemd does not know, most often a misspelt one. Case counts.",
        why: "systemd writes one warning to its log and ignores the line. What the line was to protect stays open, and \
              nothing else tells: the service starts as if all was well. Names that begin with `X-` are left to other \
              programs and are not found.",
        example: "[Service]\nProtectSytem=strict\nprivatetmp=yes\n",
        instead: "[Service]\nProtectSystem=strict\nPrivateTmp=yes\nProtectHome=yes\n",
        reference: "systemd.syntax(7); systemd: src/shared/conf-parser.c, next_assignment()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for assignment in &subject.unit.assignments {
        let origin = &assignment.origin;
        let Some(section) = subject.section_of(assignment) else { continue };
        let name = &*origin.directive;
        let known_elsewhere = catalogue::all().any(|directive| names(directive).any(|known| known == name));
        if known_elsewhere || name.starts_with("X-") {
            continue;
        }
        let meant = nearest(name, section);
        if subject.version > VERSION && meant.is_none() {
            continue; // A later systemd may well know it.
        }
        let message = format!("systemd knows no directive {name}=, and ignores the line");
        let found = report.add(subject.directive(origin), message);
        if let Some(meant) = meant {
            found.label("not a directive").help(format!("did you mean `{meant}=`?")).fix(
                Trust::Suggested,
                format!("write `{meant}=`"),
                vec![Edit::directive(origin, meant)],
            );
        }
    }
}

fn names(directive: &'static Directive) -> impl Iterator<Item = &'static str> {
    std::iter::once(directive.name).chain(directive.spellings.iter().copied())
}

/// The directive of the section that is most like a name, if one is like it enough.
fn nearest(name: &str, section: Section) -> Option<&'static str> {
    let likeness =
        |known: &str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase());
    catalogue::all()
        .filter(|directive| directive.sections.contains(&section))
        .map(|directive| (likeness(directive.name), directive.name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn underlines_the_name() {
        assert_eq!(found_by("RF001", "ProtectSytem=strict; ProtectHome=yes"), ["RF001 ProtectSytem"]);
        assert_eq!(found_by("RF001", "X-Mine=1"), [""; 0]);
    }

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        assert!(fixed("privatetmp=yes").contains("\nPrivateTmp=yes\n"));
        assert!(fixed("Bananas=yes").contains("\nBananas=yes\n"));
    }
}
