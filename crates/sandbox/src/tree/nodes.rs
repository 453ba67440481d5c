//! What is at a place: a file of the host, or one that mounting made.

use super::{Content, Location, NewFs, Owned, Spot, Tree};
use crate::facts::{Facts, Node, NodeKind};
use ringfence_terms::{AbsPath, Errno};

/// What is at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// This.
    Node(Node),
    /// Nothing.
    Missing,
    /// It cannot be looked at from here: a mount on the host lies over it, or the kernel fills it in later.
    Unknown,
    /// Looking fails.
    Failed(Errno),
}

impl Tree {
    /// What is at a path without symlinks that lies on this mount.
    pub fn seen(&self, spot: &Spot, path: &AbsPath, facts: &dyn Facts) -> Seen {
        let location = self.locate(spot, path);
        if !self.made.is_empty()
            && let Some(node) = self.made.get(&location)
        {
            return Seen::Node(node.clone());
        }
        match location {
            Location::Host(host) => self.on_host(spot, &host, facts),
            Location::Layer(number, inner) => match &self.layers[number].content {
                Content::New(fs) => fs.seen(&inner, facts),
                _ => Seen::Unknown,
            },
        }
    }

    fn on_host(&self, spot: &Spot, host: &AbsPath, facts: &dyn Facts) -> Seen {
        if let Content::Host { path: root, recursive: false } = &self.layers[spot.layer].content
            && let Some(mount) = facts.mounts().covering(host)
            && mount.path.is_below(root)
        {
            let above = mount.path.parent().and_then(|above| facts.mounts().covering(&above));
            let is_first = above.is_none_or(|above| !above.path.is_below(root));
            return if is_first && mount.path == *host {
                Seen::Node(directory(0o755))
            } else {
                Seen::Unknown
            };
        }
        let before = self.moved.iter().find_map(|(from, to)| host.rebase(to, from));
        match facts.node(before.as_ref().unwrap_or(host)) {
            Ok(mut node) => {
                if let Some(owned) = self.owned.iter().find(|o| host.is_at_or_below(&o.path)) {
                    (node.uid, node.gid) = (owned.uid, owned.gid);
                }
                Seen::Node(node)
            }
            Err(Errno::ENOENT) => Seen::Missing,
            // Whoever plans for a system service may be an ordinary user; the manager that starts it is not.
            Err(Errno::EACCES | Errno::EPERM) if !facts.features().privileged => Seen::Unknown,
            Err(errno) => Seen::Failed(errno),
        }
    }

    /// Makes a node at a path of this mount.
    pub(crate) fn make(&mut self, spot: &Spot, path: &AbsPath, node: Node) {
        let location = self.locate(spot, path);
        self.made.insert(location, node);
    }

    /// Makes a node on the host, before anything is mounted.
    pub(crate) fn make_on_host(&mut self, path: &AbsPath, node: Node) {
        self.made.insert(Location::Host(path.clone()), node);
    }

    /// From now on all below a path of the host belongs to this user and group.
    pub(crate) fn give(&mut self, path: &AbsPath, uid: u32, gid: u32) {
        self.owned.push(Owned { path: path.clone(), uid, gid });
    }

    /// Moves a directory of the host, with all that is below it.
    pub(crate) fn move_on_host(&mut self, from: &AbsPath, to: &AbsPath) {
        self.moved.push((from.clone(), to.clone()));
    }

    /// The nodes that the plan makes on the host's own file systems, such as mount points that were missing: they stay
    /// there. Sorted by path.
    pub fn made_on_host(&self) -> Vec<(&AbsPath, &Node)> {
        let on_host = self.made.iter().filter_map(|(location, node)| match location {
            Location::Host(path) => Some((path, node)),
            Location::Layer(..) => None,
        });
        let mut nodes: Vec<_> = on_host.collect();
        nodes.sort_by_key(|(path, _)| *path);
        nodes
    }
}

/// A directory of root.
pub(crate) fn directory(mode: u32) -> Node {
    Node { kind: NodeKind::Directory, mode, uid: 0, gid: 0, rdev: 0, has_acl: false }
}

impl NewFs {
    /// What a new file system holds before anything is made in it.
    fn seen(&self, inner: &AbsPath, facts: &dyn Facts) -> Seen {
        match self {
            NewFs::Inaccessible(kind) if inner.is_root() => {
                Seen::Node(Node { kind: kind.clone(), ..directory(0) })
            }
            NewFs::Tmpfs { mode } if inner.is_root() => Seen::Node(directory(*mode)),
            NewFs::PrivateTmp | NewFs::Mqueue if inner.is_root() => Seen::Node(directory(0o1777)),
            NewFs::Dev { .. } if inner.is_root() => Seen::Node(directory(0o755)),
            NewFs::Dev { log } => device(inner, *log, facts),
            NewFs::Proc { .. } | NewFs::Sysfs | NewFs::Cgroup if inner.is_root() => {
                Seen::Node(directory(0o555))
            }
            NewFs::Proc { pid_only: true } if !of_processes(inner) => Seen::Missing,
            NewFs::Proc { .. } | NewFs::Sysfs => self.as_twin(inner, facts),
            NewFs::Cgroup => Seen::Unknown,
            _ => Seen::Missing,
        }
    }

    fn as_twin(&self, inner: &AbsPath, facts: &dyn Facts) -> Seen {
        let Some(twin) = self.twin().map(AbsPath::constant) else { return Seen::Unknown };
        let Some(host) = inner.rebase(&AbsPath::root(), &twin) else { return Seen::Unknown };
        if let Some(mount) = facts.mounts().covering(&host)
            && mount.path.is_below(&twin)
        {
            // The host's mount is not in view here: what it lies on is an empty directory that nobody can change.
            return if mount.path == host { Seen::Node(directory(0o555)) } else { Seen::Missing };
        }
        match facts.node(&host) {
            Ok(node) => Seen::Node(node),
            Err(Errno::ENOENT) => Seen::Missing,
            Err(errno) => Seen::Failed(errno),
        }
    }
}

/// Whether a path of `/proc` is there with `subset=pid` (proc(5)): processes and the links to one's own.
fn of_processes(inner: &AbsPath) -> bool {
    inner.components().next().is_some_and(|first| {
        let bytes = first.as_encoded_bytes();
        bytes.iter().all(u8::is_ascii_digit) || matches!(bytes, b"self" | b"thread-self")
    })
}

/// The device nodes that a private `/dev` has, cloned from the host's (systemd: `src/core/namespace.c:
/// mount_private_dev`).
const NODES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Its symlinks (systemd: `src/shared/dev-setup.c: dev_setup`).
const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// What a private `/dev` holds at a path below its root.
fn device(inner: &AbsPath, log: bool, facts: &dyn Facts) -> Seen {
    let name = inner.as_path().to_str().unwrap_or_default().trim_start_matches('/');
    let on_host =
        |name: &str| AbsPath::parse(format!("/dev/{name}")).ok().and_then(|path| facts.node(&path).ok());
    if NODES.contains(&name) {
        return on_host(name).map_or(Seen::Missing, |node| Seen::Node(Node { uid: 0, gid: 0, ..node }));
    }
    let link = |target: &str| {
        Seen::Node(Node { kind: NodeKind::Symlink(target.into()), mode: 0o777, ..directory(0) })
    };
    if let Some((_, target)) = LINKS.iter().find(|(link, _)| *link == name) {
        return link(target);
    }
    match name {
        "log" if log => link("/run/systemd/journal/dev-log"),
        "ptmx" => match on_host("ptmx") {
            Some(Node { kind: NodeKind::Symlink(_), .. }) => link("pts/ptmx"),
            Some(node) => Seen::Node(node),
            None => Seen::Missing,
        },
        "core" => match AbsPath::parse("/proc/kcore").ok().map(|path| facts.node(&path)) {
            Some(Ok(_)) => link("/proc/kcore"),
            _ => Seen::Missing,
        },
        "pts" | "shm" | "mqueue" | "hugepages" if on_host(name).is_some() => Seen::Node(directory(0o755)),
        "char" => Seen::Node(directory(0o755)),
        _ => Seen::Missing,
    }
}
