//! Building a shadow and stepping into it.

use crate::device;
use crate::treatment::{Treatment, treatment};
use ringfence_sandbox::facts::{Mount, MountTable};
use ringfence_sys::fork::{Namespace, unshare};
use ringfence_terms::AbsPath;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use std::ffi::CString;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a shadow is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Parts that are less than a shadow: read-only instead of writable.
    pub weaknesses: Vec<Weakness>,
}

/// A part of the tree that could not be shadowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// Where.
    pub path: AbsPath,
    /// What it is instead, and why; one sentence.
    pub why: String,
}

/// Why there is no shadow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowError {
    /// What failed, as in "cannot …".
    pub doing: String,
    /// The kernel's answer.
    pub errno: Errno,
}

impl fmt::Display for ShadowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.errno)?;
        if self.errno == Errno::PERM {
            f.write_str("; a shadow of the machine needs root")?;
        }
        Ok(())
    }
}

impl std::error::Error for ShadowError {}

pub(crate) type Result<T> = std::result::Result<T, ShadowError>;

/// Turns the kernel's answer into an error that says what was being done.
pub(crate) fn doing<T>(result: rustix::io::Result<T>, what: impl FnOnce() -> String) -> Result<T> {
    result.map_err(|errno| ShadowError { doing: what(), errno })
}

/// The directory below which a shadow is put together. Whatever it hides, `/sys`, is made anew in the shadow anyway, and
/// it is there on every machine.
pub(crate) const STAGING: &str = "/sys";

/// Puts the calling process, which must have one thread, into a shadow of the machine. `mounts` is its mount table.
///
/// The caller should be the first process of a new PID namespace: the shadow's `/proc` shows the caller's. All writable
/// layers share one file system in memory, of at most half the machine's memory.
///
/// # Errors
/// When the process lacks a privilege, or the kernel a feature. The process may then be half-way and should end.
pub fn enter(mounts: &MountTable) -> Result<Report> {
    leave_the_machine()?;
    let mut shadow = Shadow::start(mounts)?;
    for mount in mounts.all() {
        shadow.add(mount)?;
    }
    let report = shadow.step_in()?;
    if !mounts.all().iter().any(|mount| mount.path.as_path() == Path::new(RUN)) {
        make_a_mount_of_run()?;
    }
    Ok(report)
}

pub(crate) const RUN: &str = "/run";

/// Wherever a service manager runs, `/run` is a mount (file-hierarchy(7)), and it puts a new and empty one into a
/// service's view where it is not (systemd: `mount_run` in `src/core/namespace.c`). In a container it often is none.
pub(crate) fn make_a_mount_of_run() -> Result<()> {
    match mount_bind_recursive(RUN, RUN) {
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
        other => doing(other, || format!("make a mount of {RUN}")),
    }
}

struct Shadow<'m> {
    /// Descriptors of the machine's mounts, taken before anything is hidden.
    lower: Vec<(&'m Mount, OwnedFd)>,
    layers: usize,
    report: Report,
}

impl<'m> Shadow<'m> {
    fn start(mounts: &'m MountTable) -> Result<Shadow<'m>> {
        let mut lower = Vec::new();
        for mount in mounts.all() {
            let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            // One that cannot be opened (a FUSE mount of another user) is left out below.
            if let Ok(fd) = rustix::fs::openat(CWD, mount.path.as_path(), flags, Mode::empty()) {
                lower.push((mount, fd));
            }
        }
        let options = c"mode=0700,size=50%";
        doing(mount("tmpfs", STAGING, "tmpfs", MountFlags::empty(), options), || {
            format!("mount a file system for what is written on {STAGING}")
        })?;
        make_directory(Path::new(STAGING).join("root").as_path())?;
        Ok(Shadow { lower, layers: 0, report: Report::default() })
    }

    fn root(&self) -> PathBuf {
        Path::new(STAGING).join("root")
    }

    fn inside(&self, path: &AbsPath) -> PathBuf {
        let below = path.as_path().strip_prefix("/").unwrap_or(path.as_path());
        if below.as_os_str().is_empty() { self.root() } else { self.root().join(below) }
    }

    fn add(&mut self, mount: &Mount) -> Result<()> {
        let target = self.inside(&mount.path);
        // Below something that was replaced, its mount points are gone, and with them what was mounted there.
        let Ok(stat) = rustix::fs::lstat(&target) else { return Ok(()) };
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        if mount.path.as_path().starts_with("/dev") && mount.path.as_bytes() != b"/dev" {
            // The shadow's /dev is made whole, with what belongs below it.
            return Ok(());
        }
        match treatment(mount) {
            Treatment::Left => Ok(()),
            Treatment::Overlay if is_directory => self.overlay(mount, &target),
            Treatment::Overlay => self.read_only(mount, &target, "it is a single file, and stays read-only"),
            Treatment::Devices if !is_directory => Ok(()),
            Treatment::Devices => {
                fresh("tmpfs", &target, MountFlags::NOSUID | MountFlags::NOEXEC, c"mode=0755")?;
                doing(device::fill(&target), || "make the shadow's /dev".to_owned())?;
                fresh(
                    "devpts",
                    &target.join("pts"),
                    MountFlags::NOSUID | MountFlags::NOEXEC,
                    c"newinstance,ptmxmode=0666,mode=620",
                )?;
                fresh("tmpfs", &target.join("shm"), MountFlags::NOSUID | MountFlags::NODEV, c"mode=1777")?;
                // POSIX message queues are an optional part of a kernel.
                let _ = fresh("mqueue", &target.join("mqueue"), MountFlags::NOSUID | MountFlags::NODEV, c"");
                Ok(())
            }
            Treatment::Fresh("proc") => self.proc(&target),
            Treatment::Fresh(kind) => {
                fresh(kind, &target, MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, c"")
            }
            Treatment::FreshReadOnly(kind) => self.kernel_view(mount, kind, &target),
        }
    }

    /// The mount's files, with a layer of their own for what is written.
    fn overlay(&mut self, mount: &Mount, target: &Path) -> Result<()> {
        let Some((_, lower)) = self.lower.iter().find(|(known, _)| known.id == mount.id) else {
            return self.give_up(mount, "it cannot be opened, and is empty");
        };
        let lower = format!("/proc/self/fd/{}", lower.as_raw_fd());
        self.layers += 1;
        let layer = Path::new(STAGING).join(self.layers.to_string());
        let (upper, work) = (layer.join("upper"), layer.join("work"));
        for directory in [&layer, &upper, &work] {
            make_directory(directory)?;
        }
        same_owner_and_mode(Path::new(&lower), &upper)?;
        // Without redirection a directory of the machine could not be renamed: overlayfs answers EXDEV.
        let options = format!(
            "lowerdir={lower},upperdir={},workdir={},redirect_dir=on",
            upper.display(),
            work.display()
        );
        let options = CString::new(options).unwrap_or_default();
        let mut flags = MountFlags::empty();
        for (is_set, flag) in [
            (mount.flags.nosuid, MountFlags::NOSUID),
            (mount.flags.nodev, MountFlags::NODEV),
            (mount.flags.noexec, MountFlags::NOEXEC),
            (mount.flags.read_only || mount.super_read_only, MountFlags::RDONLY),
        ] {
            flags.set(flag, is_set);
        }
        match rustix::mount::mount("overlay", target, "overlay", flags, options.as_c_str()) {
            Ok(()) => Ok(()),
            Err(errno) => self.read_only(
                mount,
                target,
                &format!("no layer can be put over it ({errno}), and it stays read-only"),
            ),
        }
    }

    /// The machine's own files, which cannot be written through here.
    fn read_only(&mut self, mount: &Mount, target: &Path, why: &str) -> Result<()> {
        let Some((_, lower)) = self.lower.iter().find(|(known, _)| known.id == mount.id) else {
            return self.give_up(mount, "it cannot be opened, and is missing");
        };
        let source = format!("/proc/self/fd/{}", lower.as_raw_fd());
        let shown = mount_bind(&source, target)
            .and_then(|()| mount_remount(target, MountFlags::BIND | MountFlags::RDONLY, c""));
        doing(shown, || format!("show {} read-only", mount.path))?;
        self.give_up(mount, why)
    }

    fn give_up(&mut self, mount: &Mount, why: &str) -> Result<()> {
        self.report.weaknesses.push(Weakness { path: mount.path.clone(), why: why.to_owned() });
        Ok(())
    }

    /// Processes of the shadow only; of the kernel's settings only the network's are the shadow's own.
    fn proc(&mut self, target: &Path) -> Result<()> {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        fresh("proc", target, flags, c"")?;
        for name in ["acpi", "bus", "fs", "irq", "sys", "sysrq-trigger", "mtrr", "scsi"] {
            let path = target.join(name);
            if rustix::fs::lstat(&path).is_ok() {
                let shown = mount_bind(&path, &path)
                    .and_then(|()| mount_remount(&path, MountFlags::BIND | MountFlags::RDONLY | flags, c""));
                doing(shown, || format!("make /proc/{name} read-only"))?;
            }
        }
        let own = target.join("sys/net");
        doing(
            mount_bind(&own, &own).and_then(|()| mount_remount(&own, MountFlags::BIND | flags, c"")),
            || "leave /proc/sys/net writable".to_owned(),
        )
    }

    /// A new instance, read-only: what is changed there changes the machine.
    fn kernel_view(&mut self, mount: &Mount, kind: &'static str, target: &Path) -> Result<()> {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
        if fresh(kind, target, flags, c"").is_err() {
            return self.read_only(mount, target, "the kernel gives no new one, and it stays read-only");
        }
        self.give_up(mount, "it is read-only: what is changed there would change the machine")
    }

    /// Makes the tree the process's root.
    fn step_in(self) -> Result<Report> {
        step_into(&self.root())?;
        Ok(self.report)
    }
}

/// Makes a tree, which is a mount, the process's root.
pub(crate) fn step_into(root: &Path) -> Result<()> {
    let entered = rustix::process::chdir(root)
        .and_then(|()| rustix::process::pivot_root(".", "."))
        .and_then(|()| unmount(".", UnmountFlags::DETACH))
        .and_then(|()| rustix::process::chdir("/"));
    doing(entered, || "step into the shadow".to_owned())?;
    // Services expect what a booted system has: mounts that propagate into their namespaces.
    let shared = MountPropagationFlags::SHARED | MountPropagationFlags::REC;
    doing(mount_change("/", shared), || "share the shadow's mounts with the namespaces made in it".to_owned())
}

/// Namespaces of the shadow's own, of everything but processes and users.
pub(crate) fn leave_the_machine() -> Result<()> {
    for namespace in [Namespace::Mount, Namespace::Network, Namespace::Ipc, Namespace::Uts] {
        doing(unshare(namespace), || format!("make a new {namespace:?} namespace"))?;
    }
    doing(ringfence_sys::network::set_loopback_up(), || "set the loopback device up".to_owned())?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    doing(mount_change("/", private), || "cut the mounts off from the machine's".to_owned())
}

pub(crate) fn fresh(
    kind: &'static str,
    target: &Path,
    flags: MountFlags,
    options: &std::ffi::CStr,
) -> Result<()> {
    doing(mount(kind, target, kind, flags, options), || format!("mount a new {kind} on {}", target.display()))
}

pub(crate) fn make_directory(path: &Path) -> Result<()> {
    doing(rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(0o755)), || format!("make {}", path.display()))
}

/// The upper directory is what a shadow shows of the lower one's own attributes.
fn same_owner_and_mode(from: &Path, to: &Path) -> Result<()> {
    let copied = rustix::fs::stat(from).and_then(|stat| {
        let (uid, gid) = (rustix::fs::Uid::from_raw(stat.st_uid), rustix::fs::Gid::from_raw(stat.st_gid));
        rustix::fs::chownat(CWD, to, Some(uid), Some(gid), AtFlags::empty())?;
        rustix::fs::chmodat(CWD, to, Mode::from_raw_mode(stat.st_mode & 0o7777), AtFlags::empty())
    });
    doing(copied, || format!("give {} the owner and mode of what it covers", to.display()))
}
