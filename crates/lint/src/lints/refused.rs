//! What systemd refuses.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;

pub(crate) static REFUSED: Lint = Lint {
    code: "RF018",
    name: "refused",
    severity: Severity::Error,
    versions: Versions::ALL,
    docs: Docs {
        what: "A line, or settings that exclude each other, for which systemd refuses the unit.",
        why: "In the unit's own file the service cannot be started (`LoadState=bad-setting` or `error`). In a drop-in \
              systemd stops reading that file at this line and starts the service without the rest of it: everything \
              that stands below is gone in silence.",
        example: "[Service]\nExecStart=bin/app\nProtectHome=yes\n",
        instead: "[Service]\nExecStart=/usr/bin/app\nProtectHome=yes\n",
        reference: "systemd.unit(5); systemd: src/core/load-fragment.c (ENOEXEC), src/core/service.c, service_verify()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for complaint in subject.complaints.iter().filter(|c| c.severity == Severity::Error) {
        // A unit without commands may well be one because its command's line is refused.
        let said = match complaint.line {
            0 => subject.complaints.iter().any(|c| c.severity == Severity::Error && c.line > 0),
            line => report.has(&complaint.file, line),
        };
        if said {
            continue;
        }
        let place = subject.line(&complaint.file, complaint.line, &complaint.subject);
        let found = report.add(place, complaint.message.clone());
        if let Some(help) = &complaint.help {
            found.help(help.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{found_by, messages};

    #[test]
    fn underlines_what_it_turns_on() {
        assert_eq!(found_by("RF018", "ExecStart=bin/app -x"), ["RF018 bin/app"]);
        assert!(messages("RF018", "Type=dbus")[0].contains("needs BusName="));
    }
}
