//! One entry after another, parents first.

use super::flags::FlagChanges;
use super::host::topmost_of_table;
use super::live::Live;
use super::order::Branch;
use super::prepare::Prepared;
use super::staging::Staging;
use super::tree::{attach, file_type, is_mount_point, locate, make_directories, topmost_below};
use super::{MountNeeds, failed};
use crate::enforcement::Shortfall;
use crate::failure::Failure;
use ringfence_sandbox::plan::{MountEntry, MountMode, Symlink};
use ringfence_sys::mount::{MountFlags, Reach, set_mount_flags};
use ringfence_terms::AbsPath;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::FileType;
use rustix::io::Errno;
use std::path::{Component, Path, PathBuf};

/// Puts entries in place below one root.
pub struct Placer<'a> {
    /// The directory that becomes the service's `/`.
    pub root: OwnedFd,
    /// The host's root directory.
    pub host: OwnedFd,
    /// Where to put things aside.
    pub staging: Staging,
    /// What the mounts need.
    pub needs: &'a MountNeeds<'a>,
    /// `nosuid` for every entry.
    pub nosuid_all: bool,
    /// Symlinks to make, each with the path at which it really lies.
    pub symlinks: Vec<(AbsPath, &'a Symlink)>,
    /// `/run/systemd/inaccessible`, where the machine has it.
    pub systemd_nodes: Option<OwnedFd>,
    /// systemd has the store of `PrivateTmp=disconnected` mounted on the host's tree, too.
    pub has_private_store: bool,
    /// What the kernel allows only in part.
    pub shortfalls: Vec<Shortfall>,
    /// The mounts as they are, where what the host had does not tell it.
    pub live: Option<Live>,
}

/// Where the part of the view that is being built comes from.
#[derive(Clone)]
pub struct Ground<'b> {
    /// The nearest entry above; none at the very bottom.
    pub entry: Option<&'b MountEntry>,
    /// Its path.
    pub path: AbsPath,
    /// Which path of the host is seen there; none in a new file system.
    pub on_host: Option<AbsPath>,
    /// What is going to change about it once everything below is prepared.
    pub changes: FlagChanges,
    /// `NoNewPrivileges=` makes what lies here nosuid, other entries' untouched mounts included.
    pub nosuid: bool,
}

/// An entry that is put in place once the flags of the entry above are set.
pub struct Ready<'b> {
    pub entry: &'b MountEntry,
    pub below: Vec<Branch<'b>>,
    pub mount: Prepared,
}

impl Placer<'_> {
    /// Puts everything in place that lies directly below an attached mount, and sets the mount's flags in between.
    pub fn settle<'b>(
        &mut self,
        mount: BorrowedFd<'_>,
        ground: &Ground<'b>,
        below: Vec<Branch<'b>>,
    ) -> Result<(), Failure> {
        let inner: Vec<AbsPath> = below.iter().map(|b| b.entry.path.clone()).collect();
        let mut ready = Vec::new();
        for branch in below {
            self.prepare_branch(ground, branch, &mut ready)?;
        }
        self.make_symlinks(ground, &inner)?;
        if !ground.changes.is_empty() {
            ground.changes.apply(mount).map_err(|e| blame(ground.entry, "set the flags of the mount", e))?;
        }
        for entry in ready {
            self.put(ground, entry)?;
        }
        Ok(())
    }

    fn prepare_branch<'b>(
        &mut self,
        ground: &Ground<'b>,
        branch: Branch<'b>,
        ready: &mut Vec<Ready<'b>>,
    ) -> Result<(), Failure> {
        let Branch { entry, source, below } = branch;
        match self.prepare(ground, entry, source)? {
            Some(mount) => ready.push(Ready { entry, below, mount }),
            // What lies below a path that is not there may still be made there.
            None => {
                for branch in below {
                    self.prepare_branch(ground, branch, ready)?;
                }
            }
        }
        Ok(())
    }

    fn put<'b>(&mut self, ground: &Ground<'b>, ready: Ready<'b>) -> Result<(), Failure> {
        let Ready { entry, below, mount } = ready;
        let fail = |e: Errno| blame(Some(entry), "mount on", e);
        let (tree, applied) = self.hang(entry, mount).map_err(fail)?;
        let ground = Ground {
            entry: Some(entry),
            path: entry.path.clone(),
            on_host: match &entry.mode {
                MountMode::Bind { source, .. } => Some(source.clone()),
                mode if applied && !keeps_what_is_there(mode) => None,
                _ => ground.on_host_at(&entry.path),
            },
            changes: match applied {
                true => FlagChanges::of(entry, self.nosuid_all),
                false => FlagChanges::default(),
            },
            nosuid: if applied { self.nosuid_all } else { ground.nosuid },
        };
        if !applied && ground.nosuid {
            set_mount_flags(&tree, Reach::Tree, MountFlags::NOSUID, MountFlags::NONE).map_err(fail)?;
        }
        self.settle(tree.as_fd(), &ground, below)
    }

    /// Hangs a mount where it belongs; also whether the entry's own flags are set on it.
    pub fn hang(&mut self, entry: &MountEntry, mount: Prepared) -> rustix::io::Result<(OwnedFd, bool)> {
        match mount {
            Prepared::Detached { tree, submounts } => {
                let onto = locate(self.root.as_fd(), entry.path.as_path())?;
                attach(&tree, onto)?;
                if entry.path.is_root() && !self.live.as_ref().is_some_and(|live| live.in_place) {
                    self.root = rustix::io::dup(&tree)?;
                }
                for (path, submount) in submounts {
                    self.put_submount(&entry.path.as_path().join(path), submount);
                }
                Ok((tree, true))
            }
            Prepared::Held { tree, applied } => {
                let onto = locate(self.root.as_fd(), entry.path.as_path())?;
                attach(&tree, onto)?;
                Ok((tree, applied))
            }
            Prepared::Untouched { mount, applied } => Ok((mount, applied)),
        }
    }

    /// Shows a mount of the host again in a new file system, where there is a place for it and nothing is mounted.
    /// systemd takes a failure lightly (`bind_mount_submounts`), and so does this.
    fn put_submount(&self, path: &Path, tree: OwnedFd) {
        if let Ok(onto) = locate(self.root.as_fd(), path)
            && is_mount_point(&onto) == Ok(false)
        {
            let _ = attach(tree, onto);
        }
    }

    /// Makes the symlinks that lie on this mount and on no other entry's.
    pub fn make_symlinks(&self, ground: &Ground<'_>, inner: &[AbsPath]) -> Result<(), Failure> {
        let here = |path: &AbsPath| {
            path.is_at_or_below(&ground.path) && !inner.iter().any(|p| path.is_at_or_below(p))
        };
        for (path, link) in self.symlinks.iter().filter(|(path, _)| here(path)) {
            self.make_symlink(path, link).map_err(|e| {
                failed(format!("make the symlink {} to {}", link.path, link.target.display()))
                    .errno(e)
                    .path(&link.path)
                    .origin(link.origin.as_ref())
            })?;
        }
        Ok(())
    }

    fn make_symlink(&self, path: &AbsPath, link: &Symlink) -> rustix::io::Result<()> {
        let parent = path.parent().ok_or(Errno::EXIST)?;
        let name = path.file_name().ok_or(Errno::EXIST)?;
        make_directories(self.root.as_fd(), parent.as_path())?;
        let parent = locate(self.root.as_fd(), parent.as_path())?;
        if let Ok(existing) = rustix::fs::readlinkat(&parent, name, Vec::new())
            && existing.as_bytes() == link.target.as_encoded_bytes()
        {
            return Ok(());
        }
        rustix::fs::symlinkat(&link.target, &parent, name)
    }

    /// Takes everything away that is mounted at and below a path, as far as the kernel allows it (systemd:
    /// `umount_recursive`). It is moved aside, where it goes away with all the rest: an unmount of its own would make the
    /// kernel wait for every CPU.
    pub fn clear(&mut self, ground: &Ground<'_>, path: &AbsPath) -> rustix::io::Result<()> {
        if let Some(live) = &self.live {
            if live.in_place || !path.is_root() {
                for mount in live.to_clear(path) {
                    self.move_away(&mount);
                }
            }
            return Ok(());
        }
        if path.is_root() {
            return Ok(());
        }
        let node = match locate(self.root.as_fd(), path.as_path()) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            other => other.ok(),
        };
        if node.as_ref().is_some_and(|node| is_mount_point(node) == Ok(true)) && self.move_away(path) {
            return Ok(());
        }
        let Some(on_host) = ground.on_host_at(path) else { return Ok(()) };
        let told = match node {
            Some(node) if file_type(&node) != Ok(FileType::Directory) => return Ok(()),
            Some(node) => topmost_below(&node)?,
            None => None,
        };
        // What lies on a mount goes with it.
        for below in told.unwrap_or_else(|| topmost_of_table(self.needs.host, &on_host)) {
            if let Ok(here) = path.join(below) {
                self.move_away(&here);
            }
        }
        Ok(())
    }

    /// Moves every mount away that is stacked at a path; whether there was any.
    fn move_away(&mut self, path: &AbsPath) -> bool {
        let mut any = false;
        while let Ok(mount) = locate(self.root.as_fd(), path.as_path())
            && is_mount_point(&mount) == Ok(true)
        {
            let moved = self.staging.spot_for(&mount).and_then(|spot| attach(&mount, spot));
            // In a user namespace mounts from outside stay where they are, and are covered.
            if moved.is_err() {
                break;
            }
            any = true;
        }
        any
    }
}

impl Ground<'_> {
    /// The service's root before anything is mounted.
    pub fn bottom(on_host: Option<AbsPath>) -> Self {
        let changes = FlagChanges::default();
        Ground { entry: None, path: AbsPath::root(), on_host, changes, nosuid: false }
    }

    /// Which path of the host is seen at a path on this ground.
    fn on_host_at(&self, path: &AbsPath) -> Option<AbsPath> {
        path.rebase(&self.path, self.on_host.as_ref()?)
    }
}

/// Symlinks with the paths at which they really lie: one that leads through another (`DynamicUser=` makes `/var/lib/foo` one)
/// lies where that leads to.
pub fn really_placed(all: &[Symlink]) -> Vec<(AbsPath, &Symlink)> {
    let leads_to = |link: &Symlink| -> Option<AbsPath> {
        let mut there: Vec<_> = link.path.parent()?.components().map(ToOwned::to_owned).collect();
        for component in Path::new(&link.target).components() {
            match component {
                Component::RootDir => there.clear(),
                Component::Normal(name) => there.push(name.to_owned()),
                Component::ParentDir => drop(there.pop()),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        let there: PathBuf = there.into_iter().collect();
        AbsPath::root().join(there).ok()
    };
    let place = |link: &Symlink| {
        let mut path = link.path.clone();
        // As many steps as the kernel would take.
        for _ in 0..40 {
            let through = all.iter().find(|other| path.is_below(&other.path));
            let Some(next) = through.and_then(|other| path.rebase(&other.path, &leads_to(other)?)) else {
                break;
            };
            path = next;
        }
        path
    };
    all.iter().map(|link| (place(link), link)).collect()
}

/// Whether the files at an entry's path stay what they were: only the flags change.
pub fn keeps_what_is_there(mode: &MountMode) -> bool {
    matches!(
        mode,
        MountMode::ReadOnly
            | MountMode::ReadWrite
            | MountMode::ReadWriteImplicit
            | MountMode::Exec
            | MountMode::NoExec
    )
}

/// A failure at an entry.
pub fn blame(entry: Option<&MountEntry>, doing: &str, errno: Errno) -> Failure {
    match entry {
        None => failed(format!("{doing} /")).errno(errno),
        Some(entry) => {
            let failure = failed(format!("{doing} {}", entry.path))
                .errno(errno)
                .path(&entry.path)
                .origin(entry.origin.as_ref());
            match hint(entry, errno) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
    }
}

fn hint(entry: &MountEntry, errno: Errno) -> Option<String> {
    let path = &entry.path;
    let listed = keeps_what_is_there(&entry.mode) || entry.mode == MountMode::Inaccessible;
    match errno {
        Errno::NOENT if listed => Some(format!("make {path}, or write `-{path}` if it may be missing")),
        Errno::NOENT => Some(format!("{path} is not there and cannot be made; choose another place")),
        Errno::NOTDIR => {
            Some("a file can only be mounted on a file, and a directory on a directory".to_owned())
        }
        Errno::LOOP => Some(format!("{path} became a symlink after the plan was made; start again")),
        Errno::NOSPC => Some("the limit of mounts is reached: see /proc/sys/fs/mount-max".to_owned()),
        Errno::ROFS => Some(format!("{path} lies on a read-only file system; make it there beforehand")),
        _ => None,
    }
}
