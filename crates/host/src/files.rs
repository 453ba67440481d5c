//! Looking files up, once each.

use hashbrown::HashMap;
use ringfence_sandbox::facts::{Node, NodeKind};
use ringfence_terms::{AbsPath, Errno};
use rustix::fs::{AtFlags, FileType, Mode, Stat};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

/// Files below a root directory, remembered after the first look.
pub struct Files {
    root: PathBuf,
    seen: RwLock<HashMap<AbsPath, Result<Node, Errno>>>,
}

impl Files {
    pub fn below(root: PathBuf) -> Files {
        Files { root, seen: RwLock::default() }
    }

    pub fn node(&self, path: &AbsPath) -> Result<Node, Errno> {
        if let Some(known) = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let found = self.look(path);
        // Another thread may have looked meanwhile; then all go by what it saw.
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.entry(path.clone()).or_insert(found).clone()
    }

    fn on_disk(&self, path: &AbsPath) -> PathBuf {
        let below = path.as_path().strip_prefix("/").unwrap_or(path.as_path());
        if below.as_os_str().is_empty() { self.root.clone() } else { self.root.join(below) }
    }

    fn look(&self, path: &AbsPath) -> Result<Node, Errno> {
        let real = self.on_disk(path);
        let stat =
            rustix::fs::statat(rustix::fs::CWD, &real, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT)
                .map_err(errno)?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => NodeKind::Directory,
            FileType::Symlink => NodeKind::Symlink(OsString::from_vec(
                rustix::fs::readlinkat(rustix::fs::CWD, &real, Vec::new()).map_err(errno)?.into_bytes(),
            )),
            FileType::CharacterDevice => NodeKind::CharDevice,
            FileType::BlockDevice => NodeKind::BlockDevice,
            FileType::Fifo => NodeKind::Fifo,
            FileType::Socket => NodeKind::Socket,
            FileType::RegularFile | FileType::Unknown => NodeKind::File,
        };
        let has_acl = matches!(kind, NodeKind::Directory | NodeKind::File) && has_acl(&real);
        Ok(node(kind, &stat, has_acl))
    }
}

fn node(kind: NodeKind, stat: &Stat, has_acl: bool) -> Node {
    let is_device = matches!(kind, NodeKind::CharDevice | NodeKind::BlockDevice);
    Node {
        kind,
        mode: Mode::from_raw_mode(stat.st_mode).bits() & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        rdev: if is_device { stat.st_rdev } else { 0 },
        has_acl,
    }
}

/// Whether an access control list goes beyond the mode bits (acl(5)). A file system without ACLs has none.
fn has_acl(path: &std::path::Path) -> bool {
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
