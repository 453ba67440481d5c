//! `TemporaryFileSystem=` and `PrivateTmp=`.

use super::Wanted;
use crate::plan::draft::Draft;
use crate::plan::mode::MountMode;
use crate::plan::{PRIVATE_TMP_STORE, Root, need, tmpfs};
use crate::tree::host_flags;
use ringfence_settings::PrivateTmp;
use ringfence_unit::Manager;

/// `TemporaryFileSystem=` (systemd: `append_tmpfs_mounts`).
pub(super) fn file_systems(wanted: &mut Wanted) {
    let settings = wanted.settings;
    for entry in &settings.paths.temporary {
        let (mode, flags) = tmpfs::from_options(&entry.value.options);
        let draft = Draft::new(entry.value.path.clone(), mode, entry.origin.as_ref());
        wanted.add(draft.flags(flags));
    }
}

/// `PrivateTmp=`. Where the host's directory is read-only the service gets an empty read-only one instead (systemd:
/// `setup_one_tmp_dir`).
pub(super) fn private_tmp(wanted: &mut Wanted) {
    let setting = &wanted.settings.sandbox.private_tmp;
    let mode = match setting.value {
        PrivateTmp::No => return,
        PrivateTmp::Connected if !need::tmp_is_allocated(wanted.settings) => return,
        PrivateTmp::Connected => MountMode::PrivateTmp,
        PrivateTmp::Disconnected => MountMode::PrivateTmpfs,
    };
    // Where no root is changed, the place that both are taken from stays in view.
    if setting.value == PrivateTmp::Disconnected
        && *wanted.root == Root::InPlace
        && wanted.settings.manager == Manager::System
    {
        let mode = MountMode::Tmpfs {
            options: tmpfs::nested("mode=0700"),
            nosuid: false,
            nodev: true,
            noexec: false,
        };
        wanted.add(Draft::at(PRIVATE_TMP_STORE, mode, setting.origin.as_ref()));
    }
    for path in ["/tmp", "/var/tmp"] {
        let mut draft = Draft::at(path, mode.clone(), setting.origin.as_ref());
        if setting.value == PrivateTmp::Connected {
            let (flags, file_system_read_only) = host_flags(&draft.path, wanted.facts);
            draft.flags.read_only = flags.read_only || file_system_read_only;
        }
        wanted.add(draft);
    }
}
