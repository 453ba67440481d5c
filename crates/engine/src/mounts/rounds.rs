//! The mounts in systemd's own order: all of them first, one after the other, and then the flags, a round for each
//! (systemd: `src/core/namespace.c: apply_mounts`).
//!
//! This costs a look at the mount table for every entry, and a copy of all mounts of the machine. It is for plans whose
//! entries form no tree: a symlink has led one to a place that another had reached before, or a mount point that is
//! made for one is another's source; for `RootDirectory=/`; and where a bind mount's source contains `RootDirectory=`, or is
//! in it.

use super::build::make_skeleton;
use super::flags::FlagChanges;
use super::host::{Source, no_source};
use super::live::Live;
use super::place::{Ground, Placer, blame, really_placed};
use super::staging::{HOST, Staging};
use super::tree::{attach, clone_at, is_mount_point, locate};
use super::{MountNeeds, failed};
use crate::enforcement::Shortfall;
use crate::failure::Failure;
use ringfence_sandbox::facts::MountFlags as Seen;
use ringfence_sandbox::plan::{MountEntry, MountMode, Plan, Root};
use ringfence_sys::mount::{MountFlags, Reach, set_mount_flags};
use ringfence_terms::AbsPath;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::{Errno, Result as SysResult};

/// Whether a plan's entries form no tree.
pub fn are_needed(plan: &Plan, sources: &[Source]) -> bool {
    plan.root == Root::InPlace
        || shows_itself(plan)
        || !plan.overtaken.is_empty()
        || sources.iter().any(|source| matches!(source, Source::Late))
        || plan.mounts.windows(2).any(|pair| pair[0].path == pair[1].path || pair[0].turn > pair[1].turn)
}

/// Whether a bind mount brings `RootDirectory=` along, with what is mounted in it so far, or shows a part of it.
fn shows_itself(plan: &Plan) -> bool {
    let Root::Directory(root) = &plan.root else { return false };
    plan.mounts.iter().chain(&plan.overtaken).any(|entry| match &entry.mode {
        MountMode::Bind { source, recursive, .. } => {
            *recursive && root.is_at_or_below(source) || source.is_below(root)
        }
        _ => false,
    })
}

/// What is at hand before the first mount.
pub struct Rounds<'a> {
    pub plan: &'a Plan,
    pub needs: &'a MountNeeds<'a>,
    /// What the plan's entries take from the host, in the plan's order, and then those that were overtaken.
    pub sources: Vec<Source>,
    pub systemd_nodes: Option<OwnedFd>,
    /// A copy of `RootDirectory=`, attached nowhere.
    pub root_directory: Option<OwnedFd>,
    pub staging: Staging,
    pub host: OwnedFd,
}

impl Rounds<'_> {
    /// Builds the view and makes it the process's own. What the kernel allows only in part comes back.
    pub fn build(self) -> Result<Vec<Shortfall>, Failure> {
        let Rounds { plan, needs, sources, systemd_nodes, root_directory, mut staging, host } = self;
        let in_place = plan.root == Root::InPlace;
        // As in systemd, where it makes a difference.
        let in_own_place = shows_itself(plan);
        let root_at = || -> SysResult<(OwnedFd, String)> {
            if in_place {
                return Ok((rustix::io::dup(&host)?, HOST.to_owned()));
            }
            if let (Root::Directory(path), true) = (&plan.root, in_own_place) {
                let mut tree = locate(host.as_fd(), path.as_path())?;
                if !is_mount_point(&tree)? {
                    let copy = clone_at(&tree, Reach::Tree)?;
                    attach(&copy, &tree)?;
                    tree = copy;
                }
                make_skeleton(tree.as_fd());
                return Ok((tree, format!("{HOST}{path}")));
            }
            let (spot, name) = staging.named_spot()?;
            let tree = match root_directory {
                Some(tree) => tree,
                None => clone_at(&host, Reach::Tree)?,
            };
            attach(&tree, spot)?;
            if plan.root != Root::Host {
                make_skeleton(tree.as_fd());
            }
            Ok((tree, name))
        };
        let (root, name) = root_at().map_err(|e| failed("make a root for the service").errno(e))?;
        let live = Some(Live::open(&host, &name, in_place)?);
        let symlinks = really_placed(&plan.symlinks);
        let (nosuid_all, has_private_store, shortfalls) =
            (plan.nosuid_all, plan.has_private_store, Vec::new());
        let mut placer = Placer {
            root,
            host,
            staging,
            needs,
            nosuid_all,
            symlinks,
            systemd_nodes,
            has_private_store,
            shortfalls,
            live,
        };
        let ground = Ground::bottom(None);

        let mut entries: Vec<(&MountEntry, Source)> =
            plan.mounts.iter().chain(&plan.overtaken).zip(sources).collect();
        entries.sort_by_key(|(entry, _)| entry.turn);
        let mut applied = Vec::new();
        for (entry, source) in entries {
            let source = taken_now(&placer, entry, source, in_place || in_own_place)?;
            let Some(mount) = placer.prepare(&ground, entry, source)? else { continue };
            let hung = placer.hang(entry, mount).map_err(|e| blame(Some(entry), "mount on", e))?;
            if hung.1 {
                applied.push(entry.turn);
            }
        }
        placer.make_symlinks(&ground, &[])?;

        let exempt: Vec<&AbsPath> = plan.mounts.iter().map(|entry| &entry.path).collect();
        let of_plan = || plan.mounts.iter().filter(|entry| applied.contains(&entry.turn));
        for entry in of_plan() {
            change(&placer, entry, FlagChanges::of(entry, false), &exempt)?;
        }
        if plan.nosuid_all {
            for entry in of_plan() {
                change(&placer, entry, FlagChanges::nosuid(entry), &[])?;
            }
        }
        let Placer { root, staging, shortfalls, .. } = placer;
        staging.leave_for(&root).map_err(|e| failed("step into the service's root").errno(e))?;
        Ok(shortfalls)
    }
}

/// A source that was not there when the first mount was made, or that the mounts since have changed because they are
/// made on the host's own tree.
fn taken_now(
    placer: &Placer<'_>,
    entry: &MountEntry,
    source: Source,
    on_host: bool,
) -> Result<Source, Failure> {
    let MountMode::Bind { source: path, recursive, .. } = &entry.mode else { return Ok(source) };
    if !on_host && !matches!(source, Source::Late) {
        return Ok(source);
    }
    let depth = if *recursive { Reach::Tree } else { Reach::One };
    match locate(placer.host.as_fd(), path.as_path()).and_then(|node| clone_at(node, depth)) {
        Ok(tree) => Ok(Source::Tree(tree)),
        Err(Errno::NOENT) if entry.optional => Ok(Source::Missing),
        Err(e) => Err(no_source(entry, path.as_path(), e)),
    }
}

/// Changes flags of an entry's mount and, as far as they reach, of those below it that are no other entry's (systemd:
/// `src/shared/mount-util.c: bind_remount_recursive_with_mountinfo`).
fn change(
    placer: &Placer<'_>,
    entry: &MountEntry,
    changes: FlagChanges,
    exempt: &[&AbsPath],
) -> Result<(), Failure> {
    let fail = |e: Errno| blame(Some(entry), "set the flags of the mount on", e);
    let node = |path: &AbsPath| locate(placer.root.as_fd(), path.as_path());
    let path = &entry.path;
    if changes.reach_below() {
        let mounts = || {
            let live = placer.live.as_ref().map_or_else(|| Ok(Vec::new()), |live| live.at_or_below(path));
            live.map_err(|e| fail(Errno::from_io_error(&e).unwrap_or(Errno::IO)))
        };
        let mut there = mounts()?;
        // One that another hides counts as there, and nothing can be done to it.
        if there.first().is_none_or(|mount| mount.path != *path) {
            let own = match node(path) {
                Err(Errno::NOENT) if entry.optional => return Ok(()),
                other => other.map_err(fail)?,
            };
            clone_at(&own, Reach::Tree).and_then(|copy| attach(copy, &own)).map_err(fail)?;
            there = mounts()?;
        }
        let spared =
            |mount: &AbsPath| exempt.iter().any(|other| other.is_below(path) && mount.is_at_or_below(other));
        for mount in there.iter().filter(|mount| mount.fs_type != "autofs" && !spared(&mount.path)) {
            let Ok(own) = node(&mount.path) else { continue };
            if is_mount_point(&own) != Ok(true) {
                continue;
            }
            match set_mount_flags(own, Reach::One, changes.tree, changes.tree_cleared) {
                Err(e) if mount.path == *path && !are_set(mount.flags, changes) => return Err(fail(e)),
                _ => {}
            }
        }
    }
    if !changes.one.is_empty() {
        let own = match node(path) {
            Err(Errno::NOENT) if entry.optional => return Ok(()),
            other => other.map_err(fail)?,
        };
        set_mount_flags(own, Reach::One, changes.one, MountFlags::NONE).map_err(fail)?;
    }
    Ok(())
}

/// Whether a mount's flags are what they are to become.
fn are_set(seen: Seen, changes: FlagChanges) -> bool {
    let every = [
        (MountFlags::READ_ONLY, seen.read_only),
        (MountFlags::NOSUID, seen.nosuid),
        (MountFlags::NOEXEC, seen.noexec),
    ];
    every.into_iter().all(|(flag, on)| {
        (on || !changes.tree.contains(flag)) && !(on && changes.tree_cleared.contains(flag))
    })
}
