//! A directive or value that the target systemd does not have.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_settings::catalogue::Since;
use ringfence_terms::Severity;

pub(crate) static NEWER_THAN_TARGET: Lint = Lint {
    code: "RF005",
    name: "newer-than-target",
    severity: Severity::Warning,
    versions: Versions { first: 0, last: Some(256) },
    docs: Docs {
        what: "A directive, or a value of one, that came with a later systemd than the one that is to run the unit \
               (`--systemd-version`; by default the running one).",
        why: "An older systemd ignores what it does not know, with a warning in its log: the service runs without that \
              protection.",
        example: "# with --systemd-version 252\n[Service]\nPrivatePIDs=yes\nPrivateTmp=disconnected\n",
        instead: "# with --systemd-version 252\n[Service]\nPrivateTmp=yes\n",
        reference: "systemd's NEWS, and the \"Added in version\" notes of its manual pages",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let target = subject.version;
    for (assignment, _, directive) in subject.known() {
        let origin = &assignment.origin;
        if let Since::Version(first) = directive.since
            && first > target
            && *origin.directive == *directive.name
        {
            let message =
                format!("systemd {target} does not know {}=, and ignores the line", origin.directive);
            let found = report.add(subject.directive(origin), message);
            let found = found.label(format!("since systemd {first}"));
            if let Some(old) = directive.spellings.first() {
                found.help(format!("systemd {target} spells it `{old}=`"));
            }
            continue;
        }
        let lead = usize::from(origin.value.starts_with('~'));
        for range in raw::words(&origin.value[lead..]) {
            let range = range.start + lead..range.end + lead;
            let word = &origin.value[range.clone()];
            let newest = directive.value_since.iter().filter(|(form, _)| has_form(word, form));
            let Some(first) = newest.map(|(_, first)| *first).max().filter(|first| *first > target) else {
                continue;
            };
            let message = format!("systemd {target} does not know `{word}` in {}=", origin.directive);
            report.add(subject.range(origin, range), message).label(format!("since systemd {first}"));
        }
    }
}

/// Whether a word has one of the forms in which the catalogue tells of newer values: a word itself, a part after a
/// colon, a prefix.
fn has_form(word: &str, form: &str) -> bool {
    match form {
        ":" => word.contains(':'),
        "@" => word.starts_with('@'),
        _ if form.starts_with(':') => word.ends_with(form),
        _ if form.ends_with(':') => word.starts_with(form),
        _ => word == form,
    }
}

#[cfg(test)]
mod tests {
    use super::{NEWER_THAN_TARGET, has_form};
    use crate::testing::{findings_on, machine};

    fn found(text: &str, version: u16) -> Vec<String> {
        let all = findings_on(text, &machine(), version);
        let ours = all.into_iter().filter(|finding| *finding.lint == NEWER_THAN_TARGET);
        ours.map(|finding| finding.place.label).collect()
    }

    #[test]
    fn the_targets_version_decides() {
        let example = NEWER_THAN_TARGET.docs.example;
        assert_eq!(found(example, 252), ["since systemd 257", "since systemd 257"]);
        assert_eq!(found(example, 257), [""; 0]);
        assert_eq!(found(NEWER_THAN_TARGET.docs.instead, 252), [""; 0]);
        assert_eq!(found("StateDirectory=app::ro", 256), ["since systemd 257"]);
    }

    #[test]
    fn the_catalogues_forms() {
        assert!(has_form("@clock", "@") && has_form("clock:EPERM", ":") && has_form("a::ro", ":ro"));
        assert!(has_form("append:/x", "append:") && !has_form("appended", "append:"));
    }
}
