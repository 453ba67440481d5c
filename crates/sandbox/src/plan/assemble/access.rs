//! `ReadWritePaths=`, `ReadOnlyPaths=`, `InaccessiblePaths=`, `ExecPaths=`, `NoExecPaths=`.

use super::Wanted;
use crate::plan::Root;
use crate::plan::draft::Draft;
use crate::plan::mode::MountMode;
use ringfence_settings::{PathAccess, ProtectControlGroups};
use ringfence_terms::AbsPath;

/// `ReadWritePaths=`, which holds for `+` commands too, and the unit's own memory pressure file where the control group
/// tree becomes read-only (systemd: `src/core/exec-invoke.c: apply_mount_namespace`).
pub(super) fn read_write(wanted: &mut Wanted) {
    list(wanted, PathAccess::ReadWrite, MountMode::ReadWrite);
    let read_only = matches!(wanted.control_groups, ProtectControlGroups::Yes | ProtectControlGroups::Strict);
    if let Some(file) = &wanted.run.memory_pressure
        && read_only
    {
        let origin = wanted.settings.sandbox.protect_control_groups.origin.as_ref();
        let draft = Draft::new(file.clone(), MountMode::ReadWrite, origin);
        match wanted.root {
            Root::Host | Root::InPlace => wanted.add(draft),
            Root::Directory(_) => wanted.outside(draft),
        }
    }
}

/// The four lists that take something away.
pub(super) fn restrictions(wanted: &mut Wanted) {
    list(wanted, PathAccess::ReadOnly, MountMode::ReadOnly);
    list(wanted, PathAccess::Inaccessible, MountMode::Inaccessible);
    list(wanted, PathAccess::Exec, MountMode::Exec);
    list(wanted, PathAccess::NoExec, MountMode::NoExec);
}

/// With `RootDirectory=` a path without `+` is one of the host, and means nothing unless it lies below that directory.
fn list(wanted: &mut Wanted, access: PathAccess, mode: MountMode) {
    let settings = wanted.settings;
    for entry in settings.paths.access(access) {
        let inside = match wanted.root {
            Root::Directory(root) if !entry.value.in_root => entry.value.path.rebase(root, &AbsPath::root()),
            _ => Some(entry.value.path.clone()),
        };
        let path = inside.clone().unwrap_or_else(|| entry.value.path.clone());
        let draft = Draft::new(path, mode.clone(), entry.origin.as_ref()).optional(entry.value.optional);
        match inside {
            Some(_) => wanted.add(draft),
            None => wanted.outside(draft),
        }
    }
}
