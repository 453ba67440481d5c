//! The service's tree of mounts, simulated: what every path shows while the plan is carried out, and afterwards.
//!
//! A [`Tree`] behaves as the kernel's mount tree does (mount_namespaces(7)): a mount lies on another one at a path, the
//! last one on top; a recursive bind mount brings along what is mounted below its source. The host's own mounts are not
//! copied into it; they are looked up when a path leads there.

mod nodes;
mod walk;

pub use nodes::Seen;
pub(crate) use nodes::directory;
pub(crate) use walk::Way;
pub use walk::{Place, Step};

use crate::facts::{Facts, MountFlags, Node, NodeKind};
use hashbrown::HashMap;
use ringfence_terms::{AbsPath, Errno};

/// The mounts of a service's tree, in the order of mounting, and the nodes that mounting made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The host's own tree first, on which nothing is mounted here; then the service's root; then what lies on it.
    layers: Vec<Layer>,
    made: HashMap<Location, Node>,
    owned: Vec<Owned>,
    /// Trees of the host that are moved before the service starts: from, to.
    moved: Vec<(AbsPath, AbsPath)>,
    /// The turn of the entry that is being mounted.
    turn: Option<usize>,
    /// What is mounted on `/` itself is not in view.
    in_place: bool,
}

/// The number of the host's own tree among the layers.
const HOST: usize = 0;

/// The number of the service's root among the layers.
const ROOT: usize = 1;

/// One mount that the plan makes; the first one is the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its mount point, in the service's root.
    pub path: AbsPath,
    /// What it shows.
    pub content: Content,
    /// Its flags before the flag rounds.
    pub flags: MountFlags,
    /// The file system is read-only, whatever the mount's flags say.
    pub super_read_only: bool,
    /// The turn of the entry that made it ([`crate::plan::MountEntry::turn`]); none for the root.
    pub turn: Option<usize>,
    /// The path of the host from which it brings mounts along: a new file system of the kernel's those of the host's
    /// (systemd: `bind_mount_submounts`), unless these are gone because it is mounted in their very place.
    brings: Option<AbsPath>,
    on: Option<Spot>,
    gone: bool,
}

/// What a mount shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The host's tree from this path on.
    Host {
        /// A path of the host without symlinks.
        path: AbsPath,
        /// With the mounts below it.
        recursive: bool,
    },
    /// A part of an earlier layer's own file system.
    Part {
        /// The layer's number.
        layer: usize,
        /// The part's root, as a path of the service when the layer was mounted.
        path: AbsPath,
    },
    /// A file system of its own.
    New(NewFs),
}

/// A file system that the plan makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewFs {
    /// Empty, with this mode.
    Tmpfs {
        /// The root directory's mode.
        mode: u32,
    },
    /// The unit's own directory for temporary files, empty at first.
    PrivateTmp,
    /// A `/dev` with the pseudo devices.
    Dev {
        /// `/dev/log` leads to the journal.
        log: bool,
    },
    /// Processes, and unless `pid_only` what else the kernel tells.
    Proc {
        /// `ProcSubset=pid`.
        pid_only: bool,
    },
    /// The kernel's devices.
    Sysfs,
    /// Control groups, from the unit's own on.
    Cgroup,
    /// POSIX message queues.
    Mqueue,
    /// A node of mode 000.
    Inaccessible(NodeKind),
}

impl NewFs {
    /// Where the host has the same kind of kernel file system, and with it what is mounted below that.
    fn twin(&self) -> Option<&'static str> {
        match self {
            NewFs::Proc { .. } => Some("/proc"),
            NewFs::Sysfs => Some("/sys"),
            NewFs::Cgroup => Some("/sys/fs/cgroup"),
            _ => None,
        }
    }
}

/// A mount in the tree: one of the layers, or a mount of the host that a layer brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    layer: usize,
    /// The mount point on the host.
    submount: Option<AbsPath>,
}

/// Where a node really is; the same node may be seen at several paths.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// At this path of the host.
    Host(AbsPath),
    /// In the layer with this number, at this path below the layer's root.
    Layer(usize, AbsPath),
}

/// A tree of the host whose files get a new owner before the service starts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    path: AbsPath,
    uid: u32,
    gid: u32,
}

impl Tree {
    /// A tree whose root is this directory of the host, with all that is mounted below it.
    pub fn new(root: AbsPath, facts: &dyn Facts) -> Tree {
        let whole = |host: AbsPath| {
            let (flags, super_read_only) = host_flags(&host, facts);
            let brings = Some(host.clone());
            Layer {
                path: AbsPath::root(),
                content: Content::Host { path: host, recursive: true },
                brings,
                flags,
                super_read_only,
                turn: None,
                on: None,
                gone: false,
            }
        };
        let layers = vec![whole(AbsPath::root()), whole(root)];
        Tree {
            layers,
            made: HashMap::new(),
            owned: Vec::new(),
            moved: Vec::new(),
            turn: None,
            in_place: false,
        }
    }

    /// A tree in which the mounts are made without a change of root afterwards.
    pub(crate) fn in_place(facts: &dyn Facts) -> Tree {
        Tree { in_place: true, ..Tree::new(AbsPath::root(), facts) }
    }

    /// The mounts that the plan makes, in the order of mounting, each with its number; the first one is the root.
    pub fn layers(&self) -> impl Iterator<Item = (usize, &Layer)> {
        self.layers.iter().enumerate().skip(ROOT).filter(|(_, layer)| !layer.gone)
    }

    /// Mounts something on what is at a path now.
    pub(crate) fn mount(&mut self, path: &AbsPath, content: Content, flags: MountFlags, facts: &dyn Facts) {
        let spot = self.spot_at(path, facts);
        self.mount_on(spot, path, content, flags, facts);
    }

    /// As [`mount`](Self::mount), where it is known what is on top there.
    pub(crate) fn mount_on(
        &mut self,
        spot: Spot,
        path: &AbsPath,
        content: Content,
        flags: MountFlags,
        facts: &dyn Facts,
    ) {
        let super_read_only = match &content {
            Content::Host { path, .. } => host_flags(path, facts).1,
            Content::Part { layer, .. } => self.layers[*layer].super_read_only,
            Content::New(_) => false,
        };
        let brings = match &content {
            Content::Host { path, .. } => Some(path.clone()),
            Content::New(_) if self.in_place => None,
            Content::New(fs) => fs.twin().map(AbsPath::constant),
            Content::Part { layer, path } => {
                let whole = &self.layers[*layer];
                whole.brings.as_ref().and_then(|root| path.rebase(&whole.path, root))
            }
        };
        let (path, turn, on) = (path.clone(), self.turn, Some(spot));
        self.layers.push(Layer { path, content, flags, super_read_only, turn, brings, on, gone: false });
    }

    /// Shows a path of the host at a path of the service.
    pub(crate) fn bind(&mut self, path: &AbsPath, source: &AbsPath, recursive: bool, facts: &dyn Facts) {
        let (flags, _) = host_flags(source, facts);
        self.mount(path, Content::Host { path: source.clone(), recursive }, flags, facts);
    }

    /// Whether the mounts are made without a change of root afterwards.
    pub(crate) fn works_in_place(&self) -> bool {
        self.in_place
    }

    /// Where a bind mount's source is looked up: on the host as it was, but where no root is changed, and inside
    /// `RootDirectory=`, in what it has become.
    pub(crate) fn resolve_source(&self, path: &AbsPath, facts: &dyn Facts) -> Result<Place, Errno> {
        if self.in_place {
            return self.resolve(path, facts);
        }
        let place = self.resolve_on_host(path, facts)?;
        match self.inside_root(&place.path) {
            Some(inside) => Ok(Place { seen: self.place(&inside, facts).seen, ..place }),
            None => Ok(place),
        }
    }

    /// Where in the service's tree a path of the host is, when the mounts are made there: everywhere, or below
    /// `RootDirectory=` (`src/core/namespace.c: setup_namespace` makes them in that very directory).
    fn inside_root(&self, host: &AbsPath) -> Option<AbsPath> {
        if self.in_place {
            return Some(host.clone());
        }
        match &self.layers[ROOT].content {
            Content::Host { path: root, .. } if !root.is_root() && host.is_below(root) => {
                host.rebase(root, &AbsPath::root())
            }
            _ => None,
        }
    }

    /// Shows a source that [`Tree::resolve_source`] found at a path of the service.
    pub(crate) fn bind_source(
        &mut self,
        path: &AbsPath,
        source: &AbsPath,
        recursive: bool,
        facts: &dyn Facts,
    ) {
        let Some(inside) = self.inside_root(source) else {
            return self.bind(path, source, recursive, facts);
        };
        let spot = self.spot_at(&inside, facts);
        let (flags, content) = (self.flags(&spot, facts), self.content_at(&spot, &inside, recursive));
        let below = if recursive { self.mounted_below(&inside, &spot) } else { Vec::new() };
        self.mount(path, content, flags, facts);
        for number in below {
            let Layer { path: point, content, flags, .. } = &self.layers[number];
            let Some(point) = point.rebase(&inside, path) else { continue };
            let (content, flags) = (self.shown_again(number, content), *flags);
            self.mount(&point, content, flags, facts);
        }
    }

    /// The mounts of the plan that lie on a mount below a path, on those, and so on, in the order of mounting.
    fn mounted_below(&self, path: &AbsPath, spot: &Spot) -> Vec<usize> {
        let mut all: Vec<usize> = Vec::new();
        for (number, layer) in self.layers().filter(|(_, layer)| layer.path.is_below(path)) {
            let Some(on) = &layer.on else { continue };
            let of_host = || on.submount.is_some() && self.mount_point(on).is_below(path);
            if on == spot || on.layer == spot.layer && of_host() || all.contains(&on.layer) {
                all.push(number);
            }
        }
        all
    }

    /// What a layer shows, for another mount of it.
    fn shown_again(&self, number: usize, content: &Content) -> Content {
        match content {
            Content::New(_) => Content::Part { layer: number, path: self.layers[number].path.clone() },
            Content::Host { .. } | Content::Part { .. } => content.clone(),
        }
    }

    /// After a recursive bind mount of a source that contains `RootDirectory=`: systemd makes the mounts in that very
    /// directory, and so the bind has brought along what was mounted there so far, the directory's own mount first
    /// (`src/core/namespace.c: setup_namespace`).
    pub(crate) fn bring_root_along(&mut self, path: &AbsPath, source: &AbsPath, facts: &dyn Facts) {
        let Content::Host { path: root, .. } = &self.layers[ROOT].content else { return };
        let bind = self.layers.len() - 1;
        let Some(inside) = root.rebase(source, path).filter(|_| !self.in_place && !root.is_root()) else {
            return;
        };
        // What the host has mounted there itself has come with the bind.
        let is_mounted = *source == *root || facts.mounts().at(root).is_some();
        for number in ROOT..bind {
            let Layer { path, content, flags, gone, .. } = &self.layers[number];
            let Some(point) = path.rebase(&AbsPath::root(), &inside) else { continue };
            if *gone || (number == ROOT && is_mounted) {
                continue;
            }
            let (content, flags) = (self.shown_again(number, content), *flags);
            self.mount(&point, content, flags, facts);
        }
    }

    /// What a bind mount of a path shows.
    fn content_at(&self, spot: &Spot, path: &AbsPath, recursive: bool) -> Content {
        match self.locate(spot, path) {
            Location::Host(path) => Content::Host { path, recursive },
            Location::Layer(layer, inner) => {
                let path = inner.rebase(&AbsPath::root(), &self.layers[layer].path);
                Content::Part { layer, path: path.unwrap_or(inner) }
            }
        }
    }

    /// Makes a path a mount point that shows what it showed before; what is on top there is known.
    pub(crate) fn bind_onto_itself(&mut self, spot: Spot, path: &AbsPath, facts: &dyn Facts) {
        let flags = self.flags(&spot, facts);
        let recursive = !matches!(self.layers[spot.layer].content, Content::Host { recursive: false, .. });
        let content = self.content_at(&spot, path, recursive);
        let new = self.layers.len();
        for layer in &mut self.layers {
            if let Some(on) = layer.on.as_mut()
                && on.layer == spot.layer
                && layer.path.is_below(path)
            {
                on.layer = new;
                if on.submount == spot.submount {
                    on.submount = None;
                }
            }
        }
        self.mount_on(spot, path, content, flags, facts);
    }

    /// Takes away every mount of the plan at or below a path, and says whether there was one. Mounts of the host need no
    /// taking away: what is mounted next at the path hides them.
    pub(crate) fn clear(&mut self, path: &AbsPath) -> bool {
        let mut any = false;
        for layer in self.layers.iter_mut().skip(ROOT + 1).filter(|layer| !layer.gone) {
            layer.gone = layer.path.is_at_or_below(path);
            any |= layer.gone;
        }
        any
    }

    /// Says which entry makes the mounts from now on.
    pub(crate) fn start_turn(&mut self, turn: usize) {
        self.turn = Some(turn);
    }

    /// Adds flags to the mount that was made last.
    pub(crate) fn restrict_last(&mut self, more: MountFlags) {
        if let Some(layer) = self.layers.last_mut() {
            layer.flags.read_only |= more.read_only;
            layer.flags.nosuid |= more.nosuid;
            layer.flags.nodev |= more.nodev;
            layer.flags.noexec |= more.noexec;
        }
    }

    /// Whether anything is mounted at a place, be it hidden by something else or not.
    pub(crate) fn has_mount_at(&self, place: &Place) -> bool {
        self.layers().any(|(_, layer)| layer.path == place.path) || self.is_mount_point(place)
    }

    /// The flags of a mount before the flag rounds.
    pub fn flags(&self, spot: &Spot, facts: &dyn Facts) -> MountFlags {
        match &spot.submount {
            Some(path) => facts.mounts().at(path).map(|m| m.flags).unwrap_or_default(),
            None => self.layers[spot.layer].flags,
        }
    }

    /// Whether the file system of a mount is read-only, whatever the mount's flags say.
    pub fn is_super_read_only(&self, spot: &Spot, facts: &dyn Facts) -> bool {
        match &spot.submount {
            Some(path) => facts.mounts().at(path).is_some_and(|m| m.super_read_only),
            None => self.layers[spot.layer].super_read_only,
        }
    }

    /// Every mount that can be reached by path, with its mount point, sorted by it.
    pub fn reachable(&self, facts: &dyn Facts) -> Vec<(AbsPath, Spot)> {
        let mut all = Vec::new();
        for (number, layer) in self.layers() {
            let own = Spot { layer: number, submount: None };
            if self.spot_at(&layer.path, facts) == own {
                all.push((layer.path.clone(), own));
            }
            let Some(root) = &layer.brings else { continue };
            if matches!(layer.content, Content::Host { recursive: false, .. }) {
                continue;
            }
            for mount in facts.mounts().below(root) {
                let brought = Spot { layer: number, submount: Some(mount.path.clone()) };
                let point = self.mount_point(&brought);
                if self.spot_at(&point, facts) == brought {
                    all.push((point, brought));
                }
            }
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// The mount point of a mount, as the service sees it.
    pub fn mount_point(&self, spot: &Spot) -> AbsPath {
        let layer = &self.layers[spot.layer];
        match (&spot.submount, &layer.brings) {
            (Some(host), Some(root)) => host.rebase(root, &layer.path).unwrap_or_else(|| layer.path.clone()),
            _ => layer.path.clone(),
        }
    }

    /// The layer that a mount belongs to.
    pub fn layer(&self, spot: &Spot) -> &Layer {
        &self.layers[spot.layer]
    }

    /// The file system that a layer made; none for one that shows the host.
    pub fn file_system(&self, layer: usize) -> Option<&NewFs> {
        match &self.layers[layer].content {
            Content::New(fs) => Some(fs),
            Content::Host { .. } | Content::Part { .. } => None,
        }
    }
}

/// The flags of the host's mount that a path lies on, and whether its file system is read-only.
pub(crate) fn host_flags(path: &AbsPath, facts: &dyn Facts) -> (MountFlags, bool) {
    facts.mounts().covering(path).map_or_else(Default::default, |m| (m.flags, m.super_read_only))
}

impl Spot {
    /// The host's mount point, when this is a mount of the host that a layer brings along.
    pub fn submount(&self) -> Option<&AbsPath> {
        self.submount.as_ref()
    }

    /// The number of the layer.
    pub fn layer(&self) -> usize {
        self.layer
    }
}
