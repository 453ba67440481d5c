//! Round 1: carrying the entries out on a simulated tree, one by one, to learn what each of them does on this host
//! (systemd: `src/core/namespace.c: apply_mounts, apply_one_mount`).

use super::draft::{Draft, Drafts, State};
use super::entry::{Create, Outcome};
use super::mode::MountMode;
use super::normalise::{Gone, normalise};
use super::{DropReason, Mode, PRIVATE_TMP_STORE};
use crate::facts::{Facts, MountFlags, Node, NodeKind};
use crate::tree::{Content, Location, NewFs, Place, Seen, Step, Tree, Way, directory, host_flags};
use ringfence_terms::{AbsPath, Errno, Origin};

/// What the simulation works on.
pub(super) struct Simulation<'a> {
    pub facts: &'a dyn Facts,
    pub mode: Mode,
    pub tree: Tree,
    pub gone: Gone,
    /// The user manager of an ordinary user makes the mounts. A new instance of a kernel file system needs privileges over
    /// the namespace that it shows; without them the mount that is there stays (systemd: `mount_private_apivfs`).
    pub by_ordinary_user: bool,
    /// A private `/dev` has a link to the journal's socket.
    pub dev_log: bool,
    /// The private directories for temporary files lie in a store of their own ([`PRIVATE_TMP_STORE`]).
    pub has_private_store: bool,
    /// The unit's own store of credentials: a file system of its own, which the host's mount table does not show yet.
    pub credentials: Option<(AbsPath, Option<Origin>)>,
}

/// An entry that cannot be mounted.
pub(super) struct Stuck {
    pub entry: Draft,
    pub errno: Errno,
    /// What cannot be mounted is a bind mount's source.
    pub source: bool,
}

/// How many symlinks one entry may lead through (systemd: `CHASE_MAX`).
const MAX_FOLLOWED: u32 = 32;

impl Simulation<'_> {
    /// Mounts every entry, sorting anew whenever a symlink moves one.
    pub fn run(&mut self, entries: &mut Drafts) -> Result<(), Box<Stuck>> {
        normalise(entries, &mut self.gone, self.mode);
        let mut turn = 0;
        let mut way = Way::default();
        loop {
            let mut again = false;
            let mut at = 0;
            while at < entries.len() {
                if !entries[at].is_pending() {
                    at += 1;
                    continue;
                }
                let place = match self.tree.follow_on(&mut way, &entries[at].path, self.facts) {
                    Ok(Step::Settled(place)) => place,
                    Ok(Step::Moved(to, steps)) => {
                        let entry = &mut entries[at];
                        entry.followed += steps;
                        if entry.followed > MAX_FOLLOWED {
                            return Err(stuck(entry, Errno::ELOOP));
                        }
                        let from = std::mem::replace(&mut entry.path, to);
                        entry.requested.get_or_insert(from);
                        again = true;
                        break;
                    }
                    Err(errno) => return Err(stuck(&entries[at], errno)),
                };
                if self.serves_nobody(&entries[at], &place) {
                    let gone = entries.remove(at);
                    self.gone.dropped.push(gone.dropped(DropReason::WithoutSystemd));
                    continue;
                }
                self.tree.start_turn(turn);
                way.cut(&entries[at].path);
                let before = self.has_lost_proc().then(|| self.tree.layers().count());
                let (outcome, create) = self.mount(&mut entries[at], place)?;
                if before.is_some_and(|before| self.tree.layers().count() > before) {
                    return Err(stuck(&entries[at], Errno::ENOSYS));
                }
                entries[at].state = State::Done { outcome, create, turn };
                turn += 1;
                at += 1;
            }
            if !again {
                break;
            }
            normalise(entries, &mut self.gone, self.mode);
        }
        self.settle_flags(entries)
    }

    /// systemd mounts through `/proc/self/fd` (`src/shared/mount-util.c: mount_nofollow`), which is gone when something else
    /// lies on `/proc` of the very tree that it works in.
    fn has_lost_proc(&self) -> bool {
        if !self.tree.works_in_place() {
            return false;
        }
        let proc = AbsPath::constant("/proc");
        let spot = self.tree.spot_at(&proc, self.facts);
        match &self.tree.layer(&spot).content {
            Content::New(fs) => !matches!(fs, NewFs::Proc { .. }),
            Content::Host { .. } | Content::Part { .. } => {
                self.tree.locate(&spot, &proc) != Location::Host(proc)
            }
        }
    }

    /// One entry whose path has no symlinks left.
    fn mount(&mut self, entry: &mut Draft, place: Place) -> Result<(Outcome, Option<Create>), Box<Stuck>> {
        let (tree, facts, path) = (&mut self.tree, self.facts, &entry.path);
        match &entry.mode {
            MountMode::Inaccessible => {
                // What is mounted there goes first, and what counts is what is left.
                let place = if tree.clear(path) { tree.place(path, facts) } else { place };
                let was_mounted = tree.is_mount_point(&place) && !self.by_ordinary_user;
                let kind = match place.seen {
                    Seen::Missing if entry.optional => return Ok((Outcome::Missing, None)),
                    Seen::Missing => return Err(stuck(entry, Errno::ENOENT)),
                    Seen::Node(node) if node.kind == NodeKind::Directory => node.kind,
                    // A file below what is mounted on it is not to be seen from here; hardly any is not a plain one.
                    Seen::Node(_) if was_mounted => NodeKind::File,
                    Seen::Node(node) => node.kind,
                    _ => NodeKind::Directory,
                };
                let (flags, _) = host_flags(&AbsPath::constant("/run/systemd/inaccessible"), facts);
                let content = Content::New(NewFs::Inaccessible(kind));
                tree.mount_on(place.spot, path, content, flags, facts);
            }
            mode if mode.is_access_only() => {
                if place.seen == Seen::Missing {
                    return if entry.optional {
                        Ok((Outcome::Missing, None))
                    } else {
                        Err(stuck(entry, Errno::ENOENT))
                    };
                }
                if !tree.is_mount_point(&place) {
                    tree.bind_onto_itself(place.spot, path, facts);
                }
            }
            MountMode::Bind { source, recursive, id_mapped } => {
                let (recursive, id_mapped) = (*recursive, *id_mapped);
                let (source, node) = match self.source(source) {
                    Ok(found) => found,
                    Err(Errno::ENOENT) if entry.optional => return Ok((Outcome::Missing, None)),
                    Err(errno) => {
                        return Err(Box::new(Stuck { entry: entry.clone(), errno, source: true }));
                    }
                };
                let create = self.destination(entry, &place, &node.kind)?;
                self.tree.bind_source(&entry.path, &source, recursive, facts);
                if recursive {
                    self.tree.bring_root_along(&entry.path, &source, facts);
                    self.bring_store_along(&entry.path, &source);
                }
                if self.credentials.as_ref().is_some_and(|(store, _)| *store == source) {
                    self.tree.restrict_last(super::run::STORE);
                }
                if id_mapped {
                    self.tree.restrict_last(MountFlags {
                        read_only: false,
                        nosuid: true,
                        nodev: true,
                        noexec: true,
                    });
                }
                entry.mode = MountMode::Bind { source, recursive, id_mapped };
                return Ok((Outcome::Mounted, create));
            }
            MountMode::PrivateTmp | MountMode::PrivateTmpfs => {
                let create = self.destination(entry, &place, &NodeKind::Directory)?;
                let flags = match entry.mode {
                    MountMode::PrivateTmpfs => MountFlags { nodev: true, ..MountFlags::default() },
                    _ if entry.flags.read_only => host_flags(&RUN, facts).0,
                    _ => host_flags(&entry.path, facts).0,
                };
                self.tree.mount(&entry.path, Content::New(NewFs::PrivateTmp), flags, facts);
                return Ok((Outcome::Mounted, create));
            }
            MountMode::BindDev | MountMode::BindSysfs | MountMode::Run if tree.is_mount_point(&place) => {
                return Ok((Outcome::AlreadyMountPoint, None));
            }
            _ => return self.file_system(entry, place),
        }
        Ok((Outcome::Mounted, None))
    }

    /// The modes that mount a file system on a directory, which they make when it is missing.
    fn file_system(&mut self, entry: &Draft, place: Place) -> Result<(Outcome, Option<Create>), Box<Stuck>> {
        let facts = self.facts;
        let create = match &place.seen {
            Seen::Missing if !self.make_directories(&entry.path) => return Err(stuck(entry, Errno::ENOENT)),
            Seen::Missing => Some(Create::Directory),
            Seen::Node(node) if node.kind != NodeKind::Directory => return Err(stuck(entry, Errno::ENOTDIR)),
            _ => None,
        };
        if matches!(entry.mode, MountMode::Proc { .. } | MountMode::PrivateSysfs | MountMode::PrivateCgroup)
            && self.by_ordinary_user
            && matches!(entry.mode, MountMode::Proc { .. })
            && self.tree.is_mount_point(&place)
        {
            return Ok((Outcome::AlreadyMountPoint, create));
        }
        let path = &entry.path;
        let kernel = MountFlags { read_only: false, nosuid: true, nodev: true, noexec: true };
        let (content, flags) = match &entry.mode {
            MountMode::Tmpfs { options, nosuid, nodev, noexec } => {
                if options.iter().any(|option| !super::tmpfs::is_known(option)) {
                    return Err(stuck(entry, Errno::EINVAL));
                }
                let flags = MountFlags { read_only: false, nosuid: *nosuid, nodev: *nodev, noexec: *noexec };
                (NewFs::Tmpfs { mode: super::tmpfs::mode(options) }, flags)
            }
            MountMode::EmptyDir => (NewFs::Tmpfs { mode: 0o755 }, kernel),
            MountMode::Run => (NewFs::Tmpfs { mode: 0o755 }, MountFlags { noexec: false, ..kernel }),
            MountMode::PrivateDev => {
                (NewFs::Dev { log: self.dev_log }, MountFlags { nodev: false, ..kernel })
            }
            MountMode::Proc { options } => {
                (NewFs::Proc { pid_only: options.iter().any(|o| o == "subset=pid") }, kernel)
            }
            MountMode::PrivateSysfs => (NewFs::Sysfs, kernel),
            MountMode::PrivateCgroup => (NewFs::Cgroup, kernel),
            MountMode::Mqueue => (NewFs::Mqueue, kernel),
            MountMode::BindDev | MountMode::BindSysfs => {
                let host = AbsPath::constant(if entry.mode == MountMode::BindDev { "/dev" } else { "/sys" });
                self.tree.bind(path, &host, true, facts);
                return Ok((Outcome::Mounted, create));
            }
            _ => return Err(stuck(entry, Errno::EINVAL)),
        };
        let content = Content::New(content);
        // What lies there is known unless it has just changed.
        if self.tree.clear(path) || create.is_some() {
            self.tree.mount(path, content, flags, facts);
        } else {
            self.tree.mount_on(place.spot, path, content, flags, facts);
        }
        if entry.mode == MountMode::PrivateDev {
            self.device_directories(path);
        }
        Ok((Outcome::Mounted, create))
    }

    /// The host's directories that a private `/dev` keeps (systemd: `bind_mount_device_dir`).
    fn device_directories(&mut self, dev: &AbsPath) {
        for name in ["pts", "shm", "mqueue", "hugepages"] {
            let host = AbsPath::parse(format!("/dev/{name}"));
            if let (Ok(host), Ok(inside)) = (host, dev.join(name))
                && self.facts.node(&host).is_ok()
            {
                self.tree.bind(&inside, &host, false, self.facts);
            }
        }
    }

    /// systemd mounts the store of `PrivateTmp=disconnected` before anything else, on a directory of the host, and so a
    /// recursive bind mount of what contains that brings it along (`src/core/namespace.c: mount_path_compare`).
    fn bring_store_along(&mut self, path: &AbsPath, source: &AbsPath) {
        let store = AbsPath::constant(PRIVATE_TMP_STORE);
        if let Some(point) = store.rebase(source, path).filter(|_| self.has_private_store && store != *source)
        {
            let flags = MountFlags { nodev: true, ..MountFlags::default() };
            self.tree.mount(&point, Content::New(NewFs::Tmpfs { mode: 0o700 }), flags, self.facts);
        }
    }

    /// A bind mount's source, symlinks followed.
    fn source(&self, path: &AbsPath) -> Result<(AbsPath, Node), Errno> {
        let place = self.tree.resolve_source(path, self.facts)?;
        match place.seen {
            Seen::Node(node) => Ok((place.path, node)),
            Seen::Unknown => Ok((place.path, directory(0o755))),
            Seen::Missing => Err(Errno::ENOENT),
            Seen::Failed(errno) => Err(errno),
        }
    }

    /// Where a bind mount goes: it must be of the source's kind, and is made when nothing is there.
    fn destination(
        &mut self,
        entry: &Draft,
        place: &Place,
        source: &NodeKind,
    ) -> Result<Option<Create>, Box<Stuck>> {
        let is_directory = *source == NodeKind::Directory;
        match &place.seen {
            Seen::Node(node) if (node.kind == NodeKind::Directory) != is_directory => {
                Err(stuck(entry, Errno::ENOTDIR))
            }
            Seen::Node(_) | Seen::Unknown => Ok(None),
            Seen::Failed(errno) => Err(stuck(entry, *errno)),
            Seen::Missing if is_directory => {
                if self.make_directories(&entry.path) {
                    Ok(Some(Create::Directory))
                } else {
                    Err(stuck(entry, Errno::ENOENT))
                }
            }
            Seen::Missing => {
                let above = entry.path.parent().unwrap_or_else(AbsPath::root);
                if !self.make_directories(&above) || !self.can_make_in(&above) {
                    return Err(stuck(entry, Errno::ENOENT));
                }
                let spot = self.tree.spot_at(&above, self.facts);
                let file = Node { kind: NodeKind::File, mode: 0o644, ..directory(0) };
                self.tree.make(&spot, &entry.path, file);
                Ok(Some(Create::File))
            }
        }
    }

    /// Makes a path and its parents as directories; says whether that works.
    fn make_directories(&mut self, path: &AbsPath) -> bool {
        let mut above: Option<AbsPath> = None;
        for each in path.ancestors_from_root() {
            let place = self.tree.place(&each, self.facts);
            match place.seen {
                Seen::Missing => {
                    let Some(parent) = &above else { return false };
                    if !self.can_make_in(parent) {
                        return false;
                    }
                    let spot = self.tree.spot_at(parent, self.facts);
                    self.tree.make(&spot, &each, directory(0o755));
                }
                Seen::Node(node) if node.kind != NodeKind::Directory => return false,
                Seen::Failed(_) => return false,
                Seen::Node(_) | Seen::Unknown => {}
            }
            above = Some(each);
        }
        true
    }

    /// Whether root can make something in a directory now, before any mount has become read-only.
    fn can_make_in(&self, directory: &AbsPath) -> bool {
        let spot = self.tree.spot_at(directory, self.facts);
        let fixed = match (spot.submount(), &self.tree.layer(&spot).content) {
            (Some(host), _) => self.facts.mounts().at(host).is_some_and(|m| is_kernels_own(&m.fs_type)),
            (None, Content::Host { path, .. }) => {
                self.facts.mounts().covering(path).is_some_and(|m| is_kernels_own(&m.fs_type))
            }
            (None, Content::New(NewFs::Proc { .. } | NewFs::Sysfs | NewFs::Inaccessible(_))) => true,
            (None, _) => false,
        };
        let read_only =
            self.tree.flags(&spot, self.facts).read_only || self.tree.is_super_read_only(&spot, self.facts);
        !fixed && !read_only
    }

    /// An entry that serves the manager only goes when systemd does not run here, unless it lies in memory: then the
    /// service sees what it would see under systemd, and the machine is not touched.
    fn serves_nobody(&self, entry: &Draft, place: &Place) -> bool {
        entry.for_manager
            && !self.facts.features().booted_with_systemd
            && matches!(self.tree.locate(&place.spot, &place.path), Location::Host(_))
    }

    /// The flag rounds change the flags of entries' mount points. When a later mount has taken a mount point away, the
    /// path is made one again, which fails when it is not there any more.
    fn settle_flags(&mut self, entries: &mut Drafts) -> Result<(), Box<Stuck>> {
        if self.mode == Mode::Documented {
            super::documented::unshield(entries, &mut self.gone.dropped);
        }
        let mut way = Way::default();
        for entry in entries.iter() {
            let flags = entry.flags;
            let changes = flags != super::EntryFlags::default()
                || matches!(entry.mode, MountMode::ReadOnly | MountMode::Exec | MountMode::NoExec);
            if !changes || !matches!(entry.state, State::Done { outcome: Outcome::Mounted, .. }) {
                continue;
            }
            let place = self.tree.place_on(&mut way, &entry.path, self.facts);
            // Of these only the one mount changes, which fails where it is hidden (systemd: `bind_remount_one`).
            let one_only = entry.mode.is_memory() && !self.tree.is_mount_point(&place);
            if self.tree.has_mount_at(&place) && !one_only {
                continue;
            }
            match place.seen {
                Seen::Missing if entry.optional => {}
                Seen::Missing => return Err(stuck(entry, Errno::ENOENT)),
                Seen::Failed(errno) => return Err(stuck(entry, errno)),
                _ if one_only => return Err(stuck(entry, Errno::EINVAL)),
                _ => {
                    way.cut(&entry.path);
                    self.tree.bind_onto_itself(place.spot, &entry.path, self.facts);
                }
            }
        }
        Ok(())
    }
}

/// File systems in which only the kernel makes files.
fn is_kernels_own(fs_type: &str) -> bool {
    matches!(
        fs_type,
        "proc"
            | "sysfs"
            | "devpts"
            | "mqueue"
            | "debugfs"
            | "tracefs"
            | "securityfs"
            | "configfs"
            | "efivarfs"
            | "binfmt_misc"
            | "fusectl"
            | "selinuxfs"
            | "autofs"
    )
}

const RUN: AbsPath = AbsPath::constant("/run");

fn stuck(entry: &Draft, errno: Errno) -> Box<Stuck> {
    Box::new(Stuck { entry: entry.clone(), errno, source: false })
}
