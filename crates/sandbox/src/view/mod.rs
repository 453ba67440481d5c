//! What the service sees once the plan is carried out: every mount with its final flags and who set them, and the places
//! where the tree changes its character.

mod edges;

pub use edges::{Access, Edge};

use crate::facts::{Facts, Mount, MountFlags};
use crate::plan::{MountEntry, Outcome, Plan};
use crate::tree::{Content, NewFs, Spot};
use ringfence_terms::AbsPath;

/// A finished plan, seen from inside.
#[derive(Clone, Copy)]
pub struct View<'a> {
    plan: &'a Plan,
    facts: &'a dyn Facts,
}

/// One mount of the service's tree as it is in the end.
#[derive(Clone, Debug)]
pub struct Mounted<'a> {
    /// The mount point.
    pub point: AbsPath,
    /// What it shows.
    pub shows: Shows,
    /// Its flags.
    pub flags: MountFlags,
    /// The file system is read-only, whatever the mount's flags say.
    pub super_read_only: bool,
    /// The entry that made the mount; none for one that came with the host's tree.
    pub made_by: Option<&'a MountEntry>,
    /// The entry that made it read-only; none when nobody did, or when the host's mount is so already.
    pub read_only_by: Option<&'a MountEntry>,
    /// The entry that made it noexec; none as above.
    pub noexec_by: Option<&'a MountEntry>,
    /// The file system's type, where it is known.
    pub fs_type: String,
    /// The mount in the plan's tree.
    pub spot: Spot,
}

/// Where the content of a mount comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// This path of the host.
    Host(AbsPath),
    /// A file system that the plan makes.
    New(NewFs),
}

impl<'a> View<'a> {
    /// The view that a plan comes to; `facts` are those that the plan was made with.
    pub fn of(plan: &'a Plan, facts: &'a dyn Facts) -> View<'a> {
        View { plan, facts }
    }

    /// The plan.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The host's facts.
    pub fn facts(&self) -> &'a dyn Facts {
        self.facts
    }

    /// The mount on which a path lies; the path must have no symlinks.
    pub fn mount_at(&self, path: &AbsPath) -> Mounted<'a> {
        self.mounted(self.plan.tree.spot_at(path, self.facts))
    }

    /// Every mount that the service can reach, sorted by mount point.
    pub fn mounts(&self) -> Vec<Mounted<'a>> {
        let reachable = self.plan.tree.reachable(self.facts);
        reachable.into_iter().map(|(_, spot)| self.mounted(spot)).collect()
    }

    /// The final state of one mount (systemd: `src/core/namespace.c: make_read_only, make_noexec, make_nosuid`).
    pub(crate) fn mounted(&self, spot: Spot) -> Mounted<'a> {
        let (tree, facts) = (&self.plan.tree, self.facts);
        let point = tree.mount_point(&spot);
        let mut flags = tree.flags(&spot, facts);
        let on_host = spot.submount().and_then(|path| facts.mounts().at(path));
        let (mut read_only_by, mut noexec_by) = (None, None);
        if on_host.is_none_or(|mount| mount.fs_type != "autofs") {
            for entry in self.nearest(&point).iter().filter(|entry| entry.outcome == Outcome::Mounted) {
                let own = entry.path == point;
                if entry.makes_read_only() && (own || entry.read_only_reaches_down()) && !flags.read_only {
                    flags.read_only = true;
                    read_only_by = Some(entry);
                }
                flags.nosuid |= entry.flags.nosuid && (own || entry.read_only_reaches_down());
                let reaches = own || !entry.mode.is_memory();
                if entry.makes_noexec() && reaches && !flags.noexec {
                    flags.noexec = true;
                    noexec_by = Some(entry);
                }
                if entry.makes_exec() && reaches {
                    flags.noexec = false;
                }
            }
            flags.nosuid |= self.plan.nosuid_all && self.is_below_an_applied_entry(&point);
        }
        let layer = tree.layer(&spot);
        let shows = match (&layer.content, spot.submount()) {
            (_, Some(host)) => Shows::Host(host.clone()),
            (Content::Host { path, .. }, None) => Shows::Host(path.clone()),
            (Content::New(fs), None) => Shows::New(fs.clone()),
            (Content::Part { layer, .. }, None) => tree
                .file_system(*layer)
                .map_or_else(|| Shows::Host(point.clone()), |fs| Shows::New(fs.clone())),
        };
        let made_by = match spot.submount() {
            Some(_) => None,
            None => layer.turn.and_then(|turn| self.plan.mounts.iter().find(|entry| entry.turn == turn)),
        };
        Mounted {
            super_read_only: tree.is_super_read_only(&spot, facts),
            fs_type: fs_type(&shows, facts),
            point,
            shows,
            flags,
            made_by,
            read_only_by,
            noexec_by,
            spot,
        }
    }

    /// The entries at the deepest path at or above a mount point: those further up spare what lies below another entry.
    fn nearest(&self, point: &AbsPath) -> &'a [MountEntry] {
        let mounts = &self.plan.mounts;
        let mut above = Some(point.clone());
        while let Some(path) = above {
            let start = mounts.partition_point(|entry| entry.path < path);
            let length = mounts[start..].partition_point(|entry| entry.path == path);
            if length > 0 {
                return &mounts[start..start + length];
            }
            above = path.parent();
        }
        &[]
    }

    fn is_below_an_applied_entry(&self, point: &AbsPath) -> bool {
        self.plan.mounts.iter().any(|entry| {
            entry.outcome == Outcome::Mounted
                && (entry.path == *point || (!entry.mode.is_memory() && point.is_below(&entry.path)))
        })
    }
}

impl Mounted<'_> {
    /// Nothing can be written there, because of the mount or of the file system.
    pub fn is_read_only(&self) -> bool {
        self.flags.read_only || self.super_read_only
    }
}

fn fs_type(shows: &Shows, facts: &dyn Facts) -> String {
    let known = match shows {
        Shows::Host(path) => return facts.mounts().covering(path).map_or_else(String::new, name_of),
        Shows::New(NewFs::Tmpfs { .. } | NewFs::Dev { .. }) => "tmpfs",
        Shows::New(NewFs::Proc { .. }) => "proc",
        Shows::New(NewFs::Sysfs) => "sysfs",
        Shows::New(NewFs::Cgroup) => "cgroup2",
        Shows::New(NewFs::Mqueue) => "mqueue",
        Shows::New(NewFs::PrivateTmp | NewFs::Inaccessible(_)) => "",
    };
    known.to_owned()
}

fn name_of(mount: &Mount) -> String {
    mount.fs_type.clone()
}
