//! Access lists that name paths below a temporary file system.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountEntry, MountMode, Outcome};
use ringfence_settings::PathAccess;
use ringfence_terms::Severity;

pub(crate) static HIDDEN_BELOW_TMPFS: Lint = Lint {
    code: "RF208",
    name: "hidden-below-tmpfs",
    severity: Severity::Error,
    versions: Versions::from(238),
    docs: Docs {
        what: "A path of `ReadWritePaths=`, `ReadOnlyPaths=`, `ExecPaths=`, `NoExecPaths=` or `InaccessiblePaths=` that lies \
               below a temporary file system (`TemporaryFileSystem=`, `ProtectHome=tmpfs`, `PrivateTmp=`).",
        why: "These lists change what is there; they do not bring back what is hidden. The new file system is empty, so \
              the path is not in it: the service fails to start with 226/NAMESPACE, or, where the path has a `-`, the \
              word does nothing and the service does not see its files. `BindPaths=` and `BindReadOnlyPaths=` bring a \
              path of the host back.",
        example: "[Service]\nTemporaryFileSystem=/var\nReadWritePaths=/var/lib/app\n",
        instead: "[Service]\nTemporaryFileSystem=/var\nBindPaths=/var/lib/app\n",
        reference: "systemd.exec(5), TemporaryFileSystem=; systemd issues 7908 and 8242",
    },
    shown_by: &["row-07-tmpfs-rw-below", "row-07-tmpfs-rw-below-optional", "row-22-home-tmpfs-rw"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    for entry in &subject.lenient().mounts {
        let (Some(origin), Outcome::Missing, false) = (&entry.origin, entry.outcome, entry.turn == usize::MAX)
        else {
            continue;
        };
        let (Some(word), Some(tmpfs)) = (subject.access_of(entry), tmpfs_above(subject, entry)) else { continue };
        if subject.on_host(&word.path).is_none() {
            continue;
        }
        let path = &word.path;
        let by = tmpfs.origin.as_ref();
        let named = by.map_or_else(|| "a temporary file system".to_owned(), |o| format!("{}={}", o.directive, o.value));
        let (severity, effect) = match word.optional {
            true => (Severity::Warning, "so this does nothing"),
            false => (Severity::Error, "and the service fails to start with 226/NAMESPACE"),
        };
        let message = format!("{path} is not in the empty file system that {named} puts over it, {effect}");
        let found = report
            .add(subject.path_word(origin, path.as_path()), message)
            .severity(severity)
            .also(subject.whole_of(by), "hides it");
        let bind = match word.access {
            PathAccess::ReadWrite => "BindPaths",
            PathAccess::Inaccessible => {
                found.help("take the word out: what is hidden is inaccessible already");
                continue;
            }
            _ => "BindReadOnlyPaths",
        };
        let Some(edit) = Edit::without_path(origin, path.as_path(), &subject.unit.specifiers) else { continue };
        let edits = match edit {
            Edit::Remove { file, line } => vec![Edit::Replace {
                file,
                line,
                directive: bind.to_owned(),
                value: path.to_string(),
            }],
            // One edit a line: the shortened list, and the bind in place of the word, come one after the other.
            rest => vec![rest, Edit::insert(origin, bind, path.to_string())],
        };
        found
            .help("bring the path back with a bind mount")
            .line(format!("{bind}={path}"))
            .fix(Trust::Suggested, format!("write `{bind}={path}`"), edits);
    }
}

/// The nearest entry above that puts an empty file system there.
fn tmpfs_above<'a>(subject: &'a Subject<'_>, entry: &MountEntry) -> Option<&'a MountEntry> {
    let is_empty = |mode: &MountMode| {
        matches!(mode, MountMode::Tmpfs { .. } | MountMode::PrivateTmp | MountMode::PrivateTmpfs)
    };
    subject.entry_above(&entry.path).filter(|above| is_empty(&above.mode) && above.outcome == Outcome::Mounted)
}

#[cfg(test)]
mod tests {
    use crate::testing::{findings, fixed, found_by};
    use ringfence_terms::Severity;

    #[test]
    fn a_dash_makes_it_silent_but_not_right() {
        let all = findings("TemporaryFileSystem=/var; ReadWritePaths=-/var/lib/app /data");
        assert_eq!(all[0].severity, Severity::Warning);
        assert!(all[0].message.ends_with("does nothing"));
    }

    #[test]
    fn the_word_becomes_a_bind() {
        let unit = "TemporaryFileSystem=/var; ProtectSystem=yes; ReadOnlyPaths=/data /var/lib/app";
        assert!(found_by("RF208", unit).contains(&"RF208 /var/lib/app".to_owned()));
        let fixed = fixed(unit);
        assert!(fixed.contains("\nReadOnlyPaths=/data\nBindReadOnlyPaths=/var/lib/app\n"), "{fixed}");
    }
}
