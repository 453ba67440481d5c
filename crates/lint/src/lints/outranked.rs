//! A line that another one on the same path makes void.

use super::hidden_anyway::is_about_paths;
use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{DropReason, Dropped, MountMode};
use ringfence_terms::{Origin, Severity};

pub(crate) static OUTRANKED: Lint = Lint {
    code: "RF105",
    name: "outranked",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A line about a path for which another line has an entry of a higher rank, so that nothing of this one is \
               left: two binds to one destination, a temporary file system where a directory is bound, a read-only path \
               that is inaccessible.",
        why: "systemd keeps one entry for a path, by the kind of entry and not by the order of lines. The unit says two \
              things about the path, and one of them does not happen.",
        example: "[Service]\nBindPaths=/srv/app:/mnt\nBindPaths=/srv/www:/mnt:norbind\n",
        instead: "[Service]\nBindPaths=/srv/www:/mnt:norbind\n",
        reference: "systemd: src/core/namespace.c, drop_duplicates() and the order of MountMode",
    },
    shown_by: &["same-path-two-binds", "same-path-norbind-vs-rbind", "same-path-bind-vs-tmpfs", "same-path-private-tmp-vs-tmpfs"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for dropped in &subject.lenient().dropped {
        let (Some(origin), DropReason::DuplicateOf { winner: Some(winner), mode }) = (&dropped.origin, &dropped.why)
        else {
            continue;
        };
        let same_line = winner.file == origin.file && winner.line == origin.line;
        if is_about_paths(origin) && is_void(dropped, mode) && !same_line && !own_directory(winner) {
            found(subject, report, dropped, origin, winner);
        }
    }
}

/// Whether nothing of the entry is left. What other lints tell of, and entries that leave their flags, are not meant.
fn is_void(dropped: &Dropped, winner: &MountMode) -> bool {
    match (&dropped.mode, winner) {
        (_, MountMode::Inaccessible) => dropped.mode != MountMode::Inaccessible,
        (MountMode::Tmpfs { .. }, mode) => !mode.is_access_only(),
        (MountMode::Bind { .. }, MountMode::Bind { .. }) => true,
        (MountMode::ReadOnly | MountMode::ReadWrite, _) => dropped.mode == *winner,
        _ => false,
    }
}

/// A directory of `StateDirectory=` and its kin is bound onto itself: beside it, nothing else is wanted.
fn own_directory(winner: &Origin) -> bool {
    winner.directive.ends_with("Directory")
}

fn found(subject: &Subject<'_>, report: &mut Report, dropped: &Dropped, origin: &Origin, winner: &Origin) {
    let path = &dropped.path;
    let message = format!("this does nothing: {}={} on the same path ({path}) outranks it", winner.directive, winner.value);
    report
        .add(subject.path_word(origin, path.as_path()), message)
        .also(subject.whole_of(Some(winner)), "this one counts")
        .help("take one of the two out");
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn what_leaves_its_flags_is_not_void() {
        assert_eq!(found_by("RF105", "BindPaths=/data:/mnt; ReadOnlyPaths=/mnt"), [""; 0]);
        assert_eq!(found_by("RF105", "InaccessiblePaths=/data; ReadOnlyPaths=/data; ProtectSystem=full"), ["RF105 /data"]);
    }
}
