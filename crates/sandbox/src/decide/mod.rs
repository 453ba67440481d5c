//! From a view and an access to a verdict.
//!
//! [`decide`] walks a path as the kernel would for the service: component by component, following symlinks in the
//! service's own tree, asking for permission in the kernel's order (path_resolution(7), and `fs/namei.c`: `may_open`,
//! `may_o_create`, `generic_permission`). Whatever denies the access, or the last thing that could have, is named with
//! the line responsible.
//!
//! What it cannot know it says: access control lists, what the kernel shows of processes, files that the caller may not
//! look at.

mod credentials;
mod devices;
mod permission;
mod walk;

pub use credentials::{Credentials, Mapped};
pub use devices::DeviceRules;

use crate::facts::{Node, NodeKind};
use crate::plan::MountMode;
use crate::tree::{Location, NewFs, Place, Seen, Tree};
use crate::view::{Mounted, Shows, View};
use permission::{EXECUTE, READ, WRITE};
use ringfence_terms::{AbsPath, Access, AccessKind, Errno, Origin};
use walk::Stop;

/// The plan's answer to one access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Allowed(Because),
    /// It fails.
    Denied {
        /// With this error.
        errno: Errno,
        /// For this reason.
        because: Because,
    },
    /// It cannot be said here, for the reason given (an access control list, a mandatory access control, a host path
    /// that the caller may not look at).
    Undecidable(String),
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// One sentence, for people.
    pub reason: String,
    /// The line responsible, when a line is.
    pub origin: Option<Origin>,
    /// The path at which it is decided (a component of the asked-for one, symlinks resolved).
    pub at: AbsPath,
    /// The kind of cause.
    pub cause: Cause,
}

/// The kind of cause of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing forbids it.
    Open,
    /// A mount is read-only because of the plan.
    ReadOnlyMount,
    /// A mount is read-only on the host already.
    HostReadOnly,
    /// A mount is noexec.
    NoExecMount,
    /// The path is covered by an inaccessible node.
    Inaccessible,
    /// The path is hidden by an empty or private file system (it exists on the host).
    Hidden,
    /// The path does not exist on the host either.
    Missing,
    /// Owner, group and mode forbid it.
    Permissions,
    /// The kernel wants a capability for it that the service does not have.
    Capability,
    /// A device node that the device policy does not allow, or nodev.
    Device,
    /// It is there already (create), is a directory, is not one, is busy, loops …
    Kind,
}

impl Verdict {
    /// Whether it works; an undecidable access does not.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Verdict::Allowed(_))
    }

    /// The error, when it is denied.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Verdict::Denied { errno, .. } => Some(*errno),
            Verdict::Allowed(_) | Verdict::Undecidable(_) => None,
        }
    }

    /// What decides, when it can be decided.
    pub fn because(&self) -> Option<&Because> {
        match self {
            Verdict::Allowed(because) | Verdict::Denied { because, .. } => Some(because),
            Verdict::Undecidable(_) => None,
        }
    }
}

/// Whether a process with these credentials can do that to a path.
pub fn decide(view: &View<'_>, who: &Credentials, access: &Access) -> Verdict {
    let case = Case { view, who };
    let answer = match access.kind {
        AccessKind::Create => case.create(&access.path),
        kind => case.use_existing(&access.path, kind),
    };
    match answer {
        Ok(because) => Verdict::Allowed(because),
        Err(Stop::Denied(errno, because)) => Verdict::Denied { errno, because },
        Err(Stop::Undecidable(why)) => Verdict::Undecidable(why),
    }
}

/// Who asks, and in which tree.
struct Case<'a> {
    view: &'a View<'a>,
    who: &'a Credentials,
}

impl Case<'_> {
    /// Looking at, opening or executing what is there.
    fn use_existing(&self, path: &AbsPath, kind: AccessKind) -> Result<Because, Stop> {
        let place = self.walk(path)?;
        let node = match &place.seen {
            Seen::Node(node) => node,
            Seen::Missing => return Err(self.missing(&place)),
            Seen::Unknown => return Err(unknown(&place.path)),
            Seen::Failed(errno) => return Err(unreadable(&place.path, *errno)),
        };
        match kind {
            AccessKind::Stat | AccessKind::Create => Ok(self.open(&place)),
            AccessKind::Read => self.read(&place, node),
            AccessKind::Write if node.kind == NodeKind::Directory => self.change_entries(&place, node),
            AccessKind::Write => self.write(&place, node),
            AccessKind::Execute => self.execute(&place, node),
        }
    }

    fn read(&self, place: &Place, node: &Node) -> Result<Because, Stop> {
        self.device(place, node, READ)?;
        self.permitted(place, node, READ)?;
        self.capable(place)?;
        Ok(self.open(place))
    }

    /// Opening for writing: the mode bits come before the mount's read-only flag, and that before nothing else; a
    /// file system that is read-only as a whole comes first. Neither stops writing to a device, a pipe or a socket.
    fn write(&self, place: &Place, node: &Node) -> Result<Because, Stop> {
        let mounted = self.view.mounted(place.spot.clone());
        let changes_the_file_system = node.kind == NodeKind::File;
        if changes_the_file_system && mounted.super_read_only {
            return Err(self.read_only(place, &mounted));
        }
        self.device(place, node, WRITE)?;
        self.permitted(place, node, WRITE)?;
        if changes_the_file_system && mounted.flags.read_only {
            return Err(self.read_only(place, &mounted));
        }
        self.kernel_file(place, node, &mounted)?;
        self.capable(place)?;
        Ok(self.open(place))
    }

    /// Making or removing something in a directory: here the mount's read-only flag comes first.
    fn change_entries(&self, place: &Place, node: &Node) -> Result<Because, Stop> {
        let mounted = self.view.mounted(place.spot.clone());
        self.permitted(place, node, EXECUTE)?;
        if let Some(errno) = no_new_files(&self.view.plan().tree, &mounted, &place.path)
            && errno == Errno::ENOENT
        {
            return Err(self.kernels_own(place, errno));
        }
        if mounted.is_read_only() {
            return Err(self.read_only(place, &mounted));
        }
        self.permitted(place, node, WRITE)?;
        match no_new_files(&self.view.plan().tree, &mounted, &place.path) {
            Some(errno) => Err(self.kernels_own(place, errno)),
            None => Ok(self.open(place)),
        }
    }

    fn execute(&self, place: &Place, node: &Node) -> Result<Because, Stop> {
        if node.kind != NodeKind::File {
            let reason = format!("{} is not a regular file, and only those can be executed.", place.path);
            return Err(denied(Errno::EACCES, place, Cause::Kind, reason, None));
        }
        let mounted = self.view.mounted(place.spot.clone());
        if mounted.flags.noexec {
            let own = mounted
                .made_by
                .filter(|entry| !matches!(entry.mode, MountMode::Bind { id_mapped: false, .. }));
            let by = mounted.noexec_by.or(own);
            let origin = by.and_then(|entry| entry.noexec_line().cloned());
            let reason = match by {
                Some(_) => {
                    format!("{} is on a mount that is noexec because of {}.", place.path, said(&origin))
                }
                None => format!("{} is on a mount of the host that is noexec.", place.path),
            };
            return Err(denied(Errno::EACCES, place, Cause::NoExecMount, reason, origin));
        }
        self.permitted(place, node, EXECUTE)?;
        Ok(self.open(place))
    }

    /// Making a path where nothing is yet.
    fn create(&self, path: &AbsPath) -> Result<Because, Stop> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            let place = self.walk(path)?;
            return Err(self.exists(&place));
        };
        let directory = self.walk(&parent)?;
        let node = match &directory.seen {
            Seen::Node(node) if node.kind == NodeKind::Directory => node,
            Seen::Node(_) => {
                let reason = format!("{} is not a directory.", directory.path);
                return Err(denied(Errno::ENOTDIR, &directory, Cause::Kind, reason, None));
            }
            Seen::Missing => return Err(self.missing(&directory)),
            Seen::Unknown => return Err(unknown(&directory.path)),
            Seen::Failed(errno) => return Err(unreadable(&directory.path, *errno)),
        };
        self.permitted(&directory, node, EXECUTE)?;
        let child = directory.path.join(name).map_err(|_| unknown(path))?;
        let there = self.child(&directory, &child);
        match &there.seen {
            Seen::Node(_) => Err(self.exists(&there)),
            Seen::Unknown => Err(unknown(&child)),
            Seen::Failed(errno) => Err(unreadable(&child, *errno)),
            Seen::Missing => self.change_entries(&directory, node),
        }
    }

    fn exists(&self, place: &Place) -> Stop {
        let reason = format!("{} exists already.", place.path);
        let origin = self.view.mounted(place.spot.clone()).made_by.and_then(|entry| entry.origin.clone());
        denied(Errno::EEXIST, place, Cause::Kind, reason, origin)
    }

    /// Nothing is at a place: because a mount hides it, or because nothing ever was.
    fn missing(&self, place: &Place) -> Stop {
        let mounted = self.view.mounted(place.spot.clone());
        let tree = &self.view.plan().tree;
        let on_host = tree.resolve_on_host(&place.path, self.view.facts());
        let exists = on_host.is_ok_and(|found| matches!(found.seen, Seen::Node(_) | Seen::Unknown));
        let by = mounted.made_by;
        let origin = by.and_then(|entry| entry.origin.clone());
        let path = &place.path;
        match (&mounted.shows, by) {
            (Shows::New(NewFs::Inaccessible(_)), _) => {
                let reason = format!("{path} is made inaccessible by {}.", said(&origin));
                denied(Errno::ENOENT, place, Cause::Inaccessible, reason, origin)
            }
            (_, Some(_)) if exists => {
                let reason = format!(
                    "{path} exists on the host, but {} covers {} with something else.",
                    said(&origin),
                    mounted.point
                );
                denied(Errno::ENOENT, place, Cause::Hidden, reason, origin)
            }
            _ if exists && matches!(self.view.plan().root, crate::plan::Root::Directory(_)) => {
                let reason = format!("{path} exists on the host, but not in the service's root directory.");
                denied(Errno::ENOENT, place, Cause::Hidden, reason, origin)
            }
            _ => {
                let reason = format!("{path} does not exist.");
                denied(Errno::ENOENT, place, Cause::Missing, reason, None)
            }
        }
    }

    fn read_only(&self, place: &Place, mounted: &Mounted<'_>) -> Stop {
        let path = &place.path;
        match mounted.read_only_by {
            Some(entry) => {
                let origin = entry.read_only_line().cloned();
                let reason = format!("{path} is on a mount that {} makes read-only.", said(&origin));
                denied(Errno::EROFS, place, Cause::ReadOnlyMount, reason, origin)
            }
            None => {
                let reason = format!("{path} is on a mount that is read-only on the host already.");
                denied(Errno::EROFS, place, Cause::HostReadOnly, reason, None)
            }
        }
    }

    fn kernels_own(&self, place: &Place, errno: Errno) -> Stop {
        let reason = format!("Only the kernel makes files in {}.", place.path);
        denied(errno, place, Cause::Kind, reason, None)
    }

    /// Files of sysfs and of control groups cannot be opened for writing, not even by root, when nobody has the
    /// permission (`fs/kernfs/file.c: kernfs_fop_open`).
    fn kernel_file(&self, place: &Place, node: &Node, mounted: &Mounted<'_>) -> Result<(), Stop> {
        let is_kernfs = matches!(mounted.fs_type.as_str(), "sysfs" | "cgroup2" | "cgroup");
        if is_kernfs && node.mode & 0o222 == 0 {
            let reason = format!("{} cannot be written by anybody.", place.path);
            return Err(denied(Errno::EACCES, place, Cause::Permissions, reason, None));
        }
        Ok(())
    }

    /// It works; says on what.
    fn open(&self, place: &Place) -> Because {
        let mounted = self.view.mounted(place.spot.clone());
        let by = mounted.made_by.or(mounted.read_only_by);
        let path = &place.path;
        let reason = match (&mounted.shows, mounted.made_by) {
            (Shows::New(NewFs::Inaccessible(_)), _) => {
                format!(
                    "{path} is an empty stand-in, which may still be opened with the service's privileges."
                )
            }
            (Shows::New(_), Some(entry)) => {
                format!("{path} is on a file system of the service's own, made by {}.", said(&entry.origin))
            }
            (Shows::Host(source), Some(entry)) if *source != mounted.point => {
                format!("{path} shows the host's {source}, by {}.", said(&entry.origin))
            }
            (_, Some(entry)) if entry.origin.is_some() => format!("{} leaves it open.", said(&entry.origin)),
            _ => "Nothing in the unit or in the file's permissions forbids it.".to_owned(),
        };
        let origin = by.and_then(|entry| entry.origin.clone());
        Because { reason, origin, at: place.path.clone(), cause: Cause::Open }
    }
}

/// File systems in which nobody but the kernel makes files, and the error for trying: looking up a name fails already in
/// `/proc` and in the empty directories that sysfs keeps for other file systems to be mounted on.
fn no_new_files(tree: &Tree, mounted: &Mounted<'_>, directory: &AbsPath) -> Option<Errno> {
    const EMPTY: [&str; 9] = [
        "/sys/fs/bpf",
        "/sys/fs/fuse/connections",
        "/sys/fs/pstore",
        "/sys/fs/selinux",
        "/sys/fs/cgroup",
        "/sys/kernel/debug",
        "/sys/kernel/tracing",
        "/sys/kernel/config",
        "/sys/kernel/security",
    ];
    let empty = || {
        let in_sysfs = match tree.locate(&mounted.spot, directory) {
            Location::Host(path) => Some(path),
            Location::Layer(_, path) => {
                AbsPath::parse("/sys").ok().and_then(|sys| path.rebase(&AbsPath::root(), &sys))
            }
        };
        in_sysfs.is_some_and(|path| EMPTY.iter().any(|empty| path.as_bytes() == empty.as_bytes()))
    };
    match mounted.fs_type.as_str() {
        "proc" => Some(Errno::ENOENT),
        "sysfs" if empty() => Some(Errno::ENOENT),
        "sysfs" | "cgroup2" | "cgroup" | "devpts" | "debugfs" | "tracefs" | "securityfs" | "fusectl"
        | "configfs" | "binfmt_misc" | "selinuxfs" => Some(Errno::EACCES),
        _ => None,
    }
}

/// A line, as a sentence names it.
fn said(origin: &Option<Origin>) -> String {
    match origin {
        Some(origin) => format!("{}={}", origin.directive, origin.value),
        None => "what systemd always adds".to_owned(),
    }
}

fn denied(errno: Errno, place: &Place, cause: Cause, reason: String, origin: Option<Origin>) -> Stop {
    Stop::Denied(errno, Because { reason, origin, at: place.path.clone(), cause })
}

fn unknown(path: &AbsPath) -> Stop {
    Stop::Undecidable(format!("what is at {path} cannot be told from outside the service"))
}

fn unreadable(path: &AbsPath, errno: Errno) -> Stop {
    Stop::Undecidable(format!("{path} cannot be looked at from here ({errno})"))
}
