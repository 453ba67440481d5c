//! A path with `-` that grants nothing, because it is not there.

use super::missing_path::is_missing;
use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::DropReason;
use ringfence_settings::PathAccess;
use ringfence_terms::{AbsPath, Origin, Severity};

pub(crate) static OPTIONAL_PATH_MISSING: Lint = Lint {
    code: "RF104",
    name: "optional-path-missing",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path with `-` in `ReadWritePaths=`, `ExecPaths=`, `BindPaths=` or `BindReadOnlyPaths=` that does not exist \
               on this machine.",
        why: "The `-` lets the service start without it, and the word grants nothing. A directory that appears later, made \
              by the service itself or by another one, is not covered until the service is started again: writing there \
              fails. A `-` in a list that takes something away is how that is written, and is not found.",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=-/var/lib/application\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nStateDirectory=application\n",
        reference: "systemd.exec(5), ReadWritePaths=; systemd issues 10972 and 14608",
    },
    shown_by: &["one-missing-bind-source-optional"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let paths = &subject.settings.paths;
    let outside = |origin: &Origin, path: &AbsPath| {
        let mut dropped = subject.lenient().dropped.iter();
        dropped.any(|d| d.why == DropReason::OutsideRoot && d.origin.as_ref() == Some(origin) && d.path == *path)
    };
    for entry in paths.access.iter().filter(|entry| entry.value.optional && !entry.value.in_root) {
        let (Some(origin), path) = (entry.origin.as_ref(), &entry.value.path) else { continue };
        let grants = matches!(entry.value.access, PathAccess::ReadWrite | PathAccess::Exec);
        if grants && is_missing(subject, path) && !outside(origin, path) {
            found(subject, report, origin, path);
        }
    }
    for bind in paths.binds.iter().filter(|bind| bind.value.optional) {
        if let Some(origin) = bind.origin.as_ref()
            && is_missing(subject, &bind.value.source)
        {
            found(subject, report, origin, &bind.value.source);
        }
    }
}

fn found(subject: &Subject<'_>, report: &mut Report, origin: &Origin, path: &AbsPath) {
    let message = format!("{path} does not exist, so this grants nothing today");
    report
        .add(subject.path_word(origin, path.as_path()), message)
        .note("if it is made while the service runs, the service cannot use it before it is started again")
        .help("create it beforehand: with StateDirectory= and its kin, or with tmpfiles.d(5)");
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn only_what_grants() {
        assert_eq!(found_by("RF104", "InaccessiblePaths=-/a; NoExecPaths=-/b; ReadOnlyPaths=-/c"), [""; 0]);
        assert_eq!(found_by("RF104", "BindReadOnlyPaths=-/a:/data"), ["RF104 -/a:/data"]);
    }
}
