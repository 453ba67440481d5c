//! A mount point that systemd makes on the host's disk.

use crate::finding::Report;
use crate::lint::{Docs, Lint, Versions};
use crate::subject::Subject;
use ringfence_sandbox::plan::MountMode;
use ringfence_sandbox::tree::Location;
use ringfence_terms::Severity;

pub(crate) static MOUNT_POINT_LEFT_BEHIND: Lint = Lint {
    code: "RF211",
    name: "mount-point-left-behind",
    severity: Severity::Note,
    versions: Versions::ALL,
    docs: Docs {
        what: "A destination of `BindPaths=`, `BindReadOnlyPaths=` or `TemporaryFileSystem=` that does not exist on this \
               machine and is not inside another file system of the unit's own.",
        why: "systemd makes the mount point on the host's disk, as an empty file or directory of root, even below a path \
              that is read-only for the service, and through a bind in the bind's source. It stays behind when the \
              service stops.",
        example: "[Service]\nBindReadOnlyPaths=/data:/srv/new\n",
        instead: "[Service]\nTemporaryFileSystem=/srv:ro\nBindReadOnlyPaths=/data:/srv/new\n",
        reference: "systemd: src/core/namespace.c, apply_one_mount() (make_mount_point_inode_from_mode)",
    },
    shown_by: &["row-26-bind-ro-bind-below", "row-11-tmpfs-dropped-bind-new", "one-tmpfs-new-on-disk"],
    check,
};

fn check(subject: &Subject<'_>, report: &mut Report) {
    let plan = subject.lenient();
    for entry in &plan.mounts {
        let (Some(origin), Some(_), MountMode::Bind { .. } | MountMode::Tmpfs { .. }) =
            (&entry.origin, entry.create, &entry.mode)
        else {
            continue;
        };
        if !origin.directive.starts_with("Bind") && *origin.directive != *"TemporaryFileSystem" {
            continue;
        }
        let Some(parent) = entry.path.parent() else { continue };
        let Some(name) = entry.path.file_name() else { continue };
        let Location::Host(directory) = plan.tree.locate(&plan.tree.spot_at(&parent, subject.facts()), &parent) else {
            continue;
        };
        let Ok(made) = directory.join(name) else { continue };
        if crate::booted::is_volatile(&made) || subject.settings.has_own_root() {
            continue;
        }
        let path = entry.requested.as_ref().unwrap_or(&entry.path);
        report
            .add(
                subject.path_word(origin, path.as_path()),
                format!("systemd makes {made} on this machine's disk for it, and leaves it there"),
            )
            .help("create it beforehand (tmpfiles.d(5)), or put an empty file system over its parent")
            .line(format!("TemporaryFileSystem={parent}:ro"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{found_by, messages};

    #[test]
    fn where_it_really_is_made_is_told() {
        let through = "BindReadOnlyPaths=/srv:/mnt; BindPaths=/data:/mnt/new";
        assert!(messages("RF211", through)[0].starts_with("systemd makes /srv/new on"));
    }

    #[test]
    fn in_memory_nothing_stays() {
        assert_eq!(found_by("RF211", "BindPaths=/data:/run/new; TemporaryFileSystem=/run/x"), [""; 0]);
    }
}
