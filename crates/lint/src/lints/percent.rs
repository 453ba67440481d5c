//! A percent sign that is no specifier.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use crate::raw;
use ringfence_terms::Severity;
use ringfence_unit::{SpecifierError, Specifiers};
use std::ops::Range;

pub(crate) static PERCENT: Lint = Lint {
    code: "RF004",
    name: "percent",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A `%` before a letter or digit that is no specifier.",
        why: "systemd cannot expand the word. In a command line the whole unit is refused; in a list of paths the word is \
              dropped, in other directives the line. For a literal percent sign write `%%`.",
        example: "[Service]\nExecStart=/usr/bin/app --format %Z\nReadWritePaths=/srv/app/50%x\n",
        instead: "[Service]\nExecStart=/usr/bin/app --format %%Z\n",
        reference: "systemd.unit(5), \"Specifiers\"; systemd: src/shared/specifier.c, specifier_printf()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for complaint in &subject.complaints {
        let assignment = subject
            .unit
            .assignments
            .iter()
            .find(|a| a.origin.file == complaint.file && a.origin.line == complaint.line);
        let Some(origin) = assignment.map(|a| &a.origin) else { continue };
        // Only what reading complained about is certain to be expanded at all.
        if !complaint.message.contains("is no specifier") || report.has(&origin.file, origin.line) {
            continue;
        }
        let wrong = unknown(&origin.value, &subject.unit.specifiers);
        let Some(first) = wrong.first() else { continue };
        let mut value = origin.value.to_string();
        for range in wrong.iter().rev() {
            value = raw::replaced(&value, &(range.start..range.start), "%");
        }
        let text = &origin.value[first.clone()];
        let in_fragment = subject.unit.fragment.as_ref() == Some(&origin.file);
        let effect = match complaint.severity {
            Severity::Error if in_fragment => "refuses the unit",
            Severity::Error => "ignores this file from here on",
            _ => "drops what it stands in",
        };
        report
            .add(
                subject.range(origin, first.clone()),
                format!("`{text}` is no specifier, and systemd {effect}"),
            )
            .severity(complaint.severity)
            .help(format!("write `%{text}` for a literal percent sign"))
            .fix(
                Trust::Safe,
                "double the percent sign",
                vec![Edit::value(origin, value)],
            );
    }
}

/// Every `%` with a letter or digit that means nothing.
fn unknown(value: &str, specifiers: &Specifiers) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = value[at..].find('%') {
        let start = at + offset;
        let length = 1 + value[start + 1..].chars().next().map_or(0, char::len_utf8);
        if matches!(specifiers.expand(&value[start..start + length]), Err(SpecifierError::Unknown(_))) {
            found.push(start..start + length);
        }
        at = start + length;
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn underlines_the_specifier_and_doubles_the_sign() {
        let unit = "ExecStart=/usr/bin/app %% %n %Z 50%x";
        assert_eq!(found_by("RF004", unit), ["RF004 %Z"]);
        assert!(fixed(unit).contains("\nExecStart=/usr/bin/app %% %n %%Z 50%%x"), "{}", fixed(unit));
    }
}
