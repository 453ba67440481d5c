//! A line that says of a path what holds for it already.

use super::hidden_anyway::is_about_paths;
use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{DropReason, MountMode};
use ringfence_settings::AccessPath;
use ringfence_terms::{Severity, Sourced};

pub(crate) static REDUNDANT: Lint = Lint {
    code: "RF103",
    name: "redundant",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path of `ReadOnlyPaths=` in a tree that is read-only already, or of `ReadWritePaths=` in one that such a \
               line opens already.",
        why: "The word does nothing. It hides from the reader what really protects the path, and stays behind when that \
              is changed.",
        example: "[Service]\nProtectSystem=strict\nProtectHome=yes\nReadOnlyPaths=/etc/app\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\n",
        reference: "systemd: src/core/namespace.c, drop_nop()",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let plan = subject.lenient();
    for dropped in &plan.dropped {
        let (Some(origin), DropReason::Redundant { under }) = (&dropped.origin, &dropped.why) else { continue };
        let carries_flags = dropped.flags.exec || dropped.flags.noexec;
        if carries_flags || !is_about_paths(origin) || !matches!(dropped.mode, MountMode::ReadOnly | MountMode::ReadWrite) {
            continue;
        }
        let same_word = |word: &Sourced<AccessPath>| {
            word.origin.as_ref() == Some(origin) && word.value.path == dropped.path
        };
        let is_there = subject.on_host(&dropped.path).is_some();
        if !is_there || !subject.is_same_without(same_word) {
            continue; // What it takes along with it may matter: `ReadOnlyPaths=/run` does.
        }
        let state = if dropped.mode == MountMode::ReadOnly { "read-only" } else { "writable" };
        let above = plan.mounts.iter().find(|entry| entry.path == *under).and_then(|entry| entry.origin.as_ref());
        let message = format!("this does nothing: {} is {state} already, as all of {under} is", dropped.path);
        let found = report
            .add(subject.path_word(origin, dropped.path.as_path()), message)
            .also(subject.whole_of(above), "does it");
        if let Some(edit) = Edit::without_path(origin, dropped.path.as_path(), &subject.unit.specifiers) {
            found.fix(Trust::Safe, "take the path out", vec![edit]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn the_word_goes() {
        let unit = "ReadOnlyPaths=/srv /srv/app /data";
        assert_eq!(found_by("RF103", unit), ["RF103 /srv/app"]);
        assert!(fixed(unit).contains("\nReadOnlyPaths=/srv /data\n"));
    }

    #[test]
    fn what_alternates_has_an_effect() {
        assert_eq!(found_by("RF103", "ReadOnlyPaths=/srv /srv/app/data; ReadWritePaths=/srv/app"), [""; 0]);
    }
}
