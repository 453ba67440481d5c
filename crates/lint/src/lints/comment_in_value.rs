//! A `#` that was to begin a comment, in a value.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::raw;
use crate::subject::Subject;
use ringfence_settings::catalogue::Kind;
use ringfence_terms::Severity;

pub(crate) static COMMENT_IN_VALUE: Lint = Lint {
    code: "RF007",
    name: "comment-in-value",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A word that begins with `#` or `;` in a value, where a comment was meant.",
        why: "Comments are whole lines only. Later in a line `#` is a part of the value: a word such as `strict # all` is \
              no value at all and the line is ignored; in a list every word of the comment is read as an entry.",
        example: "[Service]\nProtectSystem=strict # the whole tree\nReadWritePaths=/srv/app # its data\n",
        instead: "[Service]\n# its data\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/srv/app\n",
        reference: "systemd.syntax(7): \"Lines beginning with # or ; are ignored\"",
    },
    shown_by: &[],
    check,
};

/// Directives whose values are text in which such a word may well be meant.
const TEXT: &[&str] = &["Description", "Documentation", "Environment", "SyslogIdentifier", "LogExtraFields"];

fn check(subject: &Subject<'_>, report: &mut Report) {
    for (assignment, _, directive) in subject.known() {
        let origin = &assignment.origin;
        let free_text = directive.name.starts_with("Exec")
            || directive.name.starts_with("SetCredential")
            || directive.name.starts_with("StandardInput")
            || TEXT.contains(&directive.name)
            || directive.kind == Kind::Form("some text") && !directive.name.ends_with("Policy");
        let Some(start) = raw::words(&origin.value)
            .skip(1)
            .map(|range| range.start)
            .find(|start| origin.value[*start..].starts_with(['#', ';']))
            .filter(|_| !free_text)
        else {
            continue;
        };
        let value = origin.value[..start].trim_end();
        report
            .add(
                subject.range(origin, start..origin.value.len()),
                format!("this is no comment but a part of the value of {}=", origin.directive),
            )
            .help("write comments on lines of their own")
            .fix(
                Trust::Suggested,
                "take the comment out of the value",
                vec![Edit::value(origin, value)],
            );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn underlines_the_comment_and_reports_the_line_once() {
        assert_eq!(found_by("RF007", "ProtectKernelLogs=yes # of course"), ["RF007 # of course"]);
        assert!(fixed("ProtectKernelLogs=yes # of course").contains("\nProtectKernelLogs=yes\n"));
    }

    #[test]
    fn a_command_may_have_such_words() {
        assert_eq!(found_by("RF007", "ExecStart=/usr/bin/app # x"), [""; 0]);
        assert_eq!(found_by("RF007", "Environment=A=1 'B=# c'"), [""; 0]);
    }
}
