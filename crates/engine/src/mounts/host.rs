//! What is taken from the host before the first change to the view: every source of a bind, cloned while all paths
//! still mean what they mean on the host.

use super::tree::{clone_host, topmost, topmost_below};
use super::{MountNeeds, device, failed};
use crate::failure::Failure;
use ringfence_sandbox::facts::MountTable;
use ringfence_sandbox::plan::{MountEntry, MountMode, Outcome};
use ringfence_sys::mount::Reach;
use ringfence_terms::AbsPath;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// What one entry takes from the host.
#[derive(Debug)]
pub enum Source {
    /// Nothing.
    None,
    /// One tree.
    Tree(OwnedFd),
    /// It is not there, and that does not matter.
    Missing,
    /// It is not there yet: an entry before this one makes it, as a mount point.
    Late,
    /// A new file system's submounts: where they go, below the entry, and what.
    Submounts(Vec<(PathBuf, OwnedFd)>),
    /// A new `/dev`.
    Devices {
        /// The file system.
        tree: OwnedFd,
        /// What goes below it.
        submounts: Vec<(PathBuf, OwnedFd)>,
    },
}

impl Source {
    /// Takes what an entry needs.
    pub fn of(entry: &MountEntry, needs: &MountNeeds<'_>) -> Result<Source, Failure> {
        match &entry.mode {
            MountMode::Bind { source, recursive, .. } => {
                let depth =
                    if *recursive && !needs.id_mapped.contains(source) { Reach::Tree } else { Reach::One };
                bind_source(entry, source.as_path(), depth)
            }
            MountMode::PrivateTmp => match needs.private_tmp {
                Some(directories) => {
                    let asked = entry.requested.as_ref().unwrap_or(&entry.path);
                    let of_var = asked.components().next().is_some_and(|c| c == "var");
                    bind_source(
                        entry,
                        if of_var { &directories.var_tmp } else { &directories.tmp },
                        Reach::Tree,
                    )
                }
                None => Ok(Source::None),
            },
            MountMode::PrivateDev => device::private_dev(needs.dev_log).map_err(|e| {
                failed("make a private /dev").errno(e).path("/dev").origin(entry.origin.as_ref())
            }),
            MountMode::Proc { .. } => submounts(entry, needs.host, "/proc"),
            MountMode::PrivateSysfs => submounts(entry, needs.host, "/sys"),
            MountMode::PrivateCgroup => submounts(entry, needs.host, "/sys/fs/cgroup"),
            _ => Ok(Source::None),
        }
    }
}

fn bind_source(entry: &MountEntry, source: &Path, depth: Reach) -> Result<Source, Failure> {
    match clone_host(source, depth) {
        Ok(tree) => Ok(Source::Tree(tree)),
        Err(Errno::NOENT) if is_made_on_the_way(entry) => Ok(Source::Late),
        Err(Errno::NOENT) if entry.optional => Ok(Source::Missing),
        // A mount that may not be looked under must take along what lies on it (mount_namespaces(7)).
        Err(Errno::INVAL) if depth == Reach::One => bind_source(entry, source, Reach::Tree),
        Err(e) => Err(no_source(entry, source, e)),
    }
}

/// The source was not there when the plan was made either, but the plan found that it would be in time.
fn is_made_on_the_way(entry: &MountEntry) -> bool {
    matches!(entry.mode, MountMode::Bind { .. }) && entry.outcome == Outcome::Mounted
}

/// A source that cannot be taken.
pub fn no_source(entry: &MountEntry, source: &Path, errno: Errno) -> Failure {
    let failure = failed(format!("show {} at {}", source.display(), entry.path))
        .errno(errno)
        .path(source)
        .origin(entry.origin.as_ref());
    match errno {
        Errno::NOENT => failure.hint(format!(
            "the source {} does not exist; make it, or put `-` before it if it may be missing",
            source.display()
        )),
        _ => failure,
    }
}

/// The topmost mounts below a directory; one that cannot be cloned is left out, as in systemd (`get_sub_mounts`).
fn submounts(entry: &MountEntry, host: &MountTable, directory: &str) -> Result<Source, Failure> {
    let fail =
        |e| failed(format!("look for mounts below {directory}")).errno(e).origin(entry.origin.as_ref());
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let told = match rustix::fs::open(directory, flags, Mode::empty()) {
        Ok(found) => topmost_below(found).map_err(fail)?,
        Err(_) => None,
    };
    let Ok(directory) = AbsPath::parse(directory) else { return Ok(Source::None) };
    let paths = told.unwrap_or_else(|| topmost_of_table(host, &directory));
    let trees = paths.into_iter().filter_map(|rest| {
        let tree = clone_host(&directory.as_path().join(&rest), Reach::Tree).ok()?;
        Some((rest, tree))
    });
    Ok(Source::Submounts(trees.collect()))
}

/// The host's topmost mounts strictly below a host path, by their paths from there.
pub fn topmost_of_table(host: &MountTable, path: &AbsPath) -> Vec<PathBuf> {
    let below = host.below(path).iter().map(|mount| mount.path.as_path().strip_prefix(path.as_path()));
    topmost(below.filter_map(|path| Some(path.ok()?.to_path_buf())).collect())
}
