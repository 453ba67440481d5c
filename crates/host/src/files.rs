//! Looking files up, once each.

use hashbrown::HashMap;
use ringfence_sandbox::facts::{Node, NodeKind};
use ringfence_terms::{AbsPath, Errno};
use rustix::fs::{AtFlags, FileType, Mode, Statx, StatxAttributes, StatxFlags, makedev};
use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// Files below a root directory, remembered after the first look.
pub struct Files {
    root: PathBuf,
    seen: RwLock<HashMap<AbsPath, Result<File, Errno>>>,
}

/// What was seen of a file.
#[derive(Clone)]
struct File {
    node: Node,
    mount: Option<OnMount>,
}

/// On which mount a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnMount {
    /// The mount's unique number.
    pub unique: u64,
    /// The file is what is mounted.
    pub is_root: bool,
}

impl Files {
    pub fn below(root: PathBuf) -> Files {
        Files { root, seen: RwLock::default() }
    }

    pub fn node(&self, path: &AbsPath) -> Result<Node, Errno> {
        self.of(path, |file| file.node.clone())
    }

    /// On which mount a file lies; none where the kernel does not tell (before Linux 6.8).
    pub fn mount(&self, path: &AbsPath) -> Result<Option<OnMount>, Errno> {
        self.of(path, |file| file.mount)
    }

    fn of<T>(&self, path: &AbsPath, part: impl Fn(&File) -> T) -> Result<T, Errno> {
        let told = |file: &Result<File, Errno>| file.as_ref().map(&part).map_err(|errno| *errno);
        if let Some(known) = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return told(known);
        }
        let found = self.look(path);
        // Another thread may have looked meanwhile; then all go by what it saw.
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        told(seen.entry(path.clone()).or_insert(found))
    }

    fn on_disk<'p>(&self, path: &'p AbsPath) -> Cow<'p, Path> {
        if self.root.as_os_str() == "/" {
            return Cow::Borrowed(path.as_path());
        }
        let below = path.as_path().strip_prefix("/").unwrap_or(path.as_path());
        Cow::Owned(if below.as_os_str().is_empty() { self.root.clone() } else { self.root.join(below) })
    }

    fn look(&self, path: &AbsPath) -> Result<File, Errno> {
        let real = self.on_disk(path);
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let stat = rustix::fs::statx(rustix::fs::CWD, &*real, flags, StatxFlags::BASIC_STATS | UNIQUE_MOUNT)
            .map_err(errno)?;
        let kind = match FileType::from_raw_mode(stat.stx_mode.into()) {
            FileType::Directory => NodeKind::Directory,
            FileType::Symlink => NodeKind::Symlink(OsString::from_vec(
                rustix::fs::readlinkat(rustix::fs::CWD, &*real, Vec::new()).map_err(errno)?.into_bytes(),
            )),
            FileType::CharacterDevice => NodeKind::CharDevice,
            FileType::BlockDevice => NodeKind::BlockDevice,
            FileType::Fifo => NodeKind::Fifo,
            FileType::Socket => NodeKind::Socket,
            FileType::RegularFile | FileType::Unknown => NodeKind::File,
        };
        let has_acl = matches!(kind, NodeKind::Directory | NodeKind::File) && has_acl(&real);
        let mount = (stat.stx_mask & UNIQUE_MOUNT.bits() != 0).then(|| OnMount {
            unique: stat.stx_mnt_id,
            is_root: stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
        });
        Ok(File { node: node(kind, &stat, has_acl), mount })
    }
}

/// `STATX_MNT_ID_UNIQUE` of `linux/stat.h`.
const UNIQUE_MOUNT: StatxFlags = StatxFlags::from_bits_retain(0x4000);

fn node(kind: NodeKind, stat: &Statx, has_acl: bool) -> Node {
    let is_device = matches!(kind, NodeKind::CharDevice | NodeKind::BlockDevice);
    Node {
        kind,
        mode: Mode::from_raw_mode(stat.stx_mode.into()).bits() & 0o7777,
        uid: stat.stx_uid,
        gid: stat.stx_gid,
        rdev: if is_device { makedev(stat.stx_rdev_major, stat.stx_rdev_minor) } else { 0 },
        has_acl,
    }
}

/// Whether an access control list goes beyond the mode bits (acl(5)). A file system without ACLs has none.
fn has_acl(path: &Path) -> bool {
    let mut nothing: [u8; 0] = [];
    matches!(rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut nothing), Ok(size) if size > 0)
}

fn errno(error: rustix::io::Errno) -> Errno {
    Errno(error.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn tells_kinds_modes_and_links_without_following() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "x").unwrap();
        std::fs::set_permissions(dir.path().join("file"), PermissionsExt::from_mode(0o4750)).unwrap();
        symlink("/nowhere", dir.path().join("link")).unwrap();
        let files = Files::below(dir.path().to_path_buf());
        let node = |p: &str| files.node(&AbsPath::parse(p).unwrap());
        assert_eq!(node("/").unwrap().kind, NodeKind::Directory);
        assert_eq!(node("/file").unwrap().mode, 0o4750);
        assert_eq!(node("/link").unwrap().kind, NodeKind::Symlink("/nowhere".into()));
        assert_eq!(node("/nothing").unwrap_err(), Errno::ENOENT);
        assert_eq!(node("/file/below").unwrap_err(), Errno::ENOTDIR);
    }

    #[test]
    fn a_second_look_sees_what_the_first_saw() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::below(dir.path().to_path_buf());
        let path = AbsPath::parse("/later").unwrap();
        assert!(files.node(&path).is_err());
        std::fs::write(dir.path().join("later"), "x").unwrap();
        assert!(files.node(&path).is_err(), "a snapshot does not change under the planner");
    }
}
