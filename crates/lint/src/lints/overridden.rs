//! A line that a later one takes back.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_settings::catalogue::{Directive, Merge};
use ringfence_terms::{Origin, Severity};

pub(crate) static OVERRIDDEN: Lint = Lint {
    code: "RF010",
    name: "overridden",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A line for a directive with one value, when a later line of the same file, or a drop-in after this \
               drop-in, sets it again.",
        why: "The last line wins, and this one does nothing. Drop-ins apply in the order of their base names, whatever \
              directories they are in. A drop-in that overrides the unit's own file is what drop-ins are for, and is not \
              found.",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nProtectSystem=full\n",
        instead: "[Service]\nProtectHome=yes\nProtectSystem=strict\n",
        reference: "systemd.unit(5), on drop-ins; systemd: src/shared/dropin.c, unit_file_find_dropin_paths()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let mut last: Vec<(&'static Directive, &Origin)> = Vec::new();
    let complained =
        |origin: &Origin| subject.complaints.iter().any(|c| c.file == origin.file && c.line == origin.line);
    for (assignment, _, directive) in subject.known() {
        let origin = &assignment.origin;
        if !matches!(directive.merge, Merge::Last | Merge::LastOrUnset) || complained(origin) {
            continue;
        }
        let before = last.iter().position(|(known, _)| known.name == directive.name);
        if let Some(at) = before {
            let earlier = last[at].1;
            let from_fragment = subject.unit.fragment.as_ref() == Some(&earlier.file);
            if earlier.file == origin.file || !from_fragment {
                found(subject, report, earlier, origin);
            }
            last.remove(at);
        }
        last.push((directive, origin));
    }
}

fn found(subject: &Subject<'_>, report: &mut Report, earlier: &Origin, later: &Origin) {
    if earlier.value.is_empty() {
        return; // A reset before a new value says: whatever was there before, this is it.
    }
    let message = if earlier.value == later.value {
        format!("{}= is set to the same value again later, so this line does nothing", earlier.directive)
    } else {
        format!("{}= is set again later, so this line does nothing", earlier.directive)
    };
    report.add(subject.whole(earlier), message).also(subject.whole_of(Some(later)), "this one counts").fix(
        Trust::Safe,
        "take the line out",
        vec![Edit::remove(earlier)],
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings_in, found_by, machine};

    #[test]
    fn the_last_line_of_a_file_counts() {
        assert_eq!(found_by("RF010", "ProtectClock=no; ProtectClock=yes"), ["RF010 ProtectClock=no"]);
        assert_eq!(found_by("RF010", "ReadOnlyPaths=/etc; ReadOnlyPaths=/data; User=; User=app"), [""; 0]);
    }

    #[test]
    fn a_drop_in_may_override_the_unit_but_not_another_drop_in() {
        let fragment = ("/u/app.service", "[Service]\nExecStart=/usr/bin/app\nUMask=022\n");
        let first = ("/u/app.service.d/10-a.conf", "[Service]\nUMask=027\n");
        let second = ("/u/app.service.d/20-b.conf", "[Service]\nUMask=077\n");
        assert!(findings_in(&[fragment, first], &machine()).is_empty());
        let all = findings_in(&[fragment, first, second], &machine());
        assert_eq!(all.len(), 1);
        assert!(all[0].place.file.ends_with("10-a.conf") && all[0].also[0].file.ends_with("20-b.conf"));
    }
}
