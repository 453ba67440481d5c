//! Stepping into another tree, so that it is the machine of which shadows are made.

use crate::build::{ShadowError, doing, fresh};
use ringfence_sys::fork::{Namespace, unshare};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount_bind_recursive, mount_change, unmount,
};
use std::path::Path;

/// Makes `dir` the calling process's root, with this machine's kernel: its `/proc`, `/sys` and `/dev`, and a `/run` of its own, as
/// after a boot. Other processes see nothing of it. The process must have one thread.
///
/// # Errors
/// When the process lacks a privilege, or the tree a directory. The process may then be half-way and should end.
pub fn enter_image(dir: &Path) -> Result<(), ShadowError> {
    doing(unshare(Namespace::Mount), || "make a new mount namespace".to_owned())?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    doing(mount_change("/", private), || "cut the mounts off from the machine's".to_owned())?;
    // What becomes a root must be a mount.
    doing(mount_bind_recursive(dir, dir), || format!("mount {}", dir.display()))?;
    for name in ["proc", "sys", "dev"] {
        let target = dir.join(name);
        let own = Path::new("/").join(name);
        doing(mount_bind_recursive(&own, &target), || {
            format!("show {} as {}", own.display(), target.display())
        })?;
    }
    fresh("tmpfs", &dir.join("run"), MountFlags::NOSUID | MountFlags::NODEV, c"mode=0755")?;
    let entered = rustix::process::chdir(dir)
        .and_then(|()| rustix::process::pivot_root(".", "."))
        .and_then(|()| unmount(".", UnmountFlags::DETACH))
        .and_then(|()| rustix::process::chdir("/"));
    doing(entered, || format!("step into {}", dir.display()))
}
