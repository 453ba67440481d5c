//! A writable path below one that was opened for programs.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountMode, Outcome};
use ringfence_terms::Severity;

pub(crate) static WRITABLE_AND_EXECUTABLE: Lint = Lint {
    code: "RF404",
    name: "writable-and-executable",
    severity: Severity::Warning,
    versions: Versions::from(248),
    docs: Docs {
        what: "A path of `ReadWritePaths=`, `BindPaths=`, `StateDirectory=` or its kin at or below a path of `ExecPaths=`.",
        why: "`NoExecPaths=` and `ExecPaths=` are there so that a service that is broken into cannot run what it has \
              written. Here it can: the path is writable, and executable by the line about the path above it.",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nNoExecPaths=/\nExecPaths=/srv\nBindReadOnlyPaths=/srv\nReadWritePaths=/srv/app\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nNoExecPaths=/ /srv/app\nExecPaths=/usr\nBindReadOnlyPaths=/usr\nReadWritePaths=/srv/app\n",
        reference: "systemd.exec(5), ExecPaths=",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let plan = subject.lenient();
    for entry in plan.mounts.iter().filter(|entry| entry.outcome == Outcome::Mounted) {
        let data = matches!(entry.mode, MountMode::ReadWrite | MountMode::Bind { .. });
        let Some(origin) = entry.origin.as_ref().filter(|_| data) else { continue };
        let mounted = subject.view().mount_at(&entry.path);
        if mounted.is_read_only() || mounted.flags.noexec {
            continue;
        }
        let opening = if entry.makes_exec() {
            entry.merged.iter().find(|line| *line.directive == *"ExecPaths")
        } else {
            let above = subject.entry_above(&entry.path).filter(|above| above.makes_exec());
            above.and_then(|above| match above.mode {
                MountMode::Exec => above.origin.as_ref(),
                _ => above.merged.iter().find(|line| *line.directive == *"ExecPaths"),
            })
        };
        let Some(opening) = opening else { continue };
        let path = entry.requested.as_ref().unwrap_or(&entry.path);
        report
            .add(
                subject.path_word(origin, path.as_path()),
                format!("what the service writes to {path} it can run, too"),
            )
            .also(subject.whole_of(Some(opening)), "opens it for programs")
            .help("keep programs and data apart")
            .line(format!("NoExecPaths={path}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn on_the_same_path_and_below() {
        let ours = |lines: &str| {
            let all = found_by("RF404", &format!("ProtectSystem=strict; ProtectHome=yes; NoExecPaths=/; {lines}"));
            all.into_iter().filter(|f| f.starts_with("RF404")).collect::<Vec<_>>()
        };
        assert_eq!(ours("ExecPaths=/usr /srv/app; ReadWritePaths=/srv/app"), ["RF404 /srv/app"]);
        assert_eq!(ours("ExecPaths=/usr /srv; StateDirectory=app"), [""; 0]);
    }
}
