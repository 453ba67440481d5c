//! An exec or noexec flag that goes with a redundant read-only entry.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{DropReason, Dropped, MountMode};
use ringfence_terms::{Origin, Severity};

pub(crate) static EXEC_FLAG_LOST: Lint = Lint {
    code: "RF203",
    name: "exec-flag-lost",
    severity: Severity::Warning,
    versions: Versions::from(248),
    docs: Docs {
        what: "A path in both `ReadOnlyPaths=` and `NoExecPaths=` or `ExecPaths=`, below a tree that is read-only already.",
        why: "systemd merges the entries of one path into one, and then drops it because the tree above is read-only \
              anyway, and with it the flag: a `NoExecPaths=` path stays executable, and below `NoExecPaths=/` an \
              `ExecPaths=` path stays noexec, so that nothing can be run from it (203/EXEC).",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nNoExecPaths=/srv\nReadOnlyPaths=/srv\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nNoExecPaths=/srv\nBindReadOnlyPaths=/srv\n",
        reference: "systemd: src/core/namespace.c, drop_duplicates() and drop_nop(); systemd issue 43779",
    },
    shown_by: &["row-36-strict-noexec-root-ro-usr", "row-37-strict-noexec-ro"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let dropped = &subject.lenient().dropped;
    for lost in dropped.iter().filter(|lost| matches!(lost.why, DropReason::Redundant { .. })) {
        let flag = match (lost.flags.noexec, lost.flags.exec) {
            (true, _) => MountMode::NoExec,
            (false, true) => MountMode::Exec,
            (false, false) => continue,
        };
        let is_noexec = subject.view().mount_at(&lost.path).flags.noexec;
        if is_noexec != (flag == MountMode::NoExec)
            && let Some(of_flag) = dropped.iter().find(|other| other.path == lost.path && other.mode == flag)
            && let Some(origin) = &of_flag.origin
        {
            found(subject, report, lost, origin, flag == MountMode::NoExec);
        }
    }
}

fn found(subject: &Subject<'_>, report: &mut Report, lost: &Dropped, origin: &Origin, noexec: bool) {
    let path = &lost.path;
    let by = lost.origin.as_ref().map_or_else(String::new, |o| format!("{}={}", o.directive, o.value));
    let effect = if noexec { "programs can still be run from it" } else { "no program can be run from it" };
    report
        .add(
            subject.path_word(origin, path.as_path()),
            format!("this has no effect on {path}: merged with {by}, it is dropped as redundant, and {effect}"),
        )
        .also(subject.whole_of(lost.origin.as_ref()), "takes the flag with it")
        .help(format!("bind {path} onto itself in place of that word"))
        .line(format!("BindReadOnlyPaths={path}"));
}

#[cfg(test)]
mod tests {
    use crate::testing::{found_by, messages};

    #[test]
    fn both_flags_can_be_lost() {
        let noexec = "ProtectSystem=strict; ProtectHome=yes; NoExecPaths=/srv; ReadOnlyPaths=/srv";
        assert!(messages("RF203", noexec)[0].ends_with("can still be run from it"));
        let exec = "ProtectSystem=strict; ProtectHome=yes; NoExecPaths=/; ExecPaths=/usr; ReadOnlyPaths=/usr";
        assert!(messages("RF203", exec)[0].ends_with("no program can be run from it"));
    }

    #[test]
    fn without_a_read_only_tree_above_the_flags_hold() {
        assert_eq!(found_by("RF203", "NoExecPaths=/srv; ReadOnlyPaths=/srv"), [""; 0]);
    }
}
