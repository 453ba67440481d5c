//! What else systemd ignores.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::{Complaint, Severity};

pub(crate) static IGNORED: Lint = Lint {
    code: "RF019",
    name: "ignored",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A value, or a word of a list, that systemd cannot read and ignores, where no other lint says more.",
        why: "systemd warns in its log and goes on as if the word or the line was not there. A wrong word in \
              `InaccessiblePaths=` or in a list of denied things leaves open what it was to close, and the service starts \
              all the same. The words of most directives are case-sensitive: `STRICT` is not `strict`.",
        example: "[Service]\nProtectSystem=STRICT\nInaccessiblePaths=/home ~/secret\n",
        instead: "[Service]\nProtectSystem=strict\nInaccessiblePaths=/home /root\n",
        reference: "systemd.exec(5); the messages of `systemd-analyze verify`",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let before = report.findings.len();
    for complaint in subject.complaints.iter().filter(|c| c.severity == Severity::Warning) {
        let said = report.findings[..before].iter().any(|finding| {
            finding.place.file == complaint.file && finding.place.starts == complaint.line
        });
        if complaint.line > 0 && said {
            continue;
        }
        let place = subject.line(&complaint.file, complaint.line, &complaint.subject);
        let mut found = report.add(place, complaint.message.clone());
        if closes(subject, complaint) {
            found = found.note("the service starts all the same, and what this was to close stays open");
        }
        if let Some(help) = &complaint.help {
            found.help(help.clone());
        }
    }
}

/// Whether the line is one of those that take something away from the service.
fn closes(subject: &Subject<'_>, complaint: &Complaint) -> bool {
    let line = subject.known().find(|(a, ..)| a.origin.file == complaint.file && a.origin.line == complaint.line);
    let Some((assignment, _, directive)) = line else { return false };
    let denies = assignment.origin.value.starts_with('~') || !directive.name.ends_with("CapabilityBoundingSet");
    let name = directive.name;
    let begins = ["Inaccessible", "Lock", "MemoryDeny", "NoExec", "NoNew", "Private", "Protect", "ReadOnly", "Restrict"];
    begins.iter().any(|word| name.starts_with(word))
        || (denies && ["CapabilityBoundingSet", "SystemCallFilter", "TemporaryFileSystem", "IPAddressDeny"].contains(&name))
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn every_word_of_a_line_is_told_of() {
        assert_eq!(found_by("RF019", "InaccessiblePaths=srv ~/x /home"), ["RF019 srv", "RF019 ~/x"]);
        assert_eq!(found_by("RF019", "ProtectSystem=STRICT"), ["RF019 STRICT"]);
    }
}
