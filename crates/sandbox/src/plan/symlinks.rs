//! Symlinks that are made inside the new root after mounting and before anything becomes read-only (systemd:
//! `src/core/exec-invoke.c: compile_symlinks`, `src/core/namespace.c: create_symlinks_from_tuples`).

use super::directories::relative;
use super::{DirectorySetup, Failure, For, Symlink};
use crate::facts::{Facts, Node, NodeKind};
use crate::tree::{Seen, Tree, directory};
use ringfence_settings::Settings;
use ringfence_terms::{AbsPath, Errno, Origin};

/// The symlinks to the unit's directories, and to the host's os-release.
pub(super) fn symlinks(settings: &Settings, run: &For, directories: &[DirectorySetup]) -> Vec<Symlink> {
    let mut all = Vec::new();
    for setup in directories {
        let shown = setup.public.as_ref().unwrap_or(&setup.path);
        for link in &setup.symlinks {
            all.push(symlink(link, shown, setup.origin.as_ref()));
        }
        if let Some(public) = &setup.public
            && !settings.has_own_root()
            && !setup.only_create
        {
            all.push(symlink(public, &setup.path, setup.origin.as_ref()));
        }
    }
    if run.shows_os_release(settings)
        && let (Ok(path), Ok(target)) =
            (AbsPath::parse("/run/host/os-release"), AbsPath::parse("/run/host/.os-release-stage/os-release"))
    {
        all.push(symlink(&path, &target, settings.paths.root_directory.origin.as_ref()));
    }
    all
}

fn symlink(path: &AbsPath, target: &AbsPath, origin: Option<&Origin>) -> Symlink {
    Symlink { path: path.clone(), target: relative(path, target), origin: origin.cloned() }
}

/// Makes them in the simulated tree. One that is there already, with the same target, is fine.
pub(super) fn make(all: &[Symlink], tree: &mut Tree, facts: &dyn Facts) -> Result<(), Box<Failure>> {
    for link in all {
        let Some(parent) = link.path.parent() else { continue };
        let parent = make_parents(&parent, tree, facts).ok_or_else(|| failure(link, Errno::ENOTDIR))?;
        let Some(path) = link.path.file_name().and_then(|name| parent.join(name).ok()) else { continue };
        let place = tree.place(&path, facts);
        match place.seen {
            Seen::Missing => {
                let kind = NodeKind::Symlink(link.target.clone());
                tree.make(&place.spot, &path, Node { kind, ..directory(0o777) });
            }
            Seen::Node(Node { kind: NodeKind::Symlink(target), .. }) if target == link.target => {}
            Seen::Unknown => {}
            Seen::Node(_) => return Err(failure(link, Errno::EEXIST)),
            Seen::Failed(errno) => return Err(failure(link, errno)),
        }
    }
    Ok(())
}

/// The directory of a symlink, made when it is missing, with the symlinks on its own way followed.
fn make_parents(path: &AbsPath, tree: &mut Tree, facts: &dyn Facts) -> Option<AbsPath> {
    let mut real = AbsPath::root();
    for name in path.components() {
        let next = real.join(name).ok()?;
        let place = tree.resolve(&next, facts).ok()?;
        match place.seen {
            Seen::Missing => tree.make(&place.spot, &place.path, directory(0o755)),
            Seen::Node(node) if node.kind != NodeKind::Directory => return None,
            Seen::Failed(_) => return None,
            Seen::Node(_) | Seen::Unknown => {}
        }
        real = place.path;
    }
    Some(real)
}

fn failure(link: &Symlink, errno: Errno) -> Box<Failure> {
    Box::new(Failure {
        status: 226,
        path: Some(link.path.clone()),
        errno,
        origin: link.origin.clone(),
        why: format!("The symlink {} cannot be made: something else is there already.", link.path),
    })
}
