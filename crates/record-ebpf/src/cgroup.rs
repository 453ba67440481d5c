//! Control groups of the unified hierarchy.

use crate::kernel::Cgroup;
use ringfence_record::{RecordError, RecorderKind, Target};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// `CGROUP2_SUPER_MAGIC` (`linux/magic.h`).
const CGROUP2: i64 = 0x6367_7270;

/// The control group of a directory, which need not exist yet as long as one above it does.
pub fn find(directory: &Path, target: &Target) -> Result<Cgroup, RecordError> {
    let attach = |source| RecordError::Attach { target: target.to_string(), source };
    let directory = std::path::absolute(directory).map_err(attach)?;
    let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let kind = rustix::fs::statfs(existing).map_err(|errno| attach(errno.into()))?.f_type;
    if kind as i64 != CGROUP2 {
        return Err(RecordError::Unsuitable {
            kind: RecorderKind::Ebpf,
            target: target.to_string(),
            reason: "the directory is not in a cgroup2 file system",
        });
    }
    let id = match std::fs::metadata(&directory) {
        // The number that BPF programs know a group by is its inode's (cgroup_id(), linux/cgroup.h).
        Ok(metadata) => metadata.ino(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(attach(error)),
    };
    let root = root_of(existing);
    let path = directory.strip_prefix(&root).unwrap_or(&directory);
    let path =
        if path.as_os_str().is_empty() { Vec::new() } else { [b"/", path.as_os_str().as_bytes()].concat() };
    Ok(Cgroup { base: root, path, id })
}

/// The mount point: the highest directory on the same file system.
fn root_of(directory: &Path) -> PathBuf {
    let device = |path: &Path| std::fs::metadata(path).map(|m| m.dev()).ok();
    let own = device(directory);
    directory.ancestors().take_while(|path| device(path) == own).last().unwrap_or(directory).to_path_buf()
}
