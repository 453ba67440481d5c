//! `ReadWritePaths=` on the very path that something makes read-only.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{DropReason, MountMode};
use ringfence_terms::Severity;

pub(crate) static READ_WRITE_OUTRANKED: Lint = Lint {
    code: "RF206",
    name: "read-write-outranked",
    severity: Severity::Warning,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path of `ReadWritePaths=` that another line makes read-only by the very same name: `/etc` with \
               `ProtectSystem=full`, `/home` with `ProtectHome=read-only`, `/` with `ProtectSystem=strict`.",
        why: "systemd keeps one entry for a path, and of the two the read-only one. `ReadWritePaths=` opens what lies \
              *below* a read-only path, never the path itself: writing there fails with EROFS.",
        example: "[Service]\nProtectHome=read-only\nReadWritePaths=/home\n",
        instead: "[Service]\nProtectHome=read-only\nReadWritePaths=/home/alice\n",
        reference: "systemd: src/core/namespace.c, drop_duplicates() and the order of MountMode",
    },
    shown_by: &[
        "same-path-home-ro-vs-rw",
        "same-path-full-vs-rw-etc",
        "same-path-strict-vs-rw-root",
        "same-path-ro-vs-rw",
        "same-path-bind-ro-vs-rw",
    ],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let view = subject.view();
    for dropped in &subject.lenient().dropped {
        let (MountMode::ReadWrite, Some(origin), DropReason::DuplicateOf { winner: Some(winner), mode }) =
            (&dropped.mode, &dropped.origin, &dropped.why)
        else {
            continue;
        };
        let path = &dropped.path;
        if *mode == MountMode::Inaccessible || !view.mount_at(path).is_read_only() {
            continue;
        }
        let message =
            format!("{path} stays read-only: {}={} on the same path outranks this", winner.directive, winner.value);
        let found = report
            .add(subject.path_word(origin, path.as_path()), message)
            .also(subject.whole_of(Some(winner)), "outranks it");
        let inside = if path.is_root() { "/srv/app".to_owned() } else { format!("{path}/NAME") };
        match (&*winner.directive, &*winner.value) {
            ("ReadOnlyPaths" | "ReadOnlyDirectories" | "BindReadOnlyPaths", _) => {
                found.help("take the path out of one of the two lines");
            }
            _ => {
                found
                    .help("name the directories below that are to be writable")
                    .line(format!("ReadWritePaths={inside}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::found_by;

    #[test]
    fn the_path_itself_never_opens_but_what_is_below_does() {
        assert_eq!(found_by("RF206", "ProtectSystem=full; ReadWritePaths=/etc/app /etc"), ["RF206 /etc"]);
        assert_eq!(found_by("RF206", "ProtectSystem=full; ReadWritePaths=/etc/app"), [""; 0]);
    }
}
