//! The shadow of an ordinary user, in a user namespace.
//!
//! The kernel puts no layer over a directory of another mount namespace in which something is mounted that its owner could take
//! away (`has_locked_children` in `fs/namespace.c`), and none copies the directories of owners that the namespace does not know
//! (user_namespaces(7)). So the tree is put together from pieces: what is above a mount, or above a place where the user
//! writes, is a new directory, and each of its entries is shown by itself.

use crate::build::{
    RUN, Report, Result, STAGING, Weakness, doing, fresh, leave_the_machine, make_a_mount_of_run,
    make_directory, step_into,
};
use crate::device;
use crate::treatment::{Treatment, treatment};
use ringfence_sandbox::facts::{Mount, MountTable};
use ringfence_sys::fork::{Namespace, unshare};
use ringfence_sys::mount::{MountFlags as Flags, Reach, set_mount_flags};
use ringfence_terms::AbsPath;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount, mount_bind, mount_bind_recursive};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// Puts the calling process, which must have one thread, into a user namespace in which it may make the namespaces of a shadow.
/// It stays the user that it is, and knows no other.
///
/// # Errors
/// When the machine does not let users have namespaces of their own.
pub fn own_users() -> Result<()> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    doing(unshare(Namespace::User), || "make a user namespace, which this machine may forbid".to_owned())?;
    let maps = [
        ("setgroups", "deny".to_owned()),
        ("gid_map", format!("{gid} {gid} 1")),
        ("uid_map", format!("{uid} {uid} 1")),
    ];
    for (file, content) in maps {
        let path = format!("/proc/self/{file}");
        let written = rustix::fs::openat(CWD, &path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())
            .and_then(|fd| rustix::io::write(&fd, content.as_bytes()));
        doing(written, || format!("write {path}"))?;
    }
    Ok(())
}

/// As [`enter`](crate::enter), after [`own_users`]: for what the user may write below one of `places`, the user's own
/// directories. Elsewhere nothing can be written. The process has no capabilities afterwards.
///
/// # Errors
/// When the kernel lacks a feature. The process may then be half-way and should end.
pub fn enter_as_user(mounts: &MountTable, places: &[PathBuf]) -> Result<Report> {
    leave_the_machine()?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let hidden = doing(rustix::fs::openat(CWD, STAGING, flags, Mode::empty()), || format!("open {STAGING}"))?;
    fresh("tmpfs", Path::new(STAGING), MountFlags::empty(), c"mode=0755,size=50%")?;
    let root = Path::new(STAGING).join("root");
    make_directory(&root)?;
    // What becomes a root must be a mount.
    doing(mount_bind(&root, &root), || format!("make a mount of {}", root.display()))?;
    let places = places.iter().filter_map(|place| std::fs::canonicalize(place).ok());
    let roots = mounts.all().iter().map(|mount| mount.path.as_path().to_path_buf()).chain(places).collect();
    let mut pieces = Pieces { mounts, roots, hidden, layers: 0, report: Report::default() };
    pieces.show(Path::new("/"), &root)?;
    step_into(&root)?;
    // What is mounted below it makes a piece of it that is no mount itself.
    if pieces.is_split(Path::new(RUN)) {
        make_a_mount_of_run()?;
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    doing(set_capabilities(None, none), || "give up the namespace's capabilities".to_owned())?;
    Ok(pieces.report)
}

struct Pieces<'m> {
    mounts: &'m MountTable,
    /// Mount points, and places where the user writes.
    roots: BTreeSet<PathBuf>,
    /// The machine's directory behind the one where the shadow is put together.
    hidden: OwnedFd,
    layers: usize,
    report: Report,
}

impl Pieces<'_> {
    /// Shows a directory of the machine in an empty one.
    fn show(&mut self, path: &Path, target: &Path) -> Result<()> {
        let mounts = self.mounts;
        if let Some(mount) = mounts.at(path) {
            match treatment(mount) {
                Treatment::Overlay => {}
                other => return self.special(mount, other, target),
            }
        }
        match self.is_split(path) {
            true => self.split(path, target),
            false => self.overlay(path, target),
        }
    }

    /// Whether a mount, or a place where the user writes, is below a path.
    fn is_split(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| root.as_path() != path && root.starts_with(path))
    }

    fn special(&mut self, mount: &Mount, how: Treatment, target: &Path) -> Result<()> {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        match how {
            Treatment::Overlay | Treatment::Left => return Ok(()),
            Treatment::Devices => {
                doing(device::fill_from_machine(target), || "make the shadow's /dev".to_owned())?;
                let options = c"newinstance,ptmxmode=0666,mode=620";
                fresh("devpts", &target.join("pts"), MountFlags::NOSUID | MountFlags::NOEXEC, options)?;
                set_mode(&target.join("shm"), 0o1777)?;
                // POSIX message queues are an optional part of a kernel.
                let _ = fresh("mqueue", &target.join("mqueue"), flags, c"");
                return Ok(());
            }
            Treatment::Fresh(kind) => fresh(kind, target, flags, c"")?,
            Treatment::FreshReadOnly(kind) => {
                if fresh(kind, target, flags | MountFlags::RDONLY, c"").is_err() {
                    return self.read_only(
                        mount.path.as_path(),
                        target,
                        "the kernel gives no new one, and it stays read-only",
                    );
                }
                self.give_up(
                    mount.path.as_path(),
                    "it is read-only: what is changed there would change the machine",
                );
            }
        }
        let mounts = self.mounts;
        for inner in mounts.below(&mount.path) {
            let rest = inner.path.as_path().strip_prefix(&mount.path).unwrap_or(Path::new(""));
            let inside = target.join(rest);
            if treatment(inner) != Treatment::Overlay && rustix::fs::stat(&inside).is_ok() {
                self.special(inner, treatment(inner), &inside)?;
            }
        }
        Ok(())
    }

    /// A new directory with the entries of one of the machine's.
    fn split(&mut self, path: &Path, target: &Path) -> Result<()> {
        let mode = mode_for_user(path);
        // One that cannot be read is as good as empty.
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            let (from, to) = (entry.path(), target.join(entry.file_name()));
            // One that is gone meanwhile, or cannot be looked at.
            let Ok(stat) = rustix::fs::lstat(&from) else { continue };
            self.entry(&from, &to, &stat)?;
        }
        set_mode(target, mode)
    }

    fn entry(&mut self, from: &Path, to: &Path, stat: &Stat) -> Result<()> {
        let mode = Mode::from_raw_mode(stat.st_mode & 0o777);
        let kind = FileType::from_raw_mode(stat.st_mode);
        match kind {
            FileType::Directory => {
                make_directory(to)?;
                self.show(from, to)
            }
            FileType::Symlink => {
                let copied = rustix::fs::readlink(from, Vec::new())
                    .and_then(|target| rustix::fs::symlinkat(target, CWD, to));
                doing(copied, || format!("copy the link {}", from.display()))
            }
            // They are there, and nobody is behind them.
            FileType::Socket | FileType::Fifo => {
                doing(rustix::fs::mknodat(CWD, to, kind, mode, 0), || format!("make {}", to.display()))
            }
            FileType::RegularFile => {
                doing(rustix::fs::mknodat(CWD, to, kind, mode, 0), || format!("make {}", to.display()))?;
                self.read_only(from, to, "it is a single file, and stays read-only")
            }
            _ => Ok(()),
        }
    }

    /// The directory's files, with a layer of their own for what is written.
    fn overlay(&mut self, path: &Path, target: &Path) -> Result<()> {
        self.layers += 1;
        let layer = Path::new(STAGING).join(self.layers.to_string());
        let (upper, work) = (layer.join("upper"), layer.join("work"));
        for directory in [&layer, &upper, &work] {
            make_directory(directory)?;
        }
        set_mode(&upper, mode_for_user(path))?;
        let layered = self.source(path).and_then(|lower| {
            // In a user namespace overlayfs keeps its notes in attributes that a user may set (`userxattr`).
            let options = format!(
                "lowerdir=/proc/self/fd/{},upperdir={},workdir={},userxattr",
                lower.as_raw_fd(),
                upper.display(),
                work.display()
            );
            let options = CString::new(options).unwrap_or_default();
            mount("overlay", target, "overlay", MountFlags::empty(), options.as_c_str())
        });
        match layered {
            Ok(()) => Ok(()),
            // Nothing of it can be seen by the user anyway.
            Err(Errno::ACCESS) => set_mode(target, 0),
            Err(errno) => self.read_only(
                path,
                target,
                &format!("no layer can be put over it ({errno}), and it stays read-only"),
            ),
        }
    }

    /// The machine's own files, which cannot be written through here.
    fn read_only(&mut self, path: &Path, target: &Path, why: &str) -> Result<()> {
        let shown = self.source(path).and_then(|source| {
            mount_bind_recursive(format!("/proc/self/fd/{}", source.as_raw_fd()), target)?;
            let opened = rustix::fs::openat(CWD, target, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
            set_mount_flags(&opened, Reach::Tree, Flags::READ_ONLY, Flags::NONE)
        });
        match shown {
            Err(Errno::ACCESS) => return set_mode(target, 0),
            other => doing(other, || format!("show {} read-only", path.display()))?,
        }
        self.give_up(path, why);
        Ok(())
    }

    fn source(&self, path: &Path) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match path.strip_prefix(STAGING) {
            Ok(rest) if rest.as_os_str().is_empty() => {
                rustix::fs::openat(&self.hidden, ".", flags, Mode::empty())
            }
            Ok(rest) => rustix::fs::openat(&self.hidden, rest, flags, Mode::empty()),
            Err(_) => rustix::fs::openat(CWD, path, flags, Mode::empty()),
        }
    }

    fn give_up(&mut self, path: &Path, why: &str) {
        if let Ok(path) = AbsPath::parse(path) {
            self.report.weaknesses.push(Weakness { path, why: why.to_owned() });
        }
    }
}

/// The mode of a directory that stands for one of the machine's and belongs to the user: what the user may do there, no more.
fn mode_for_user(path: &Path) -> u32 {
    let Ok(stat) = rustix::fs::stat(path) else { return 0 };
    if stat.st_uid == geteuid().as_raw() {
        return stat.st_mode & 0o7777;
    }
    let may = |access| rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS).is_ok();
    let bits = [(Access::READ_OK, 4), (Access::WRITE_OK, 2), (Access::EXEC_OK, 1)];
    let bits: u32 = bits.into_iter().filter(|(access, _)| may(*access)).map(|(_, bit)| bit).sum();
    stat.st_mode & 0o1000 | bits << 6 | bits << 3 | bits
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    doing(rustix::fs::chmodat(CWD, path, Mode::from_raw_mode(mode), AtFlags::empty()), || {
        format!("set the mode of {}", path.display())
    })
}
