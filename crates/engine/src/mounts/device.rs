//! `PrivateDevices=yes`: a new `/dev` with the pseudo devices and nothing else (systemd: `mount_private_dev` in
//! `src/core/namespace.c`, `dev_setup` in `src/shared/dev-setup.c`).

use super::host::Source;
use super::tree::{clone_host, new_file_system};
use ringfence_sys::mount::Reach;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, major, minor, mkdirat, mknodat, stat, symlinkat};
use rustix::io::{Errno, Result};
use rustix::mount::MountAttrFlags;
use std::path::{Path, PathBuf};

const OPTIONS: [&str; 3] = ["mode=0755", "size=4m", "nr_inodes=64k"];
const NODES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Makes the file system, and collects what of the host's `/dev` is mounted in it.
pub fn private_dev(log_symlink: bool) -> Result<Source> {
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NOEXEC
        | MountAttrFlags::MOUNT_ATTR_STRICTATIME;
    let tree = new_file_system("tmpfs", &OPTIONS, flags).map_err(|e| e.errno)?;
    let mut dev = Devices { tree, submounts: Vec::new(), may_mknod: true };

    dev.directory("pts")?;
    match rustix::fs::readlinkat(CWD, "/dev/ptmx", Vec::new()) {
        Ok(_) => symlinkat("pts/ptmx", &dev.tree, "ptmx")?,
        Err(Errno::INVAL) => dev.node("ptmx")?,
        Err(e) => return Err(e),
    }
    dev.directory("shm")?;
    for name in ["mqueue", "hugepages"] {
        let _ = dev.directory(name);
    }
    if log_symlink {
        let _ = symlinkat("/run/systemd/journal/dev-log", &dev.tree, "log");
    }
    for name in NODES {
        match dev.node(name) {
            // The host does not have it, so the service does not get it.
            Ok(()) | Err(Errno::NXIO) => {}
            Err(e) => return Err(e),
        }
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        let _ = symlinkat(target, &dev.tree, name);
    }
    if rustix::fs::access("/proc/kcore", rustix::fs::Access::EXISTS).is_ok() {
        let _ = symlinkat("/proc/kcore", &dev.tree, "core");
    }
    Ok(Source::Devices { tree: dev.tree, submounts: dev.submounts })
}

struct Devices {
    tree: OwnedFd,
    submounts: Vec<(PathBuf, OwnedFd)>,
    may_mknod: bool,
}

impl Devices {
    /// Shows a directory of the host's `/dev`, without what is mounted below it.
    fn directory(&mut self, name: &str) -> Result<()> {
        let path = Path::new("/dev").join(name);
        let tree = match clone_host(&path, Reach::One) {
            // A mount that may not be looked under must take along what lies on it (mount_namespaces(7)).
            Err(Errno::INVAL) => clone_host(&path, Reach::Tree)?,
            other => other?,
        };
        mkdirat(&self.tree, name, Mode::from_raw_mode(0o755))?;
        self.submounts.push((PathBuf::from(name), tree));
        Ok(())
    }

    /// Makes a device node like the host's. Where the kernel does not allow that, the host's own is shown.
    fn node(&mut self, name: &str) -> Result<()> {
        let path = Path::new("/dev").join(name);
        let host = match stat(&path) {
            Err(Errno::NOENT) => return Err(Errno::NXIO),
            other => other?,
        };
        let kind = FileType::from_raw_mode(host.st_mode);
        if kind != FileType::CharacterDevice && kind != FileType::BlockDevice {
            return Err(Errno::NXIO);
        }
        if self.may_mknod {
            match mknodat(&self.tree, name, kind, Mode::from_raw_mode(host.st_mode), host.st_rdev) {
                Ok(()) => return self.link_by_number(name, kind, host.st_rdev),
                Err(Errno::PERM) => self.may_mknod = false,
                Err(e) => return Err(e),
            }
        }
        mknodat(&self.tree, name, FileType::RegularFile, Mode::empty(), 0)?;
        self.submounts.push((PathBuf::from(name), clone_host(&path, Reach::One)?));
        self.link_by_number(name, kind, host.st_rdev)
    }

    /// `/dev/char/1:3` and the like.
    fn link_by_number(&self, name: &str, kind: FileType, number: u64) -> Result<()> {
        let class = if kind == FileType::BlockDevice { "block" } else { "char" };
        let _ = mkdirat(self.tree.as_fd(), class, Mode::from_raw_mode(0o755));
        let link = format!("{class}/{}:{}", major(number), minor(number));
        let _ = symlinkat(format!("../{name}"), &self.tree, link);
        Ok(())
    }
}
