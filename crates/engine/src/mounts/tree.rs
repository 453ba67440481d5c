//! Mounts as descriptors: cloning, attaching and making them, below a directory that serves as root.

use ringfence_sys::mount::{Reach, few_mounts_below_root, mount_status};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, StatxAttributes, StatxFlags};
use rustix::io::{Errno, Result};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};
use std::path::{Component, Path, PathBuf};

/// Opens the path as a name only (`O_PATH`), below `root`, without following any symlink.
pub fn locate(root: BorrowedFd<'_>, path: &Path) -> Result<OwnedFd> {
    rustix::fs::openat2(
        root,
        relative(path),
        OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW,
        Mode::empty(),
        ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS,
    )
}

/// The path without its leading `/`; `.` for the root itself.
pub fn relative(path: &Path) -> PathBuf {
    let rest: PathBuf = path.components().filter(|c| matches!(c, Component::Normal(_))).collect();
    if rest.as_os_str().is_empty() { PathBuf::from(".") } else { rest }
}

/// Makes every missing directory of `path` below `root`, mode 0755.
pub fn make_directories(root: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let mut so_far = PathBuf::new();
    for component in relative(path).components() {
        so_far.push(component);
        match locate(root, &so_far) {
            Ok(_) => {}
            Err(Errno::NOENT) => {
                let parent = locate(root, so_far.parent().unwrap_or(Path::new("")))?;
                let name = so_far.file_name().ok_or(Errno::INVAL)?;
                match rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(e) => return Err(e),
                }
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Makes an empty file, mode 0644, and the directories above it.
pub fn make_file(root: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    make_directories(root, parent)?;
    let parent = locate(root, parent)?;
    let name = path.file_name().ok_or(Errno::INVAL)?;
    match rustix::fs::mknodat(parent, name, FileType::RegularFile, Mode::from_raw_mode(0o644), 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(e) => Err(e),
    }
}

/// Whether a descriptor is at the root of a mount.
pub fn is_mount_point(node: impl AsFd) -> Result<bool> {
    let status = rustix::fs::statx(node, "", AtFlags::EMPTY_PATH, StatxFlags::TYPE)?;
    Ok(status.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// The topmost mounts below a directory, by their paths from there; none where the kernel does not tell few mounts one by one.
/// A process sees no others than those below its root directory, and so this directory is that for a moment. With a
/// thousand mounts that is much less than to read the whole table.
///
/// # Errors
/// When the process's own root directory cannot be had back.
pub fn topmost_below(directory: impl AsFd) -> Result<Option<Vec<PathBuf>>> {
    // `STATX_MNT_ID_UNIQUE` of `linux/stat.h`.
    const UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);
    let open = |path| rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    let Ok(status) = rustix::fs::statx(&directory, "", AtFlags::EMPTY_PATH, UNIQUE) else { return Ok(None) };
    let (Ok(root), Ok(here)) = (open("/"), open(".")) else { return Ok(None) };
    if status.stx_mask & UNIQUE.bits() == 0 || rustix::process::fchdir(&directory).is_err() {
        return Ok(None);
    }
    let paths = rustix::process::chroot(".").and_then(|()| few_paths_below_root(status.stx_mnt_id));
    rustix::process::fchdir(root)?;
    rustix::process::chroot(".")?;
    rustix::process::fchdir(here)?;
    Ok(paths.ok().flatten().map(topmost))
}

fn few_paths_below_root(own: u64) -> Result<Option<Vec<PathBuf>>> {
    let Some(mounts) = few_mounts_below_root(own)? else { return Ok(None) };
    let path = |mount| {
        let point = PathBuf::from(mount_status(mount)?.point);
        point.strip_prefix("/").map(Path::to_path_buf).map_err(|_| Errno::NOENT)
    };
    mounts.into_iter().map(path).collect::<Result<_>>().map(Some)
}

/// Leaves out what lies on another.
pub fn topmost(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort_unstable();
    paths.dedup_by(|path, above| path.starts_with(above));
    paths
}

/// The type of file that a descriptor is at.
pub fn file_type(node: impl AsFd) -> Result<FileType> {
    Ok(FileType::from_raw_mode(rustix::fs::fstat(node)?.st_mode))
}

/// A detached copy of what is at a path of the caller's own root, following symlinks.
pub fn clone_host(path: &Path, reach: Reach) -> Result<OwnedFd> {
    open_tree(CWD, path, clone_flags(reach))
}

/// A detached copy of what is at a descriptor.
pub fn clone_at(node: impl AsFd, reach: Reach) -> Result<OwnedFd> {
    open_tree(node, "", clone_flags(reach) | OpenTreeFlags::AT_EMPTY_PATH)
}

fn clone_flags(reach: Reach) -> OpenTreeFlags {
    let recursive = if reach == Reach::Tree { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | recursive
}

/// Attaches a detached tree, or moves an attached one, onto a mount point.
pub fn attach(tree: impl AsFd, onto: impl AsFd) -> Result<()> {
    move_mount(
        tree,
        "",
        onto,
        "",
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH,
    )
}

/// A new file system, mounted nowhere yet; `source` is only its name in the mount table.
pub fn new_file_system<O: AsRef<str>>(
    kind: &str,
    options: &[O],
    flags: MountAttrFlags,
) -> std::result::Result<OwnedFd, NewFileSystemError> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, "source", kind)?;
    for option in options.iter().map(AsRef::as_ref) {
        match option.split_once('=') {
            Some((key, value)) => fsconfig_set_string(&context, key, value),
            None => fsconfig_set_flag(&context, option),
        }
        .map_err(|errno| NewFileSystemError { errno, option: Some(option.to_owned()) })?;
    }
    fsconfig_create(&context)?;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}

/// Why a file system could not be made, and which option was to blame, if one was.
#[derive(Debug)]
pub struct NewFileSystemError {
    /// What the kernel said.
    pub errno: Errno,
    /// The option that it refused.
    pub option: Option<String>,
}

impl From<Errno> for NewFileSystemError {
    fn from(errno: Errno) -> Self {
        NewFileSystemError { errno, option: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_another_mount_is_left_out() {
        let paths = ["fs/cgroup/unified", "kernel-too", "kernel/debug", "fs/cgroup", "kernel", "fs/cgroup"];
        let expected = ["fs/cgroup", "kernel", "kernel-too"].map(PathBuf::from);
        assert_eq!(topmost(paths.map(PathBuf::from).to_vec()), expected);
    }
}
