//! The ordered mounts that settings yield on a host.
//!
//! [`Plan::of`] does what systemd 257 does between reading a unit and `execve()`: it asks whether there is to be a mount
//! namespace at all (`need`), collects the entries of every directive (`assemble`), sorts and prunes them (`normalise`),
//! and carries them out on a simulated [`Tree`] of this host (`simulate`), which tells what each of
//! them does, what has to be made for it, and whether the start fails.

mod assemble;
mod directories;
mod documented;
mod draft;
mod entry;
mod identity;
mod mode;
mod need;
mod normalise;
mod run;
mod simulate;
mod symlinks;
mod tmpfs;

pub use directories::DirectorySetup;
pub use entry::{Create, DropReason, Dropped, FlagLines, MountEntry, Outcome};
pub use identity::DYNAMIC_USER;
pub(crate) use identity::ids;
pub use mode::{EntryFlags, MountMode};
pub use run::{Bases, For};

use crate::decide::DeviceRules;
use crate::facts::Facts;
use crate::tree::{Content, Location, NewFs, Seen, Tree, directory};
use crate::view::View;
use draft::Drafts;
use normalise::Gone;
use ringfence_settings::{PrivateUsers, Settings};
use ringfence_terms::{AbsPath, Errno, Origin};
use ringfence_unit::Manager;
use simulate::{Simulation, Stuck};
use std::ffi::OsString;

/// What a command of the service will see. Pure data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Why the command gets a mount namespace of its own; empty when it gets none, and then `mounts` is empty as well.
    pub reasons: Vec<Reason>,
    /// What becomes the service's `/`.
    pub root: Root,
    /// Every entry that survives, sorted as systemd sorts them: parents before children.
    pub mounts: Vec<MountEntry>,
    /// Entries that another one made void, and why: an explanation for `why` and `lint`.
    pub dropped: Vec<Dropped>,
    /// Of these, entries that were mounted before a symlink moved another entry to a place where it makes them void.
    /// Their mounts stay, but no flags are set on them.
    pub overtaken: Vec<MountEntry>,
    /// Symlinks made inside the new root after mounting.
    pub symlinks: Vec<Symlink>,
    /// Directories of `RuntimeDirectory=` and its kin, made on the host before any mount, in the order of making.
    pub directories: Vec<DirectorySetup>,
    /// What the whole tree's propagation is set to at the end (`MountFlags=`; systemd's default is shared).
    pub propagation: Propagation,
    /// Every applied entry's mount gets nosuid (`NoNewPrivileges=` without SELinux).
    pub nosuid_all: bool,
    /// The start fails: systemd would exit with this status.
    pub failure: Option<Failure>,
    /// The tree of mounts that comes of it.
    pub tree: Tree,
    /// A private `/dev` has a `log` that leads to the journal's socket.
    pub dev_log: bool,
    /// systemd mounts the store of `PrivateTmp=disconnected` on [`PRIVATE_TMP_STORE`] of the host's tree, which a recursive
    /// bind mount may bring into view.
    pub has_private_store: bool,
    /// Which devices the service may open.
    pub devices: DeviceRules,
}

/// Where systemd mounts the store of `PrivateTmp=disconnected`.
pub const PRIVATE_TMP_STORE: &str = "/run/systemd/unit-private-tmp";

/// Whether systemd 257's surprises are reproduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// As systemd 257 does it, holes included.
    #[default]
    Faithful,
    /// As systemd's manual says that it is.
    Documented,
}

/// Why a mount namespace is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The directive at work, for example `ProtectSystem`.
    pub directive: &'static str,
    /// Its line; none for a default that something else set off.
    pub origin: Option<Origin>,
}

/// What becomes the service's `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The host's own tree.
    Host,
    /// The host's own tree, in which the mounts are made where they are (`RootDirectory=/`): systemd changes into a new
    /// root only when it is another one (`src/shared/mount-util.c: mount_switch_root_full`), so what is mounted on `/`
    /// itself does not come into view.
    InPlace,
    /// `RootDirectory=`, symlinks resolved.
    Directory(AbsPath),
}

/// A symlink inside the new root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symlink {
    /// Where.
    pub path: AbsPath,
    /// What it says.
    pub target: OsString,
    /// The line responsible.
    pub origin: Option<Origin>,
}

/// Mount propagation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// Peer group of its own, still slave of the host's.
    #[default]
    Shared,
    /// Slave of the host's only.
    Slave,
    /// Neither.
    Private,
}

/// The set-up would fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// systemd's exit status, 200 to 245.
    pub status: u8,
    /// The path concerned.
    pub path: Option<AbsPath>,
    /// Which error.
    pub errno: ringfence_terms::Errno,
    /// The line responsible.
    pub origin: Option<Origin>,
    /// What is wrong and what to do, one or two sentences.
    pub why: String,
}

impl Plan {
    /// Plans one command of a unit on a machine.
    pub fn of(settings: &Settings, facts: &dyn Facts, run: &For, mode: Mode) -> Plan {
        let reasons = need::reasons(settings, facts, run);
        let mut failure = None;
        let root = match root(settings, facts, run) {
            Ok(root) => root,
            Err(why) => {
                failure = Some(*why);
                Root::Host
            }
        };
        let mut tree = match &root {
            Root::Host => Tree::new(AbsPath::root(), facts),
            Root::InPlace => Tree::in_place(facts),
            Root::Directory(path) if reasons.is_empty() => Tree::new(path.clone(), facts),
            Root::Directory(path) => skeleton(path, facts),
        };
        let directories = directories::placed(settings, facts, &run.bases);
        for directory in &directories {
            if let Err(why) = directory.make(settings, facts, &mut tree) {
                failure.get_or_insert(why);
            }
        }
        failure = failure.or_else(|| run.missing_credential(settings, facts, &tree));
        run.prepare(settings, facts, &mut tree);
        let mut plan = Plan {
            reasons,
            root,
            mounts: Vec::new(),
            dropped: Vec::new(),
            overtaken: Vec::new(),
            symlinks: Vec::new(),
            directories,
            propagation: propagation(settings),
            nosuid_all: run.sandboxed
                && settings.sandbox.no_new_privileges.value
                && !facts.features().selinux,
            failure,
            tree,
            dev_log: need::dev_log(settings, run),
            has_private_store: false,
            devices: if run.sandboxed { DeviceRules::of(settings, facts) } else { DeviceRules::default() },
        };
        let symlinks = symlinks::symlinks(settings, run, &plan.directories);
        if plan.reasons.is_empty() {
            if let Err(why) = symlinks::make(&symlinks, &mut plan.tree, facts) {
                plan.failure.get_or_insert(*why);
            }
            return plan;
        }
        let wanted = assemble::assemble(settings, facts, run, &plan.root);
        let mut entries = wanted.entries;
        plan.has_private_store = has_private_store(settings, facts, &plan.root, &entries);
        let mut simulation = Simulation {
            facts,
            mode,
            tree: plan.tree,
            gone: Gone { dropped: wanted.dropped, mounted: Vec::new() },
            credentials: run.credentials_directory(settings),
            has_private_store: plan.has_private_store,
            dev_log: plan.dev_log,
            by_ordinary_user: settings.manager == ringfence_unit::Manager::User
                && !facts.features().privileged,
        };
        if let Err(stuck) = simulation.run(&mut entries) {
            plan.failure.get_or_insert_with(|| not_mountable(&stuck));
        }
        plan.tree = simulation.tree;
        plan.dropped = simulation.gone.dropped;
        plan.overtaken = simulation.gone.mounted.into_iter().map(|draft| draft.finish()).collect();
        if mode == Mode::Faithful {
            plan.failure = plan.failure.or_else(|| nowhere_to_come_in(&plan.dropped));
        }
        plan.symlinks = symlinks;
        if plan.failure.is_none()
            && let Err(why) = symlinks::make(&plan.symlinks, &mut plan.tree, facts)
        {
            plan.failure = Some(*why);
        }
        plan.mounts = entries.into_iter().map(|draft| draft.finish()).collect();
        if mode == Mode::Faithful && settings.manager == ringfence_unit::Manager::System {
            plan.failure = plan.failure.or_else(|| came_to_nothing(&plan.mounts));
        }
        if mode == Mode::Faithful && run.sandboxed && plan.failure.is_none() {
            plan.failure = users_without_proc(settings, facts, &plan);
        }
        plan
    }

    /// Every entry that is mounted, in the order of mounting.
    pub fn in_turn(&self) -> Vec<&MountEntry> {
        let mut all: Vec<&MountEntry> = self.mounts.iter().chain(&self.overtaken).collect();
        all.sort_by_key(|entry| entry.turn);
        all
    }
}

/// Whether systemd mounts the store of `PrivateTmp=disconnected` where the entries do not show it. On a machine without
/// systemd there is no place for it, and nobody misses it.
fn has_private_store(settings: &Settings, facts: &dyn Facts, root: &Root, entries: &Drafts) -> bool {
    let features = facts.features();
    settings.manager == Manager::System
        && features.booted_with_systemd
        && features.privileged
        && *root != Root::InPlace
        && entries.iter().any(|entry| entry.mode == MountMode::PrivateTmpfs)
}

/// What becomes `/`: `RootDirectory=` with its symlinks resolved.
fn root(settings: &Settings, facts: &dyn Facts, run: &For) -> Result<Root, Box<Failure>> {
    let setting = &settings.paths.root_directory;
    let Some(path) = setting.value.as_ref().filter(|_| run.change_root) else {
        return Ok(Root::Host);
    };
    if path.is_root() {
        return Ok(Root::InPlace);
    }
    let missing = |errno| {
        Box::new(Failure {
            status: 226,
            path: Some(path.clone()),
            errno,
            origin: setting.origin.clone(),
            why: format!("The root directory {path} is not there, or is not a directory."),
        })
    };
    let place = Tree::new(AbsPath::root(), facts).resolve(path, facts).map_err(missing)?;
    match place.seen {
        Seen::Missing => Err(missing(Errno::ENOENT)),
        Seen::Failed(errno) => Err(missing(errno)),
        Seen::Node(node) if node.kind != crate::facts::NodeKind::Directory => Err(missing(Errno::ENOTDIR)),
        Seen::Node(_) | Seen::Unknown => Ok(Root::Directory(place.path)),
    }
}

/// The directories and symlinks that a root directory is given when it lacks them (systemd:
/// `src/shared/base-filesystem.c: base_filesystem_create`).
fn skeleton(root: &AbsPath, facts: &dyn Facts) -> Tree {
    let mut tree = Tree::new(root.clone(), facts);
    let missing = |path: &AbsPath| facts.node(path) == Err(Errno::ENOENT);
    let directories =
        [("root", 0o750), ("usr", 0o755), ("var", 0o755), ("etc", 0o755), ("proc", 0o555), ("sys", 0o555)];
    for (name, mode) in directories.into_iter().chain([("dev", 0o555), ("run", 0o555)]) {
        if let Ok(path) = root.join(name)
            && missing(&path)
        {
            tree.make_on_host(&path, directory(mode));
        }
    }
    for name in ["bin", "lib", "sbin", "lib64"] {
        if let (Ok(path), Ok(target)) = (root.join(name), root.join(format!("usr/{name}")))
            && missing(&path)
            && facts.node(&target).is_ok()
        {
            tree.make_on_host(&path, directories::symlink(&path, &target));
        }
    }
    tree
}

fn propagation(settings: &Settings) -> Propagation {
    match settings.paths.mount_flags.value {
        Some(ringfence_settings::Propagation::Slave) => Propagation::Slave,
        Some(ringfence_settings::Propagation::Private) => Propagation::Private,
        Some(ringfence_settings::Propagation::Shared) | None => Propagation::Shared,
    }
}

/// Once everything is mounted, systemd writes the maps of a user namespace through the service's own `/proc`, and fails when
/// there is none, or a read-only one (`src/core/exec-invoke.c: setup_private_users`). A manager without privileges has done
/// so before.
fn users_without_proc(settings: &Settings, facts: &dyn Facts, plan: &Plan) -> Option<Failure> {
    let users = &settings.sandbox.private_users;
    if users.value == PrivateUsers::No || !facts.features().privileged {
        return None;
    }
    let proc = AbsPath::parse("/proc").ok()?;
    let tree = &plan.tree;
    let spot = tree.spot_at(&proc, facts);
    let there = match &tree.layer(&spot).content {
        Content::New(fs) => matches!(fs, NewFs::Proc { .. }),
        Content::Host { .. } | Content::Part { .. } => match tree.locate(&spot, &proc) {
            Location::Host(path) => {
                path == proc || facts.mounts().at(&path).is_some_and(|mount| mount.fs_type == "proc")
            }
            Location::Layer(..) => false,
        },
    };
    let (errno, lacks) = match there {
        false => (Errno::ENOENT, "the service's view does not have it"),
        true if View::of(plan, facts).mount_at(&proc).is_read_only() => {
            (Errno::EROFS, "in the service's view it is read-only")
        }
        true => return None,
    };
    Some(Failure {
        status: 217,
        path: Some(proc),
        errno,
        origin: users.origin.clone(),
        why: format!("PrivateUsers= needs the kernel's /proc, to be written to; {lacks}."),
    })
}

/// Once everything is mounted, systemd changes the propagation of `/run/systemd/incoming`, and fails when the mount is not
/// there because something above it is inaccessible (`src/core/namespace.c: setup_namespace`).
fn nowhere_to_come_in(dropped: &[Dropped]) -> Option<Failure> {
    let mut incoming = dropped.iter().filter(|gone| gone.path.as_bytes() == assemble::INCOMING.as_bytes());
    let (incoming, by, origin) = incoming.find_map(|gone| match &gone.why {
        DropReason::Masked { by, origin } => Some((gone, by, origin)),
        _ => None,
    })?;
    Some(Failure {
        status: 226,
        path: Some(incoming.path.clone()),
        errno: Errno::ENOENT,
        origin: origin.clone(),
        why: format!(
            "{by} is inaccessible, and with it {}, where systemd must have a mount. Hide parts of {by} instead, or \
             cover it with TemporaryFileSystem={by}.",
            incoming.path
        ),
    })
}

/// The same where a line of the unit's took the place of systemd's own mount and, not finding the path, mounted nothing.
fn came_to_nothing(mounts: &[MountEntry]) -> Option<Failure> {
    let at = |entry: &&MountEntry| entry.path.as_bytes() == assemble::INCOMING.as_bytes();
    let entry = mounts.iter().filter(at).find(|entry| entry.outcome == Outcome::Missing)?;
    let path = &entry.path;
    Some(Failure {
        status: 226,
        path: Some(path.clone()),
        errno: Errno::ENOENT,
        origin: entry.origin.clone(),
        why: format!(
            "systemd must have a mount at {path}; this line takes its place, and the path is not there. Leave {path} out."
        ),
    })
}

fn not_mountable(stuck: &Stuck) -> Failure {
    let entry = &stuck.entry;
    let path = &entry.path;
    let why = match (&entry.mode, stuck.errno) {
        (MountMode::Bind { source, .. }, errno) if stuck.source => match errno {
            Errno::ENOENT => format!(
                "{source}, to be shown at {path}, does not exist on the host. Create it, or write `-{source}` if it \
                 may be missing."
            ),
            _ => format!("{source}, to be shown at {path}, cannot be reached on the host."),
        },
        (MountMode::Bind { source, .. }, Errno::ENOTDIR) => {
            format!("{source} and {path} are not of one kind: one is a directory and the other is not.")
        }
        (MountMode::Tmpfs { .. }, Errno::EINVAL) => {
            format!("The temporary file system at {path} has an option that the kernel does not know.")
        }
        (mode, Errno::ENOENT) if mode.is_access_only() || *mode == MountMode::Inaccessible => format!(
            "{path} does not exist where it is looked for, in the service's own tree. Create it, or write `-{path}` \
             if it may be missing."
        ),
        (_, Errno::ENOENT) => format!("{path} does not exist and cannot be created there."),
        (_, Errno::ENOTDIR) => {
            format!("{path} leads through something that is not a directory, or is none itself.")
        }
        (_, Errno::ELOOP) => format!("{path} leads through too many symlinks."),
        (_, errno) => format!("{path} cannot be mounted: {errno}."),
    };
    Failure { status: 226, path: Some(path.clone()), errno: stuck.errno, origin: entry.origin.clone(), why }
}
