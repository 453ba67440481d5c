//! The directories of `RuntimeDirectory=`, `StateDirectory=` and their kin: where they are, and what becomes of them on
//! the host before anything is mounted (systemd: `src/core/exec-invoke.c: setup_exec_directory`).

use super::{Bases, Failure};
use crate::facts::{Facts, Node, NodeKind};
use crate::tree::{Seen, Tree, directory};
use ringfence_settings::{DirectoryKind, Preserve, Settings};
use ringfence_terms::{AbsPath, Errno, Origin};
use ringfence_unit::Manager;

/// The user and group that own what is mapped to the service's user (systemd: `UID_NOBODY`).
const NOBODY: u32 = 65534;

/// One directory that is made on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectorySetup {
    /// The family.
    pub kind: DirectoryKind,
    /// On the host; below `private/` with `DynamicUser=`.
    pub path: AbsPath,
    /// Its mode.
    pub mode: u32,
    /// Symlinks to it on the host.
    pub symlinks: Vec<AbsPath>,
    /// It is only made; a listed directory above it is the one that is shown.
    pub only_create: bool,
    /// `ro`: the service sees it read-only.
    pub read_only: bool,
    /// It belongs to 65534 on disk, and is mapped to the service's user where it is mounted.
    pub id_mapped: bool,
    /// The public symlink of a `DynamicUser=` directory, for example `/var/lib/foo`.
    pub public: Option<AbsPath>,
    /// The line.
    pub origin: Option<Origin>,
}

/// Whether a family's directories lie below `private/` (systemd: `exec_directory_is_private`).
pub(super) fn is_private(settings: &Settings, kind: DirectoryKind) -> bool {
    settings.identity.dynamic_user.value
        && match kind {
            DirectoryKind::Configuration => false,
            DirectoryKind::Runtime => settings.directories.preserve_runtime.value != Preserve::No,
            DirectoryKind::State | DirectoryKind::Cache | DirectoryKind::Logs => true,
        }
}

/// All directories in the order of making: family by family, and parents before what is below them (systemd:
/// `exec_directory_sort`).
pub(super) fn placed(settings: &Settings, facts: &dyn Facts, bases: &Bases) -> Vec<DirectorySetup> {
    let mut all = Vec::new();
    for kind in DirectoryKind::ALL {
        let Some(base) = bases.of(kind) else { continue };
        let private = is_private(settings, kind);
        let mut family: Vec<DirectorySetup> = settings
            .directories
            .of(kind)
            .filter_map(|directory| {
                let public = base.join(&directory.value.path).ok()?;
                let path = if private {
                    base.join("private").ok()?.join(&directory.value.path).ok()?
                } else {
                    public.clone()
                };
                Some(DirectorySetup {
                    kind,
                    path,
                    mode: settings.directories.mode(kind).value,
                    symlinks: directory
                        .value
                        .symlinks
                        .iter()
                        .filter_map(|link| base.join(link).ok())
                        .collect(),
                    only_create: false,
                    read_only: directory.value.read_only,
                    id_mapped: false,
                    public: private.then_some(public),
                    origin: directory.origin.clone(),
                })
            })
            .collect();
        family.sort_by(|a, b| a.path.cmp(&b.path));
        for at in 1..family.len() {
            family[at].only_create =
                family[..at].iter().any(|above| family[at].path.is_at_or_below(&above.path));
        }
        for directory in &mut family {
            directory.id_mapped = directory.is_id_mapped(settings, facts);
        }
        all.append(&mut family);
    }
    all
}

impl DirectorySetup {
    fn is_id_mapped(&self, settings: &Settings, facts: &dyn Facts) -> bool {
        let (uid, gid) = super::identity::ids(settings, facts);
        if settings.manager == Manager::User || uid == 0 || gid == 0 || !self.file_system_maps_ids(facts) {
            return false;
        }
        let fresh = directory(self.mode);
        let moved = self.public.as_ref().and_then(|public| facts.node(public).ok());
        let node = match facts.node(&self.path) {
            Ok(node) => node,
            Err(_) => moved.filter(|node| node.kind == NodeKind::Directory).unwrap_or(fresh),
        };
        let owner = (node.uid, node.gid);
        owner == (NOBODY, NOBODY) || (self.public.is_some() && owner == (0, 0))
    }

    /// The file systems that mount_setattr(2) lists for `MOUNT_ATTR_IDMAP`.
    fn file_system_maps_ids(&self, facts: &dyn Facts) -> bool {
        let Some(mount) = facts.mounts().covering(&self.path) else { return false };
        let since = match mount.fs_type.as_str() {
            "ext4" | "ext3" | "ext2" | "vfat" | "xfs" => (5, 12),
            "ntfs3" | "btrfs" => (5, 15),
            "f2fs" => (5, 18),
            "erofs" => (5, 19),
            "squashfs" => (6, 2),
            "tmpfs" => (6, 3),
            "ceph" | "bcachefs" => (6, 7),
            _ => return false,
        };
        facts.features().kernel >= since
    }

    /// Makes the directory on the simulated host.
    pub(super) fn make(
        &self,
        settings: &Settings,
        facts: &dyn Facts,
        tree: &mut Tree,
    ) -> Result<(), Failure> {
        let (uid, gid) = super::identity::ids(settings, facts);
        let fail = |errno| self.failure(errno);
        let visible = self.public.as_ref().unwrap_or(&self.path);
        let place = match tree.resolve_on_host(&self.path, facts) {
            Ok(place) => place,
            Err(errno) => return Err(fail(errno)),
        };
        let linked = place.path != self.path;
        if linked && self.leaf_is_symlink(tree, facts) && !self.leads_to_private(&place.path) {
            if self.kind == DirectoryKind::Configuration {
                return Ok(());
            }
            return Err(fail(Errno::ELOOP));
        }
        if linked && self.leaf_is_symlink(tree, facts) {
            // The directory takes the place of the symlink.
            tree.make_on_host(&self.path, directory(self.mode));
        }
        let fresh = match &place.seen {
            Seen::Missing => {
                if let Some(mount) = facts.mounts().covering(&place.path)
                    && (mount.flags.read_only || mount.super_read_only)
                {
                    return Err(fail(Errno::EROFS));
                }
                true
            }
            Seen::Node(node) if node.kind != NodeKind::Directory => return Err(fail(Errno::ENOTDIR)),
            Seen::Failed(errno) => return Err(fail(*errno)),
            Seen::Node(_) | Seen::Unknown => false,
        };
        for above in place.path.ancestors_from_root() {
            if above != place.path && tree.is_missing_on_host(&above, facts) {
                let private =
                    self.public.is_some() && above.file_name().is_some_and(|name| name == "private");
                tree.make_on_host(&above, directory(if private { 0o700 } else { 0o755 }));
            }
        }
        if fresh || self.kind != DirectoryKind::Configuration {
            let before = match &place.seen {
                Seen::Node(node) => (node.uid, node.gid),
                _ => (0, 0),
            };
            tree.make_on_host(&place.path, Node { uid, gid, ..directory(self.mode) });
            if before != (uid, gid) && settings.manager == Manager::System {
                tree.give(&place.path, uid, gid);
            }
        }
        if fresh
            && visible != &self.path
            && let Ok(Node { kind: NodeKind::Directory, uid: owner, gid: group, .. }) = facts.node(visible)
        {
            tree.move_on_host(visible, &place.path);
            if (owner, group) != (uid, gid) {
                tree.give(&place.path, uid, gid);
            }
        }
        if visible != &self.path && !self.only_create {
            tree.make_on_host(visible, symlink(visible, &self.path));
        }
        Ok(())
    }

    fn leaf_is_symlink(&self, tree: &Tree, facts: &dyn Facts) -> bool {
        let parent = self.path.parent().and_then(|parent| tree.resolve_on_host(&parent, facts).ok());
        let leaf = parent.zip(self.path.file_name()).and_then(|(parent, name)| parent.path.join(name).ok());
        leaf.is_some_and(|leaf| matches!(facts.node(&leaf), Ok(Node { kind: NodeKind::Symlink(_), .. })))
    }

    /// A symlink that `DynamicUser=` left behind: the directory is moved back to where the symlink is.
    fn leads_to_private(&self, target: &AbsPath) -> bool {
        target.parent().and_then(|p| p.file_name().map(|n| n == "private")).unwrap_or(false)
            && target.file_name() == self.path.file_name()
    }

    fn failure(&self, errno: Errno) -> Failure {
        let what = match errno {
            Errno::ELOOP => "is a symlink to somewhere else; systemd refuses that",
            Errno::EROFS => "is missing, and its file system is read-only",
            Errno::ENOTDIR => "is not a directory, or something above it is not",
            _ => "cannot be made",
        };
        Failure {
            status: self.kind.exit_status(),
            path: Some(self.path.clone()),
            errno,
            origin: self.origin.clone(),
            why: format!("The directory {} of {}= {what}.", self.path, self.kind.directive()),
        }
    }
}

/// A symlink with a relative target, as systemd makes them (`src/basic/fs-util.c: symlink_idempotent`).
pub(super) fn symlink(from: &AbsPath, to: &AbsPath) -> Node {
    Node { kind: NodeKind::Symlink(relative(from, to)), ..directory(0o777) }
}

/// The way from the directory of one path to another path.
pub(super) fn relative(from: &AbsPath, to: &AbsPath) -> std::ffi::OsString {
    let start: Vec<_> = from.components().collect();
    let end: Vec<_> = to.components().collect();
    let directory = &start[..start.len().saturating_sub(1)];
    let shared = directory.iter().zip(&end).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(std::ffi::OsStr::new(".."), directory.len() - shared);
    let way: std::path::PathBuf = up.chain(end[shared..].iter().copied()).collect();
    way.into_os_string()
}
