//! `ReadWritePaths=` for a path that is writable already.

use crate::finding::{Edit, Report, Trust};
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::{MountMode, Outcome};
use ringfence_sandbox::view::Shows;
use ringfence_settings::{AccessPath, PathAccess, ProtectSystem};
use ringfence_terms::{Severity, Sourced};

pub(crate) static READ_WRITE_WITHOUT_EFFECT: Lint = Lint {
    code: "RF101",
    name: "read-write-without-effect",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A path of `ReadWritePaths=` around which nothing is read-only, so that it is as writable without the line.",
        why: "The line changes nothing but reads as if the rest was closed. Most often `ProtectSystem=strict` is what is \
              missing: `yes` and `full` close `/usr`, `/boot` and `/etc` only.",
        example: "[Service]\nProtectSystem=full\nReadWritePaths=/var/lib/app\n",
        instead: "[Service]\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=/var/lib/app\n",
        reference: "systemd.exec(5), ReadWritePaths= and ProtectSystem=",
    },
    shown_by: &[],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let strict = subject.settings.sandbox.protect_system.value == ProtectSystem::Strict;
    let mut read_only = subject.settings.paths.access(PathAccess::ReadOnly);
    if strict || read_only.any(|word| word.value.path.is_root()) {
        return; // Then the line says that it is meant, of a path that is left open anyway.
    }
    for entry in &subject.lenient().mounts {
        let Some(origin) = entry.origin.as_ref().filter(|_| subject.access_of(entry).is_some()) else { continue };
        if entry.mode != MountMode::ReadWrite || entry.outcome != Outcome::Mounted || !entry.merged.is_empty() {
            continue;
        }
        let mounted = subject.view().mount_at(&entry.path);
        let on_host = matches!(mounted.shows, Shows::Host(_)) && !mounted.is_read_only();
        let same_word = |word: &Sourced<AccessPath>| {
            word.origin.as_ref() == Some(origin)
                && subject.access_of(entry).is_some_and(|known| *known == word.value)
        };
        if !on_host || !subject.is_same_without(same_word) {
            continue;
        }
        let path = entry.requested.as_ref().unwrap_or(&entry.path);
        let edit = Edit::without_path(origin, path.as_path(), &subject.unit.specifiers);
        let found = report
            .add(
                subject.path_word(origin, path.as_path()),
                format!("this does nothing: no line makes {path} read-only"),
            )
            .help("write `ProtectSystem=strict` to make all else read-only, or take the path out");
        if let Some(edit) = edit {
            found.fix(Trust::Safe, "take the path out", vec![edit]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fixed, found_by};

    #[test]
    fn only_paths_around_which_all_is_open() {
        let unit = "ProtectSystem=full; ReadWritePaths=/etc/app /srv/app";
        assert_eq!(found_by("RF101", unit), ["RF101 /srv/app"]);
        assert!(fixed(unit).contains("\nReadWritePaths=/etc/app\n"));
        // ProtectProc= takes /run out of what is read-only, which nobody is to rely on.
        assert_eq!(found_by("RF101", "ReadOnlyPaths=/; ReadWritePaths=/run; ProtectProc=invisible"), [""; 0]);
    }
}
