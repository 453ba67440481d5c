//! How a process sees the file tree: from which root, in which mount namespace; and what that is on the host.

use crate::mounts::{FileOnDevice, MountTable};
use crate::proc;
use rustix::fs::{Mode, OFlags, open, readlink};
use rustix::io::Result;
use rustix::process::Pid;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A mount namespace and a root directory in it.
///
/// Absolute paths come in two kinds here. A process *sees* a path from its root. The kernel *names* files (in
/// `/proc/PID/exe`, `cwd`, `fd/N`) from the top of their mount namespace, or from the reader's root where the reader is
/// in the same namespace.
pub struct View {
    root: OwnedFd,
    /// The kernel's name of the root directory; empty for the namespace's top.
    prefix: Vec<u8>,
    /// Only when the mount namespace is not the host's.
    mounts: Option<(MountTable, std::sync::Arc<MountTable>)>,
}

impl View {
    /// The view of a process. `host` is the mount table of the host, for a process in another mount namespace.
    pub fn of(process: Pid, host: &Host) -> Result<View> {
        let root = open(
            proc::path(process, "root"),
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut prefix = readlink(proc::path(process, "root"), Vec::new())?.into_bytes();
        if prefix == b"/" {
            prefix.clear();
        }
        let mounts = if namespace(process)? == host.namespace {
            None
        } else {
            MountTable::of(process).ok().map(|table| (table, host.mounts()))
        };
        Ok(View { root, prefix, mounts })
    }

    /// The view from a root directory in this process's own mount namespace.
    pub fn below(root: &Path) -> Result<View> {
        let directory = open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut prefix = root.as_os_str().as_bytes().to_vec();
        if prefix == b"/" {
            prefix.clear();
        }
        Ok(View { root: directory, prefix, mounts: None })
    }

    /// Whether its root is the directory of this name, as the kernel names it from the top of the mount namespace.
    pub fn is_at(&self, named: &Path) -> bool {
        let named = named.as_os_str().as_bytes();
        self.prefix == if named == b"/" { b"" } else { named }
    }

    /// The root directory.
    pub fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// The path that a process with this view sees for the kernel's name of a file; `None` for one outside the root.
    pub fn seen(&self, named: &[u8]) -> Option<PathBuf> {
        let rest = named.strip_prefix(&self.prefix[..])?;
        match rest {
            b"" => Some(PathBuf::from("/")),
            [b'/', ..] => Some(Path::new(OsStr::from_bytes(rest)).to_path_buf()),
            _ => None,
        }
    }

    /// The host's path of what the process sees at `path`, where it is known and differs.
    pub fn host_path(&self, path: &Path) -> Option<PathBuf> {
        let mut named = self.prefix.clone();
        if path != Path::new("/") || named.is_empty() {
            named.extend_from_slice(path.as_os_str().as_bytes());
        }
        let named = Path::new(OsStr::from_bytes(&named)).to_path_buf();
        let found = match &self.mounts {
            None => named,
            Some((inside, host)) => host.path_of(&inside.file_at(&named)?)?,
        };
        (found != path).then_some(found)
    }

    /// Whether this view's host paths are always the paths seen.
    pub fn is_the_hosts(&self) -> bool {
        self.prefix.is_empty() && self.mounts.is_none()
    }
}

/// The host: the mount namespace of process 1 where that can be seen, else the recorder's own.
pub struct Host {
    namespace: PathBuf,
    mounts: std::cell::OnceCell<std::sync::Arc<MountTable>>,
    process: Pid,
}

impl Host {
    /// The host as this process can see it.
    pub fn new() -> Result<Host> {
        let own = rustix::process::getpid();
        let first = Pid::INIT;
        let (process, namespace) = match namespace(first) {
            Ok(namespace) => (first, namespace),
            Err(_) => (own, namespace(own)?),
        };
        Ok(Host { namespace, mounts: std::cell::OnceCell::new(), process })
    }

    /// Where the host sees a file of the file system on a device; the path is the one in that file system.
    pub fn path_of(&self, major: u32, minor: u32, path: &Path) -> Option<PathBuf> {
        self.mounts().path_of(&FileOnDevice::new(major, minor, path))
    }

    fn mounts(&self) -> std::sync::Arc<MountTable> {
        self.mounts
            .get_or_init(|| std::sync::Arc::new(MountTable::of(self.process).unwrap_or_default()))
            .clone()
    }
}

/// A process's mount namespace, as `mnt:[…]`.
fn namespace(process: Pid) -> Result<PathBuf> {
    let name = readlink(proc::path(process, "ns/mnt"), Vec::new())?;
    Ok(PathBuf::from(OsStr::from_bytes(name.as_bytes())))
}
