//! Which flags an entry's mounts get, and how far each reaches (systemd: `make_read_only`, `make_noexec`,
//! `make_nosuid` in `src/core/namespace.c`).

use ringfence_sandbox::plan::{MountEntry, MountMode};
use ringfence_sys::mount::{MountFlags, Reach, set_mount_flags};
use rustix::fd::AsFd;
use rustix::io::{Errno, Result};

/// Changes to an entry's mounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlagChanges {
    /// Set on the entry's mount and on everything below it that is no other entry's.
    pub tree: MountFlags,
    /// Set on the entry's own mount only.
    pub one: MountFlags,
    /// Cleared on the entry's mount and on everything below it that is no other entry's.
    pub tree_cleared: MountFlags,
}

impl FlagChanges {
    /// What an applied entry asks for.
    pub fn of(entry: &MountEntry, nosuid_all: bool) -> FlagChanges {
        let mut changes = FlagChanges::default();
        // Nothing is below a new tmpfs but other entries.
        let alone = matches!(entry.mode, MountMode::EmptyDir | MountMode::Tmpfs { .. });
        let read_only = entry.flags.read_only
            || matches!(entry.mode, MountMode::ReadOnly | MountMode::Inaccessible | MountMode::EmptyDir);
        if read_only {
            *changes.reaching(!alone) |= MountFlags::READ_ONLY;
        } else if entry.mode == MountMode::PrivateDev {
            changes.one |= MountFlags::READ_ONLY;
        }
        if entry.flags.nosuid {
            *changes.reaching(read_only && !alone) |= MountFlags::NOSUID;
        }
        let noexec = entry.flags.noexec
            || matches!(
                entry.mode,
                MountMode::NoExec
                    | MountMode::Inaccessible
                    | MountMode::PrivateSysfs
                    | MountMode::BindSysfs
                    | MountMode::Proc { .. }
            );
        if noexec {
            *changes.reaching(!alone) |= MountFlags::NOEXEC;
        } else if entry.flags.exec || entry.mode == MountMode::Exec {
            changes.tree_cleared |= MountFlags::NOEXEC;
        }
        if nosuid_all {
            *changes.reaching(!alone) |= MountFlags::NOSUID;
        }
        changes
    }

    /// What `NoNewPrivileges=` asks for at an applied entry.
    pub fn nosuid(entry: &MountEntry) -> FlagChanges {
        let mut changes = FlagChanges::default();
        let alone = matches!(entry.mode, MountMode::EmptyDir | MountMode::Tmpfs { .. });
        *changes.reaching(!alone) |= MountFlags::NOSUID;
        changes
    }

    fn reaching(&mut self, below: bool) -> &mut MountFlags {
        if below { &mut self.tree } else { &mut self.one }
    }

    /// Whether nothing changes.
    pub fn is_empty(self) -> bool {
        self == FlagChanges::default()
    }

    /// Whether a mount below the entry's would change, too.
    pub fn reach_below(self) -> bool {
        !(self.tree | self.tree_cleared).is_empty()
    }

    /// Makes the changes to the mount whose root `tree` is.
    ///
    /// In a user namespace the kernel keeps the noexec of mounts that came from outside. systemd fails when that
    /// concerns the entry's own mount and ignores it for those below (`bind_remount_recursive_with_mountinfo`).
    pub fn apply(self, tree: impl AsFd) -> Result<()> {
        let tree = tree.as_fd();
        if self.reach_below() {
            match set_mount_flags(tree, Reach::Tree, self.tree, self.tree_cleared) {
                Err(Errno::PERM) if !self.tree_cleared.is_empty() => {
                    set_mount_flags(tree, Reach::Tree, self.tree, MountFlags::NONE)?;
                    set_mount_flags(tree, Reach::One, MountFlags::NONE, self.tree_cleared)?;
                }
                other => other?,
            }
        }
        if !self.one.is_empty() {
            set_mount_flags(tree, Reach::One, self.one, MountFlags::NONE)?;
        }
        Ok(())
    }
}
