//! `BindPaths=`, `BindReadOnlyPaths=`, and the mounts of `StateDirectory=` and its kin.

use super::Wanted;
use crate::plan::directories::{is_private, placed};
use crate::plan::draft::Draft;
use crate::plan::mode::{EntryFlags, MountMode};
use ringfence_settings::DirectoryKind;

/// The empty directories over `/var/lib/private` and its like, which keep a dynamic user's directories apart (systemd:
/// `append_empty_dir_mounts`).
pub(super) fn private_roots(wanted: &mut Wanted) {
    let settings = wanted.settings;
    if settings.has_own_root() {
        return;
    }
    for kind in DirectoryKind::ALL {
        let Some(base) = wanted.run.bases.of(kind) else { continue };
        if let Some(first) = settings.directories.of(kind).next()
            && is_private(settings, kind)
            && let Ok(path) = base.join("private")
        {
            wanted.add(Draft::new(path, MountMode::EmptyDir, first.origin.as_ref()).read_only());
        }
    }
}

/// The two lists, which are one.
pub(super) fn binds(wanted: &mut Wanted) {
    let settings = wanted.settings;
    for entry in &settings.paths.binds {
        let bind = &entry.value;
        let mode =
            MountMode::Bind { source: bind.source.clone(), recursive: bind.recursive, id_mapped: false };
        let flags = EntryFlags { read_only: bind.read_only, ..EntryFlags::default() };
        let draft = Draft::new(bind.destination.clone(), mode, entry.origin.as_ref());
        wanted.add(draft.optional(bind.optional).flags(flags));
    }
}

/// Each directory of the unit, bound onto itself, so that it stays as writable as it is (systemd:
/// `src/core/exec-invoke.c: compile_bind_mounts`).
pub(super) fn directories(wanted: &mut Wanted) {
    let settings = wanted.settings;
    for directory in placed(settings, wanted.facts, &wanted.run.bases) {
        if directory.only_create && !directory.read_only {
            continue;
        }
        let (source, id_mapped) = (directory.path.clone(), directory.id_mapped);
        let mode = MountMode::Bind { source, recursive: true, id_mapped };
        let flags = EntryFlags {
            read_only: directory.read_only,
            nosuid: settings.identity.dynamic_user.value,
            ..EntryFlags::default()
        };
        let destination = match &directory.public {
            Some(public) if settings.has_own_root() => public.clone(),
            _ => directory.path.clone(),
        };
        wanted.add(Draft::new(destination, mode, directory.origin.as_ref()).flags(flags));
    }
}
