//! An `EnvironmentFile=` that is not there.

use super::missing_path::is_missing;
use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_terms::Severity;

pub(crate) static ENVIRONMENT_FILE_MISSING: Lint = Lint {
    code: "RF308",
    name: "environment-file-missing",
    severity: Severity::Error,
    versions: Versions::ALL,
    docs: Docs {
        what: "An `EnvironmentFile=` without `-` that does not exist on this machine.",
        why: "systemd does not start the service at all: the result is `resources`, without an exit status.",
        example: "[Service]\nEnvironmentFile=/etc/default/nosuchfile\n",
        instead: "[Service]\nEnvironmentFile=-/etc/default/nosuchfile\n",
        reference: "systemd.exec(5), EnvironmentFile=",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for file in &subject.settings.environment.files {
        let Some(origin) = &file.origin else { continue };
        let path = &file.value.pattern;
        let has_wildcards = path.as_bytes().iter().any(|byte| b"*?[".contains(byte));
        if file.value.optional || has_wildcards || !is_missing(subject, path) {
            continue;
        }
        report
            .add(subject.whole(origin), format!("{path} does not exist, and the service does not start"))
            .help("create it, or write a `-` before it if it may be missing")
            .fix(
                Trust::Suggested,
                "write a `-` before it",
                vec![Edit::value(origin, format!("-{}", origin.value))],
            );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn wildcards_may_match_nothing() {
        assert_eq!(found_by("RF308", "EnvironmentFile=/etc/app/app.conf; EnvironmentFile=/etc/*.env"), [""; 0]);
        assert!(fixed("EnvironmentFile=/nope").contains("\nEnvironmentFile=-/nope\n"));
    }
}
