//! Conditions on files (systemd: `src/shared/condition.c: condition_test_path_exists` and its neighbours).

use super::Answer;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `None` for a condition that is not about files.
pub fn answer(check: &str, parameter: &str) -> Option<Answer> {
    let path = Path::new(parameter);
    let holds = match check {
        "PathExists" => path.exists(),
        "PathExistsGlob" => glob::glob(parameter).is_ok_and(|mut found| found.next().is_some()),
        "PathIsDirectory" => path.is_dir(),
        "PathIsSymbolicLink" => path.is_symlink(),
        "PathIsMountPoint" => is_mount_point(path),
        "PathIsReadWrite" => rustix::fs::statvfs(path)
            .is_ok_and(|fs| !fs.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY)),
        "DirectoryNotEmpty" => fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()),
        "FileNotEmpty" => fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > 0),
        "FileIsExecutable" => {
            fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        }
        "PathIsEncrypted" => return Some(Answer::Unknown("whether a disk is encrypted is not looked at")),
        _ => return None,
    };
    Some(holds.into())
}

/// A mount point is another mount than the directory that it is in.
fn is_mount_point(path: &Path) -> bool {
    let id = |path: &Path| {
        rustix::fs::statx(rustix::fs::CWD, path, rustix::fs::AtFlags::empty(), rustix::fs::StatxFlags::MNT_ID)
            .map(|stat| stat.stx_mnt_id)
    };
    match path.parent() {
        Some(parent) => matches!((id(path), id(parent)), (Ok(own), Ok(above)) if own != above),
        None => true,
    }
}
