//! What an entry's mode means: the mount, made but not yet where it belongs.

use super::host::{Source, no_source};
use super::place::{Ground, Placer, blame};
use super::tree::{
    NewFileSystemError, attach, clone_at, file_type, is_mount_point, locate, make_directories, make_file,
    new_file_system,
};
use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use ringfence_sandbox::plan::{MountEntry, MountMode, PRIVATE_TMP_STORE};
use ringfence_sys::mount::{MountFlags, Reach, set_id_map, set_mount_flags};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::mount::MountAttrFlags;
use std::path::{Path, PathBuf};

/// A mount, before it is where it belongs.
pub enum Prepared {
    /// A detached tree to put onto the entry's path.
    Detached {
        tree: OwnedFd,
        /// More trees to put below it, and where.
        submounts: Vec<(PathBuf, OwnedFd)>,
    },
    /// The mount that was at the path already, held aside so that the flags of the entry above do not reach it.
    Held {
        tree: OwnedFd,
        /// Whether the entry's own flags are set on it.
        applied: bool,
    },
    /// The mount that is at the path already.
    Untouched {
        mount: OwnedFd,
        /// Whether the entry's own flags are set on it.
        applied: bool,
    },
}

impl From<OwnedFd> for Prepared {
    fn from(tree: OwnedFd) -> Prepared {
        Prepared::Detached { tree, submounts: Vec::new() }
    }
}

// The limits are systemd's (`src/core/namespace.c`, `src/shared/mount-util.h`).
const TINY: [&str; 3] = ["mode=0755", "size=4m", "nr_inodes=1k"];
const RUN: [&str; 3] = ["mode=0755", "size=20%", "nr_inodes=800k"];
const LOCKED_DOWN: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID
    .union(MountAttrFlags::MOUNT_ATTR_NODEV)
    .union(MountAttrFlags::MOUNT_ATTR_NOEXEC);

impl Placer<'_> {
    /// Makes an entry's mount; none if its path or its source is not there and may be missing.
    ///
    /// Mount points are made here, too: the entry above has not got its flags yet.
    pub fn prepare(
        &mut self,
        ground: &Ground<'_>,
        entry: &MountEntry,
        source: Source,
    ) -> Result<Option<Prepared>, Failure> {
        let path = entry.path.as_path();
        let fail = |e: Errno| blame(Some(entry), "mount on", e);
        let prepared = match &entry.mode {
            MountMode::ReadOnly
            | MountMode::ReadWrite
            | MountMode::ReadWriteImplicit
            | MountMode::Exec
            | MountMode::NoExec => {
                let node = match locate(self.root.as_fd(), path) {
                    Err(Errno::NOENT) if entry.optional => return Ok(None),
                    other => other.map_err(|e| blame(Some(entry), "find", e))?,
                };
                if is_mount_point(&node).map_err(fail)? {
                    self.keep(ground, node, true).map_err(fail)?
                } else {
                    clone_at(node, Reach::Tree).map_err(fail)?.into()
                }
            }
            MountMode::Inaccessible => {
                self.clear(ground, &entry.path).map_err(fail)?;
                let node = match locate(self.root.as_fd(), path) {
                    Err(Errno::NOENT) if entry.optional => return Ok(None),
                    other => other.map_err(|e| blame(Some(entry), "find", e))?,
                };
                let kind = file_type(node).map_err(fail)?;
                self.inaccessible(kind).map_err(fail)?.into()
            }
            MountMode::Bind { .. } | MountMode::PrivateTmp | MountMode::PrivateTmpfs => {
                let tree = match source {
                    Source::Missing => return Ok(None),
                    Source::Tree(tree) => tree,
                    _ if entry.mode == MountMode::PrivateTmpfs => {
                        let asked = entry.requested.as_ref().unwrap_or(&entry.path);
                        let name = if asked.as_path() == Path::new("/tmp") { "tmp" } else { "var-tmp" };
                        self.staging.private_tmp(name).map_err(fail)?
                    }
                    _ => self.empty_directory().map_err(fail)?,
                };
                let mount_point = locate(self.root.as_fd(), path);
                if let Err(Errno::NOENT) = mount_point {
                    self.make_mount_point(path, &tree)
                        .map_err(|e| blame(Some(entry), "make the mount point", e))?;
                } else {
                    mount_point.map_err(fail)?;
                }
                self.map_owner(entry, &tree)?;
                let submounts = self.store_in(entry).map_err(fail)?;
                Prepared::Detached { tree, submounts }
            }
            MountMode::BindDev | MountMode::BindSysfs | MountMode::Run => {
                let node = self.directory(entry)?;
                if is_mount_point(&node).map_err(fail)? {
                    self.keep(ground, node, false).map_err(fail)?
                } else if entry.mode != MountMode::Run {
                    // Taken only here: on most machines it is a mount point, and a copy that goes again is not cheap.
                    let host = if entry.mode == MountMode::BindDev { "/dev" } else { "/sys" };
                    let tree = locate(self.host.as_fd(), Path::new(host))
                        .and_then(|node| clone_at(node, Reach::Tree))
                        .map_err(|e| no_source(entry, Path::new(host), e))?;
                    tree.into()
                } else {
                    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID
                        | MountAttrFlags::MOUNT_ATTR_NODEV
                        | MountAttrFlags::MOUNT_ATTR_STRICTATIME;
                    new(entry, "tmpfs", &RUN, flags)?.into()
                }
            }
            MountMode::EmptyDir => {
                if self.has_nothing_to_hide(entry) {
                    return Ok(None);
                }
                self.clear(ground, &entry.path).map_err(fail)?;
                let flags = LOCKED_DOWN | MountAttrFlags::MOUNT_ATTR_STRICTATIME;
                new(entry, "tmpfs", &TINY, flags)?.into()
            }
            MountMode::Tmpfs { options, nosuid, nodev, noexec } => {
                if self.has_nothing_to_hide(entry) {
                    return Ok(None);
                }
                self.clear(ground, &entry.path).map_err(fail)?;
                let mut flags = MountAttrFlags::MOUNT_ATTR_STRICTATIME;
                flags.set(MountAttrFlags::MOUNT_ATTR_NOSUID, *nosuid);
                flags.set(MountAttrFlags::MOUNT_ATTR_NODEV, *nodev);
                flags.set(MountAttrFlags::MOUNT_ATTR_NOEXEC, *noexec);
                new(entry, "tmpfs", options, flags)?.into()
            }
            MountMode::Mqueue => {
                let _ = make_directories(self.root.as_fd(), path);
                self.clear(ground, &entry.path).map_err(fail)?;
                new::<&str>(entry, "mqueue", &[], LOCKED_DOWN)?.into()
            }
            MountMode::PrivateDev => {
                let _ = make_directories(self.root.as_fd(), path);
                self.clear(ground, &entry.path).map_err(fail)?;
                match source {
                    Source::Devices { tree, submounts } => Prepared::Detached { tree, submounts },
                    _ => return Err(fail(Errno::NODEV)),
                }
            }
            MountMode::Proc { options } => self.kernel_view(ground, entry, source, "proc", options)?,
            MountMode::PrivateSysfs => self.kernel_view(ground, entry, source, "sysfs", &[])?,
            MountMode::PrivateCgroup => {
                let options = ["nsdelegate".to_owned(), "memory_recursiveprot".to_owned()];
                self.kernel_view(ground, entry, source, "cgroup2", &options)?
            }
        };
        Ok(Some(prepared))
    }

    /// Keeps a mount that is at the entry's path already; aside, if the flags of the mount below it will change.
    fn keep(&mut self, ground: &Ground<'_>, mount: OwnedFd, applied: bool) -> rustix::io::Result<Prepared> {
        if !ground.changes.reach_below() {
            return Ok(Prepared::Untouched { mount, applied });
        }
        let aside = self.staging.spot_for(&mount)?;
        match attach(&mount, aside) {
            Ok(()) => Ok(Prepared::Held { tree: mount, applied }),
            // In a user namespace, mounts from outside cannot be moved; a copy is put over it.
            Err(Errno::INVAL) => {
                let tree = clone_at(&mount, Reach::Tree)?;
                Ok(Prepared::Held { tree, applied })
            }
            Err(e) => Err(e),
        }
    }

    /// Makes the directory of a new file system if it is missing. True when it is missing, may be, and an ordinary user may
    /// not make it: `/run/user` under `ProtectHome=tmpfs`, say, on a machine where nobody ever logged in. systemd, which is
    /// root, always makes it (`src/core/namespace.c: mount_tmpfs`).
    fn has_nothing_to_hide(&self, entry: &MountEntry) -> bool {
        let made = make_directories(self.root.as_fd(), entry.path.as_path());
        entry.optional && made == Err(Errno::ACCESS)
    }

    /// The entry's directory, made if it is missing.
    fn directory(&self, entry: &MountEntry) -> Result<OwnedFd, Failure> {
        let _ = make_directories(self.root.as_fd(), entry.path.as_path());
        locate(self.root.as_fd(), entry.path.as_path())
            .map_err(|e| blame(Some(entry), "make the mount point", e))
    }

    fn make_mount_point(&self, path: &Path, tree: &OwnedFd) -> rustix::io::Result<()> {
        match file_type(tree)? {
            FileType::Directory => make_directories(self.root.as_fd(), path),
            _ => make_file(self.root.as_fd(), path),
        }
    }

    fn inaccessible(&self, kind: FileType) -> rustix::io::Result<OwnedFd> {
        let name = super::staging::node_name(kind)?;
        let of_systemd = self.systemd_nodes.as_ref().and_then(|nodes| {
            let node = locate(nodes.as_fd(), Path::new(name)).ok()?;
            clone_at(node, Reach::One).ok()
        });
        of_systemd.map_or_else(|| self.staging.inaccessible(kind), Ok)
    }

    /// The store of `PrivateTmp=disconnected`, where a bind mount brings it along (see the plan), and where in it.
    fn store_in(&mut self, entry: &MountEntry) -> rustix::io::Result<Vec<(PathBuf, OwnedFd)>> {
        match place_of_store(entry).filter(|_| self.has_private_store) {
            Some(inside) => Ok(vec![(inside, clone_at(self.staging.private_store()?, Reach::One)?)]),
            None => Ok(Vec::new()),
        }
    }

    /// What stands in for a private `/tmp` whose directory could not be made.
    fn empty_directory(&mut self) -> rustix::io::Result<OwnedFd> {
        let tree = clone_at(self.staging.spot()?, Reach::One)?;
        set_mount_flags(&tree, Reach::One, MountFlags::READ_ONLY, MountFlags::NONE)?;
        Ok(tree)
    }

    /// Shows the files of a `StateDirectory=` or its kin that belong to 65534 on disk as the service's own
    /// (systemd: `apply_one_mount`, "id-mapped").
    fn map_owner(&self, entry: &MountEntry, tree: &OwnedFd) -> Result<(), Failure> {
        let MountMode::Bind { source, .. } = &entry.mode else { return Ok(()) };
        let (true, Some(map)) = (self.needs.id_mapped.contains(source), self.needs.id_map) else {
            return Ok(());
        };
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        set_id_map(tree, Reach::One, map, flags)
            .map_err(|e| blame(Some(entry), "map the owner of the files in", e))
    }

    /// A new instance of one of the kernel's own file systems, with what is mounted in the host's shown again.
    ///
    /// Where the kernel does not allow one, what is there stays, or the host's is shown (systemd:
    /// `mount_private_apivfs`).
    fn kernel_view(
        &mut self,
        ground: &Ground<'_>,
        entry: &MountEntry,
        source: Source,
        kind: &str,
        options: &[String],
    ) -> Result<Prepared, Failure> {
        let fail = |e: Errno| blame(Some(entry), "mount on", e);
        let _ = make_directories(self.root.as_fd(), entry.path.as_path());
        let made = match new_file_system(kind, options, LOCKED_DOWN) {
            Err(e) if e.errno == Errno::INVAL && !options.is_empty() => {
                new_file_system::<&str>(kind, &[], LOCKED_DOWN)
            }
            other => other,
        };
        match made {
            Ok(tree) => {
                self.clear(ground, &entry.path).map_err(fail)?;
                // Where nothing is copied, the host's are gone with what they lay on.
                let in_place = self.live.as_ref().is_some_and(|live| live.in_place);
                let submounts = match source {
                    Source::Submounts(submounts) if !in_place => submounts,
                    _ => Vec::new(),
                };
                Ok(Prepared::Detached { tree, submounts })
            }
            Err(e) if e.errno == Errno::PERM || e.errno == Errno::ACCESS => {
                self.stays_the_host_s(entry, kind, options);
                let node = locate(self.root.as_fd(), entry.path.as_path()).map_err(fail)?;
                if is_mount_point(&node).map_err(fail)? {
                    self.keep(ground, node, false).map_err(fail)
                } else {
                    let of_host = locate(self.host.as_fd(), entry.path.as_path()).map_err(fail)?;
                    Ok(clone_at(of_host, Reach::Tree).map_err(fail)?.into())
                }
            }
            Err(e) => Err(refused(entry, e)),
        }
    }

    fn stays_the_host_s(&mut self, entry: &MountEntry, kind: &str, options: &[String]) {
        let Some(why) = (match kind {
            // Without options the host's does as well as a new one.
            "proc" if options.is_empty() => None,
            "proc" => {
                Some("a new /proc is not permitted here, so the service sees every process in the host's")
            }
            "sysfs" => {
                Some("a new /sys is not permitted here, so the service sees the host's network devices in it")
            }
            _ => Some("a control group file system of its own is not permitted here"),
        }) else {
            return;
        };
        let asked = entry.origin.as_ref().map(|origin| origin.directive.to_string());
        self.shortfalls.push(Shortfall {
            directive: asked.unwrap_or_else(|| "ProtectProc".to_owned()),
            origin: entry.origin.clone(),
            strength: Strength::NotEnforced,
            why: why.to_owned(),
        });
    }
}

/// Where in a recursive bind mount the store of `PrivateTmp=disconnected` would be.
pub fn place_of_store(entry: &MountEntry) -> Option<PathBuf> {
    let MountMode::Bind { source, recursive: true, .. } = &entry.mode else { return None };
    let inside = Path::new(PRIVATE_TMP_STORE).strip_prefix(source.as_path()).ok()?;
    (inside != Path::new("")).then(|| inside.to_owned())
}

fn new<O: AsRef<str>>(
    entry: &MountEntry,
    kind: &str,
    options: &[O],
    flags: MountAttrFlags,
) -> Result<OwnedFd, Failure> {
    new_file_system(kind, options, flags).map_err(|e| refused(entry, e))
}

fn refused(entry: &MountEntry, error: NewFileSystemError) -> Failure {
    let failure = blame(Some(entry), "mount a new file system on", error.errno);
    match error.option {
        Some(option) => failure.hint(format!("the kernel does not accept the mount option `{option}`")),
        None => failure,
    }
}
