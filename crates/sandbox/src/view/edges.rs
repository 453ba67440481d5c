//! Where the service's tree changes its character, for drawing it.

use super::{Mounted, Shows, View};
use crate::plan::MountEntry;
use crate::tree::NewFs;
use ringfence_terms::{AbsPath, Origin};

/// What a part of the tree is to the service, as far as mounts decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing of the host's can be seen: an inaccessible node, or an empty file system.
    Hidden,
    /// It can be read.
    ReadOnly,
    /// It can be written.
    Writable,
    /// It can be written, and nobody else sees it.
    Private,
    /// A kernel file system made for the service.
    Kernel,
}

/// A place where the tree changes.
#[derive(Clone, Debug)]
pub struct Edge<'a> {
    /// Where.
    pub path: AbsPath,
    /// What it is from here on down, until the next edge.
    pub access: Access,
    /// Nothing can be executed from here on down.
    pub noexec: bool,
    /// The mount.
    pub mounted: Mounted<'a>,
    /// The entry responsible; none for what the host is like.
    pub by: Option<&'a MountEntry>,
    /// The line responsible; none for what the host is like, and for what systemd always adds.
    pub line: Option<&'a Origin>,
}

impl<'a> View<'a> {
    /// The root, and every mount point at which something changes that a person would want to see, sorted by path.
    pub fn edges(&self) -> Vec<Edge<'a>> {
        let mut edges: Vec<Edge<'a>> = Vec::new();
        let mut above: Vec<usize> = Vec::new();
        for mounted in self.mounts() {
            let edge = edge(mounted);
            while above.last().is_some_and(|&at| !edge.path.is_at_or_below(&edges[at].path)) {
                above.pop();
            }
            let parent = above.last().map(|&at| &edges[at]);
            if parent.is_none_or(|parent| differs(parent, &edge)) {
                above.push(edges.len());
                edges.push(edge);
            }
        }
        edges
    }
}

fn edge(mounted: Mounted<'_>) -> Edge<'_> {
    let access = match &mounted.shows {
        Shows::New(NewFs::Inaccessible(_)) => Access::Hidden,
        Shows::New(NewFs::Tmpfs { .. }) if mounted.is_read_only() => Access::Hidden,
        Shows::New(NewFs::Tmpfs { .. } | NewFs::PrivateTmp) if !mounted.is_read_only() => Access::Private,
        Shows::New(NewFs::PrivateTmp) => Access::Hidden,
        Shows::New(NewFs::Dev { .. }) => Access::Private,
        Shows::New(_) if mounted.is_read_only() => Access::ReadOnly,
        Shows::New(_) => Access::Kernel,
        Shows::Host(_) if mounted.is_read_only() => Access::ReadOnly,
        Shows::Host(_) => Access::Writable,
    };
    let line = match (mounted.read_only_by, mounted.made_by) {
        (Some(entry), _) => entry.read_only_line(),
        (None, Some(entry)) => entry.origin.as_ref(),
        (None, None) => None,
    };
    Edge {
        line,
        path: mounted.point.clone(),
        access,
        noexec: mounted.flags.noexec,
        by: mounted.read_only_by.or(mounted.made_by),
        mounted,
    }
}

/// Two mounts differ to a person when the service may do something else there, or when other files are shown than the
/// upper one would show.
fn differs(parent: &Edge<'_>, edge: &Edge<'_>) -> bool {
    let continues = match (&parent.mounted.shows, &edge.mounted.shows) {
        (Shows::Host(above), Shows::Host(path)) => {
            edge.path.rebase(&parent.path, above).as_ref() == Some(path)
        }
        _ => false,
    };
    !continues || parent.access != edge.access || parent.noexec != edge.noexec
}
