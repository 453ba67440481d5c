//! A temporary file system that a line about the same path takes away.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{DropReason, Dropped, MountMode};
use ringfence_terms::{Origin, Severity};

pub(crate) static TMPFS_REPLACED: Lint = Lint {
    code: "RF201",
    name: "tmpfs-replaced",
    severity: Severity::Warning,
    versions: Versions::from(238),
    docs: Docs {
        what: "A temporary file system (`TemporaryFileSystem=`, `ProtectHome=tmpfs`) on the same path as an entry that \
               only changes access: `ProtectSystem=strict` or `ReadOnlyPaths=`, `ReadWritePaths=`, `ExecPaths=`, \
               `NoExecPaths=`.",
        why: "systemd keeps one entry for a path, and any of these outranks a temporary file system. The file system is \
              not mounted: everything that it was to hide is there again. `TemporaryFileSystem=/` with \
              `ProtectSystem=strict` shows the whole host.",
        example: "[Service]\nTemporaryFileSystem=/\nBindReadOnlyPaths=/usr /lib64\nProtectSystem=strict\n",
        instead: "[Service]\nTemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr /lib64\n",
        reference: "systemd: src/core/namespace.c, drop_duplicates() and the order of MountMode",
    },
    shown_by: &[
        "row-01-tmpfs-root-strict",
        "row-01-tmpfs-root-ro-strict",
        "row-01-tmpfs-root-read-only-paths",
        "row-06-tmpfs-rw-same",
        "row-11-tmpfs-dropped-bind-new",
        "row-23-home-ro-tmpfs",
        "row-23-home-tmpfs-ro",
        "same-path-exec-vs-tmpfs",
        "same-path-noexec-vs-home-tmpfs",
        "same-path-ro-vs-tmpfs",
        "same-path-rw-vs-tmpfs",
    ],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for dropped in &subject.lenient().dropped {
        let (MountMode::Tmpfs { .. }, Some(origin), DropReason::DuplicateOf { winner, mode }) =
            (&dropped.mode, &dropped.origin, &dropped.why)
        else {
            continue;
        };
        if mode.is_access_only() && *mode != MountMode::ReadWriteImplicit {
            found(subject, report, dropped, origin, winner.as_ref(), mode);
        }
    }
}

fn found(
    subject: &Subject<'_>,
    report: &mut Report,
    dropped: &Dropped,
    origin: &Origin,
    winner: Option<&Origin>,
    mode: &MountMode,
) {
    let path = &dropped.path;
    let by = winner.map_or_else(|| "another entry".to_owned(), |w| format!("{}={}", w.directive, w.value));
    let effect = match mode {
        MountMode::ReadOnly => "read-only",
        MountMode::NoExec => "noexec",
        _ => "with its real content",
    };
    let message = format!(
        "there is no temporary file system on {path}: {by} takes its place, and the real {path} is shown, {effect}"
    );
    let place = subject.path_word(origin, path.as_path());
    let found = report.add(place, message).label("not mounted").also(subject.whole_of(winner), "outranks it");
    match (mode, &*origin.directive) {
        (MountMode::ReadOnly, "TemporaryFileSystem") => {
            let found = found.help("make the temporary file system itself read-only, without that line");
            found.line(format!("TemporaryFileSystem={path}:ro"));
        }
        (MountMode::NoExec, "TemporaryFileSystem") => {
            let found = found.help("make the temporary file system itself noexec, without that line");
            found.line(format!("TemporaryFileSystem={path}:noexec"));
        }
        (_, "TemporaryFileSystem") => {
            found.help(format!("take {path} out of that line; a temporary file system is writable by itself, and BindPaths= shows what lies below"));
        }
        _ => {
            found.help(format!("take {path} out of that line; the temporary file system of ProtectHome=tmpfs is read-only by itself"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, found_by};

    #[test]
    fn the_word_of_the_list_is_underlined() {
        let unit = "TemporaryFileSystem=/srv:ro /data:ro; ReadOnlyPaths=/data";
        assert!(found_by("RF201", unit).contains(&"RF201 /data:ro".to_owned()));
        assert_eq!(findings(unit)[0].lines, ["TemporaryFileSystem=/data:ro"]);
    }

    #[test]
    fn what_hides_as_much_is_no_trap() {
        let bind = found_by("RF201", "TemporaryFileSystem=/srv; BindPaths=/data:/srv");
        let private = found_by("RF201", "TemporaryFileSystem=/tmp; PrivateTmp=yes");
        assert!(bind.iter().chain(&private).all(|found| !found.starts_with("RF201")));
    }
}
