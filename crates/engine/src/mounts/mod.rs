//! The plan's mounts, made for the calling process in a mount namespace of its own.
//!
//! systemd makes all mounts first and then walks the mount table, once a round, to set flags: what an entry's flags
//! reach is everything below its path but what lies below another entry. Here the entries form a tree. An entry is
//! mounted, what its children need from it is cloned or held aside while it has no flags yet, its flags are set on the
//! whole of it in one system call, and only then its children are put in place. The result is the same, and what it
//! costs depends on the number of entries, not on the number of mounts of the machine.
//!
//! Where symlinks lead entries to places that others have reached before them, the entries form no tree, and everything
//! is done in systemd's own order (`rounds`).
//!
//! Nothing is mounted through `mount(2)`: a mount is made detached (`open_tree`, `fsmount`) and attached when it is
//! complete, and a destination is looked up below the service's root without following symlinks, since the planner
//! has followed them.

mod build;
mod device;
mod flags;
mod host;
mod live;
mod order;
mod place;
mod prepare;
mod rounds;
mod staging;
pub(crate) mod tree;

use crate::enforcement::Shortfall;
use crate::failure::Failure;
use crate::step::Step;
use ringfence_sandbox::facts::MountTable;
use ringfence_sandbox::plan::{Plan, Propagation};
use ringfence_terms::AbsPath;
use rustix::fd::BorrowedFd;
use rustix::mount::{MountPropagationFlags, mount_change};
use std::path::PathBuf;

/// What the mounts need besides the plan.
pub struct MountNeeds<'a> {
    /// The host's mount table, as planned against.
    pub host: &'a MountTable,
    /// For `PrivateTmp=yes`: the unit's directories that become `/tmp` and `/var/tmp`; none when they could not be
    /// made, and then the service gets empty read-only ones.
    pub private_tmp: Option<&'a PrivateTmpDirectories>,
    /// Host directories that are mounted ID-mapped.
    pub id_mapped: &'a [AbsPath],
    /// A user namespace that maps 65534 to the service's user, for those directories.
    pub id_map: Option<BorrowedFd<'a>>,
    /// Whether a private `/dev` gets its symlink to the journal's socket.
    pub dev_log: bool,
    /// Where live bind mounts could come in; only systemd uses it.
    pub incoming: Option<AbsPath>,
}

/// The host directories behind `PrivateTmp=yes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateTmpDirectories {
    /// Becomes `/tmp`.
    pub tmp: PathBuf,
    /// Becomes `/var/tmp`.
    pub var_tmp: PathBuf,
}

/// Gives the calling process the plan's view of the file system.
///
/// The process must be single-threaded, own its mount namespace (`unshare(CLONE_NEWNS)` was called) and have no umask.
///
/// What the kernel allows only in part comes back.
pub fn apply(plan: &Plan, needs: &MountNeeds<'_>) -> Result<Vec<Shortfall>, Failure> {
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
        .map_err(|e| failed("cut the mount namespace off from the host's").errno(e))?;
    let shortfalls = build::build(plan, needs)?;
    let propagation = match plan.propagation {
        Propagation::Shared => MountPropagationFlags::SHARED,
        Propagation::Slave => MountPropagationFlags::DOWNSTREAM,
        Propagation::Private => MountPropagationFlags::PRIVATE,
    };
    mount_change("/", propagation | MountPropagationFlags::REC)
        .map_err(|e| failed("set the propagation of mounts").errno(e))?;
    if let Some(incoming) = &needs.incoming {
        // Moving a mount into a shared one is refused (systemd: `setup_namespace`, at the end). It is no matter here
        // if the place is not there: nobody but systemd moves anything in.
        let _ = mount_change(incoming.as_path(), MountPropagationFlags::DOWNSTREAM);
    }
    Ok(shortfalls)
}

fn failed(what: impl Into<String>) -> Failure {
    Failure::new(Step::Namespace, what)
}
