//! From a path to what is there.

use super::{Content, HOST, Location, ROOT, Seen, Spot, Tree};
use crate::facts::{Facts, NodeKind};
use ringfence_terms::{AbsPath, Errno};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A path that has no symlinks, and what is there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The path.
    pub path: AbsPath,
    /// The mount on which it lies.
    pub spot: Spot,
    /// What is there.
    pub seen: Seen,
}

/// What following one symlink came to.
#[derive(Clone, Debug)]
pub enum Step {
    /// There was none.
    Settled(Place),
    /// The path now reads so, after as many steps.
    Moved(AbsPath, u32),
}

/// The places that were passed on the way to a path, from the root on, none of them a symlink. Many paths that are
/// followed one after another share most of their way.
#[derive(Debug, Default)]
pub(crate) struct Way {
    done: Vec<Place>,
}

impl Way {
    /// Forgets what is at or below a path, since something was mounted there.
    pub(crate) fn cut(&mut self, path: &AbsPath) {
        while self.done.last().is_some_and(|place| place.path.is_at_or_below(path)) {
            self.done.pop();
        }
    }
}

/// How many symlinks are followed before giving up (systemd: `CHASE_MAX`).
const MAX_STEPS: u32 = 32;

impl Tree {
    /// The mount on which a path without symlinks lies.
    pub fn spot_at(&self, path: &AbsPath, facts: &dyn Facts) -> Spot {
        path.prefixes().fold(self.start(ROOT, facts), |spot, above| self.cross(spot, above, facts))
    }

    /// What lies on top of a layer's own root.
    fn start(&self, layer: usize, facts: &dyn Facts) -> Spot {
        let bottom = Spot { layer, submount: None };
        if self.in_place { bottom } else { self.cross(bottom, Path::new("/"), facts) }
    }

    /// From the mount that holds a path to the mount on top of that path. The path is in its simplest spelling; it is
    /// hardly ever needed as more than that.
    pub(crate) fn cross(&self, mut spot: Spot, path: &Path, facts: &dyn Facts) -> Spot {
        while let Some(next) = self.layer_on(&spot, path).or_else(|| self.host_mount_on(&spot, path, facts)) {
            spot = next;
        }
        spot
    }

    fn layer_on(&self, spot: &Spot, path: &Path) -> Option<Spot> {
        let path = path.as_os_str().as_bytes();
        let on_top = self.layers.iter().position(|layer| {
            layer.path.as_bytes() == path && !layer.gone && layer.on.as_ref() == Some(spot)
        })?;
        Some(Spot { layer: on_top, submount: None })
    }

    fn host_mount_on(&self, spot: &Spot, path: &Path, facts: &dyn Facts) -> Option<Spot> {
        let layer = &self.layers[spot.layer];
        if matches!(layer.content, Content::Host { recursive: false, .. }) || layer.path.is(path) {
            return None;
        }
        let root = layer.brings.as_ref()?;
        let mount = if *root == layer.path {
            facts.mounts().at(path)?
        } else {
            facts.mounts().at(AbsPath::parse(path).ok()?.rebase(&layer.path, root)?.as_path())?
        };
        if spot.submount.as_ref() == Some(&mount.path) {
            return None;
        }
        if spot.submount.is_none() && self.seen(spot, &AbsPath::parse(path).ok()?, facts) == Seen::Missing {
            return None;
        }
        Some(Spot { layer: spot.layer, submount: Some(mount.path.clone()) })
    }

    /// Where the node at a path of a mount really is.
    pub fn locate(&self, spot: &Spot, path: &AbsPath) -> Location {
        let mut number = spot.layer;
        let mut path = path.clone();
        loop {
            let layer = &self.layers[number];
            let moved = |to: &AbsPath| path.rebase(&layer.path, to).unwrap_or_else(|| to.clone());
            match &layer.content {
                Content::Host { path: host, .. } if *host == layer.path => return Location::Host(path),
                Content::Host { path: host, .. } => return Location::Host(moved(host)),
                Content::New(_) if spot.submount.is_some() => {
                    let twin = layer.brings.clone().unwrap_or_else(AbsPath::root);
                    return Location::Host(moved(&twin));
                }
                Content::New(_) => return Location::Layer(number, moved(&AbsPath::root())),
                Content::Part { layer: whole, path: part } => {
                    path = moved(part);
                    number = *whole;
                }
            }
        }
    }

    /// Whether something is mounted at exactly this path.
    pub(crate) fn is_mount_point(&self, place: &Place) -> bool {
        self.mount_point(&place.spot) == place.path
    }

    /// Whether nothing is at a path of the host.
    pub(crate) fn is_missing_on_host(&self, path: &AbsPath, facts: &dyn Facts) -> bool {
        self.seen(&Spot { layer: HOST, submount: None }, path, facts) == Seen::Missing
    }

    /// Looks a path up without following symlinks, not even on the way.
    pub fn place(&self, path: &AbsPath, facts: &dyn Facts) -> Place {
        let spot = self.spot_at(path, facts);
        let seen = self.seen(&spot, path, facts);
        Place { path: path.clone(), spot, seen }
    }

    /// Follows the first symlink on the way to a path, or at its end, and what `..` its target brings along (systemd:
    /// `src/basic/chase.c: chaseat` with `CHASE_STEP`). A path that leads to nothing is settled.
    ///
    /// # Errors
    /// `ENOTDIR` when the path leads through something that is no directory, `ENOENT` when `..` follows on nothing,
    /// `ELOOP`, and what the host answers.
    pub fn follow(&self, path: &AbsPath, facts: &dyn Facts) -> Result<Step, Errno> {
        self.follow_from(&mut self.way(ROOT, facts), path, facts)
    }

    /// As [`follow`](Self::follow), from where the last path led. Whoever changes the tree in between has to
    /// [cut](Way::cut) the way.
    pub(crate) fn follow_on(&self, way: &mut Way, path: &AbsPath, facts: &dyn Facts) -> Result<Step, Errno> {
        if way.done.is_empty() {
            *way = self.way(ROOT, facts);
        }
        self.follow_from(way, path, facts)
    }

    /// As [`place`](Self::place), from where the last path led.
    pub(crate) fn place_on(&self, way: &mut Way, path: &AbsPath, facts: &dyn Facts) -> Place {
        match self.follow_on(way, path, facts) {
            Ok(Step::Settled(place)) => place,
            Ok(Step::Moved(..)) | Err(_) => self.place(path, facts),
        }
    }

    /// The way to the root of a layer.
    fn way(&self, layer: usize, facts: &dyn Facts) -> Way {
        let (path, spot) = (AbsPath::root(), self.start(layer, facts));
        let seen = self.seen(&spot, &path, facts);
        Way { done: vec![Place { path, spot, seen }] }
    }

    fn follow_from(&self, way: &mut Way, path: &AbsPath, facts: &dyn Facts) -> Result<Step, Errno> {
        let done = &mut way.done;
        while done.len() > 1 && done.last().is_some_and(|place| !path.is_at_or_below(&place.path)) {
            done.pop();
        }
        // Most paths have no symlinks; then every path on the way is a beginning of this one.
        for child in path.ancestors_below(done.len()) {
            let Some(here) = done.last() else { break };
            if matches!(&here.seen, Seen::Node(node) if node.kind != NodeKind::Directory) {
                return Err(Errno::ENOTDIR);
            }
            let spot = self.cross(here.spot.clone(), child.as_path(), facts);
            match self.seen(&spot, &child, facts) {
                Seen::Failed(errno) => return Err(errno),
                seen @ Seen::Missing => return Ok(Step::Settled(Place { path: path.clone(), spot, seen })),
                Seen::Node(node) if matches!(node.kind, NodeKind::Symlink(_)) => {
                    return self.follow_symlinks(done, path, facts);
                }
                seen => done.push(Place { path: child, spot, seen }),
            }
        }
        done.last().map(|place| Step::Settled(place.clone())).ok_or(Errno::ENOENT)
    }

    /// Goes on where the next component is a symlink.
    fn follow_symlinks(
        &self,
        done: &mut Vec<Place>,
        path: &AbsPath,
        facts: &dyn Facts,
    ) -> Result<Step, Errno> {
        let mut todo: VecDeque<OsString> =
            path.components().skip(done.len() - 1).map(OsString::from).collect();
        let mut steps = 0;
        while let Some(name) = todo.pop_front() {
            let Some(here) = done.last() else { break };
            if name == ".." {
                if done.len() > 1 {
                    done.pop();
                }
                if steps > 0 && !todo.iter().any(|n| n == "..") {
                    return moved(done, &todo, steps);
                }
                continue;
            }
            if let Seen::Node(node) = &here.seen
                && node.kind != NodeKind::Directory
            {
                return Err(Errno::ENOTDIR);
            }
            let child = here.path.join(&name).map_err(|_| Errno::ENAMETOOLONG)?;
            let spot = self.cross(here.spot.clone(), child.as_path(), facts);
            let seen = self.seen(&spot, &child, facts);
            match &seen {
                Seen::Failed(errno) => return Err(*errno),
                Seen::Missing if todo.iter().any(|n| n == "..") => return Err(Errno::ENOENT),
                Seen::Missing if steps > 0 => {
                    let missing = Place { path: child, spot, seen };
                    return moved(&[missing], &todo, steps);
                }
                Seen::Missing => {
                    let path = path.clone();
                    return Ok(Step::Settled(Place { path, spot, seen }));
                }
                Seen::Node(node) => {
                    if let NodeKind::Symlink(target) = &node.kind {
                        steps += 1;
                        if steps > MAX_STEPS {
                            return Err(Errno::ELOOP);
                        }
                        if target.as_bytes().first() == Some(&b'/') {
                            done.truncate(1);
                        }
                        for part in target.as_bytes().split(|&b| b == b'/').rev() {
                            if !part.is_empty() && part != b"." {
                                todo.push_front(std::ffi::OsStr::from_bytes(part).to_owned());
                            }
                        }
                        if !todo.iter().any(|n| n == "..") {
                            return moved(done, &todo, steps);
                        }
                        continue;
                    }
                }
                Seen::Unknown => {}
            }
            done.push(Place { path: child, spot, seen });
        }
        match done.last() {
            Some(place) if steps > 0 => Ok(Step::Moved(place.path.clone(), steps)),
            Some(place) => Ok(Step::Settled(place.clone())),
            None => Err(Errno::ENOENT),
        }
    }

    /// Follows every symlink.
    ///
    /// # Errors
    /// As [`Tree::follow`].
    pub fn resolve(&self, path: &AbsPath, facts: &dyn Facts) -> Result<Place, Errno> {
        self.resolve_from(ROOT, path, facts)
    }

    /// Follows every symlink of a path of the host.
    ///
    /// # Errors
    /// As [`Tree::follow`].
    pub fn resolve_on_host(&self, path: &AbsPath, facts: &dyn Facts) -> Result<Place, Errno> {
        self.resolve_from(HOST, path, facts)
    }

    fn resolve_from(&self, layer: usize, path: &AbsPath, facts: &dyn Facts) -> Result<Place, Errno> {
        let mut path = path.clone();
        let mut way = self.way(layer, facts);
        let mut steps = 0;
        loop {
            match self.follow_from(&mut way, &path, facts)? {
                Step::Settled(place) => return Ok(place),
                Step::Moved(to, more) => {
                    steps += more;
                    if steps > MAX_STEPS {
                        return Err(Errno::ELOOP);
                    }
                    path = to;
                }
            }
        }
    }
}

/// The path that is left after a symlink.
fn moved(done: &[Place], todo: &VecDeque<OsString>, steps: u32) -> Result<Step, Errno> {
    let mut path = done.last().map_or_else(AbsPath::root, |place| place.path.clone());
    for name in todo {
        path = path.join(name).map_err(|_| Errno::ENAMETOOLONG)?;
    }
    Ok(Step::Moved(path, steps))
}
