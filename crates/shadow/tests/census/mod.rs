//! What a tree of files is like, to see whether anything of it changes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Kind and mode, size, owner, times of the last change.
pub type Seen = (u32, u64, u32, i64, i64);

/// Every file below a directory.
pub fn census(top: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut all = BTreeMap::new();
    let mut pending = vec![top.to_owned()];
    while let Some(path) = pending.pop() {
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            pending.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
        all.insert(path, (meta.mode(), meta.size(), meta.uid(), meta.mtime(), meta.ctime()));
    }
    all
}
