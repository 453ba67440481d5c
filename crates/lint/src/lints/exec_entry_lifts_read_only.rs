//! A path that became writable by being mentioned in `NoExecPaths=` or `ExecPaths=`.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountMode, Outcome};
use ringfence_terms::Severity;

pub(crate) static EXEC_ENTRY_LIFTS_READ_ONLY: Lint = Lint {
    code: "RF202",
    name: "exec-entry-lifts-read-only",
    severity: Severity::Warning,
    versions: Versions::from(248),
    docs: Docs {
        what: "A path of `NoExecPaths=` or `ExecPaths=` below a tree that is read-only by another line.",
        why: "When systemd makes a tree read-only it spares everything below that has an entry of its own, and the \
              entry of `NoExecPaths=` or `ExecPaths=` says nothing about writing. The path becomes writable. The common \
              recipe `ProtectSystem=strict`, `NoExecPaths=/`, `ExecPaths=/usr` leaves /usr writable. `ReadOnlyPaths=` \
              for the same path is no cure below another read-only path: it takes the exec flag away.",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nNoExecPaths=/\nExecPaths=/usr\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nNoExecPaths=/\nExecPaths=/usr\nBindReadOnlyPaths=/usr\n",
        reference: "systemd: src/core/namespace.c, make_read_only() and its deny list",
    },
    shown_by: &[
        "row-16-strict-noexec",
        "row-16-strict-exec",
        "row-17-ro-exec-below",
        "row-34-strict-noexec-root",
    ],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let view = subject.view();
    for entry in &subject.lenient().mounts {
        let Some(origin) = entry.origin.as_ref() else { continue };
        let (MountMode::Exec | MountMode::NoExec, Outcome::Mounted) = (&entry.mode, entry.outcome) else {
            continue;
        };
        let Some(above) = subject.entry_above(&entry.path).filter(|above| above.read_only_reaches_down()) else {
            continue;
        };
        if view.mount_at(&entry.path).is_read_only() {
            continue;
        }
        let path = entry.requested.as_ref().unwrap_or(&entry.path);
        let by = above.origin.as_ref().map_or_else(String::new, |o| format!("{}={}", o.directive, o.value));
        let message = format!("this makes {path} writable again, below what {by} makes read-only");
        report
            .add(subject.path_word(origin, path.as_path()), message)
            .also(subject.whole_of(above.origin.as_ref()), "does not reach it")
            .help("bind the path onto itself, read-only")
            .line(format!("BindReadOnlyPaths={path}"))
            .fix(
                Trust::Suggested,
                format!("add `BindReadOnlyPaths={path}`"),
                vec![Edit::insert(origin, "BindReadOnlyPaths", path.to_string())],
            );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn each_path_is_told_of_and_the_fix_closes_it() {
        let unit = "ProtectSystem=strict; ProtectHome=yes; NoExecPaths=/srv -/data /nope";
        let ours = |unit: &str| found_by("RF202", unit).into_iter().filter(|f| f.starts_with("RF202")).collect::<Vec<_>>();
        assert_eq!(ours(unit), ["RF202 /srv", "RF202 -/data"]);
        assert!(fixed(unit).contains("\nBindReadOnlyPaths=/srv\n"));
    }

    #[test]
    fn a_path_that_is_to_be_writable_is_no_trap() {
        let unit = "ProtectSystem=strict; ProtectHome=yes; NoExecPaths=/srv; ReadWritePaths=/srv";
        assert_eq!(found_by("RF202", unit), [""; 0]);
    }
}
