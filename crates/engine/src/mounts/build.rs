//! The order of things: what the service's root is, the entries, and stepping into the result.

use super::host::Source;
use super::order::branches;
use super::place::{Ground, Placer, keeps_what_is_there, really_placed};
use super::prepare::place_of_store;
use super::rounds::{self, Rounds};
use super::staging::Staging;
use super::tree::{attach, clone_host, locate};
use super::{MountNeeds, failed};
use crate::enforcement::Shortfall;
use crate::failure::Failure;
use ringfence_sandbox::plan::{MountEntry, PRIVATE_TMP_STORE, Plan, Root};
use ringfence_sys::mount::Reach;
use ringfence_terms::AbsPath;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, mkdirat};
use rustix::io::Result as SysResult;
use std::path::Path;

/// Builds the view and makes it the process's own. What the kernel allows only in part comes back.
pub fn build(plan: &Plan, needs: &MountNeeds<'_>) -> Result<Vec<Shortfall>, Failure> {
    // Before anything changes: what comes from the host is found where the host has it.
    let entries = plan.mounts.iter().chain(&plan.overtaken);
    if plan.has_private_store && entries.clone().any(|entry| place_of_store(entry).is_some()) {
        // It stays, as systemd leaves it; where it cannot be made, there is nothing to bring along.
        let _ = mkdirat(CWD, PRIVATE_TMP_STORE, Mode::from_raw_mode(0o755));
    }
    let sources = entries.map(|entry| Source::of(entry, needs)).collect::<Result<Vec<_>, Failure>>()?;
    let systemd_nodes = open("/run/systemd/inaccessible").ok();
    let root_directory = match &plan.root {
        Root::Host | Root::InPlace => None,
        Root::Directory(directory) => Some(clone_host(directory.as_path(), Reach::Tree).map_err(|e| {
            failed(format!("use {directory} as the service's root")).errno(e).path(directory)
        })?),
    };
    let (mut staging, host) = Staging::set_up().map_err(|e| failed("set a working place up").errno(e))?;
    if rounds::are_needed(plan, &sources) {
        return Rounds { plan, needs, sources, systemd_nodes, root_directory, staging, host }.build();
    }

    let root = match root_directory {
        None if !plan.mounts.first().is_some_and(covers_root) => {
            rustix::io::dup(&host).map_err(|e| failed("open /").errno(e))?
        }
        None => staging.spot().map_err(|e| failed("make a root for the service").errno(e))?,
        Some(tree) => {
            let spot = staging.spot().and_then(|spot| attach(&tree, spot));
            spot.map_err(|e| failed("make a root for the service").errno(e))?;
            make_skeleton(tree.as_fd());
            tree
        }
    };
    let mut placer = Placer {
        root,
        host,
        staging,
        needs,
        nosuid_all: plan.nosuid_all,
        symlinks: really_placed(&plan.symlinks),
        systemd_nodes,
        has_private_store: plan.has_private_store,
        shortfalls: Vec::new(),
        live: None,
    };
    let bottom = rustix::io::dup(&placer.root).map_err(|e| failed("open /").errno(e))?;
    let on_host = match &plan.root {
        Root::Host | Root::InPlace => AbsPath::root(),
        Root::Directory(directory) => directory.clone(),
    };
    placer.settle(
        bottom.as_fd(),
        &Ground::bottom(Some(on_host)),
        branches(&plan.mounts, &mut sources.into_iter()),
    )?;

    let Placer { root, staging, shortfalls, .. } = placer;
    staging.leave_for(&root).map_err(|e| failed("step into the service's root").errno(e))?;
    Ok(shortfalls)
}

/// Whether an entry puts something else in the place of `/`.
fn covers_root(entry: &MountEntry) -> bool {
    entry.path.is_root() && !keeps_what_is_there(&entry.mode)
}

/// Makes what every root directory needs, as far as it is missing and can be made (systemd: `base_filesystem_create`).
pub fn make_skeleton(root: BorrowedFd<'_>) {
    const DIRECTORIES: [(&str, u32); 8] = [
        ("root", 0o750),
        ("usr", 0o755),
        ("var", 0o755),
        ("etc", 0o755),
        ("proc", 0o555),
        ("sys", 0o555),
        ("dev", 0o555),
        ("run", 0o555),
    ];
    for (name, mode) in DIRECTORIES {
        let _ = rustix::fs::mkdirat(root, name, Mode::from_raw_mode(mode));
    }
    for (name, target) in
        [("bin", "usr/bin"), ("lib", "usr/lib"), ("sbin", "usr/sbin"), ("lib64", "usr/lib64")]
    {
        if locate(root, Path::new(target)).is_ok() {
            let _ = rustix::fs::symlinkat(target, root, name);
        }
    }
}

fn open(path: &str) -> SysResult<OwnedFd> {
    rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}
