//! `ProtectHome=` and `ProtectSystem=`.

use super::Wanted;
use crate::plan::draft::Draft;
use crate::plan::mode::{EntryFlags, MountMode};
use crate::plan::tmpfs;
use ringfence_settings::{ProtectHome, ProtectSystem};

/// The three places where users' files are, each with the mode of a file system that covers it.
const HOMES: [(&str, &str); 3] = [("/home", "mode=0755"), ("/run/user", "mode=0755"), ("/root", "mode=0700")];

/// `ProtectHome=`.
pub(super) fn home(wanted: &mut Wanted) {
    let setting = &wanted.settings.sandbox.protect_home;
    for (path, permissions) in HOMES {
        let (mode, flags) = match setting.value {
            ProtectHome::No => return,
            ProtectHome::Yes => (MountMode::Inaccessible, EntryFlags::default()),
            ProtectHome::ReadOnly => (MountMode::ReadOnly, EntryFlags::default()),
            ProtectHome::Tmpfs => {
                let mode = MountMode::Tmpfs {
                    options: tmpfs::tiny(permissions),
                    nosuid: false,
                    nodev: true,
                    noexec: false,
                };
                (mode, EntryFlags { read_only: true, ..EntryFlags::default() })
            }
        };
        let draft = Draft::at(path, mode, setting.origin.as_ref());
        wanted.add(draft.optional(true).flags(flags));
    }
}

/// `ProtectSystem=`. In strict mode the kernel's file systems and users' files stay as they are: other settings deal
/// with them.
pub(super) fn system(wanted: &mut Wanted) {
    use MountMode::{ReadOnly, ReadWriteImplicit};
    let setting = &wanted.settings.sandbox.protect_system;
    let table: &[(&'static str, MountMode, bool)] = match setting.value {
        ProtectSystem::No => &[],
        ProtectSystem::Yes => {
            &[("/usr", ReadOnly, false), ("/boot", ReadOnly, true), ("/efi", ReadOnly, true)]
        }
        ProtectSystem::Full => &[
            ("/usr", ReadOnly, false),
            ("/boot", ReadOnly, true),
            ("/efi", ReadOnly, true),
            ("/etc", ReadOnly, false),
        ],
        ProtectSystem::Strict => &[
            ("/", ReadOnly, false),
            ("/proc", ReadWriteImplicit, false),
            ("/sys", ReadWriteImplicit, false),
            ("/dev", ReadWriteImplicit, false),
            ("/home", ReadWriteImplicit, true),
            ("/run/user", ReadWriteImplicit, true),
            ("/root", ReadWriteImplicit, true),
        ],
    };
    for (path, mode, optional) in table {
        wanted.add(Draft::at(path, mode.clone(), setting.origin.as_ref()).optional(*optional));
    }
}
