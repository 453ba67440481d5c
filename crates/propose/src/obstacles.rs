//! Why root has to stay: what the service does as root that the user whom it becomes could not.
//!
//! Owners and modes decide, as for the kernel; nothing here changes them. Each obstacle names the path, whose it is, and what
//! somebody could do who may.

use crate::named::Named;
use crate::names::{beginnings, names};
use crate::needs::{ENTRY_CHANGES, is_kernel_interface};
use crate::rootless::Rootless;
use crate::{Needs, Options, Proposal};
use ringfence_profile::{FileAccess, Operation, Operations, Profile};
use ringfence_sandbox::facts::{Facts, Node};
use ringfence_settings::{DirectoryKind, Settings};
use ringfence_terms::AbsPath;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const READ: u32 = 4;
const WRITE: u32 = 2;
const EXECUTE: u32 = 1;

/// Something that stands in the way of starting the service as the user that it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What the user may not do, whose the path is, and what somebody could do.
    pub says: String,
    /// It is in the way of something that happens later, such as a new log: no trial shows it.
    pub is_later: bool,
}

/// What is in the user's way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bar {
    deed: Deed,
    /// The file, or the directory that it is in.
    at: AbsPath,
    /// Whether it is the directory.
    is_directory: bool,
}

/// What the user could not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    /// Make, rename or remove something in a directory.
    Change,
    /// Make a log anew beside those that there are, as a rotation or another site does.
    Log,
    Write,
    Read,
}

/// The obstacles to starting the service as the user that it becomes; none where no such user was found.
/// `as_user` is what is proposed for it: what that makes the user's own is none.
pub fn obstacles(
    profile: &Profile,
    settings: &Settings,
    facts: &dyn Facts,
    options: &Options,
    as_user: &Proposal,
) -> Vec<Obstacle> {
    let needs = Needs::of(profile);
    let options = Options { rootless: true, ..options.clone() };
    let Some(user) = Rootless::of(&needs, settings, facts, &options).and_then(|r| Someone::of(&r, facts))
    else {
        return Vec::new();
    };
    let own = own_directories(settings, as_user);
    // A file that it makes anew is its own then.
    let made: BTreeSet<&Path> =
        needs.files().filter(|access| any_of(access, &ENTRY_CHANGES)).map(|access| access.path()).collect();
    let mut found: BTreeMap<Bar, BTreeSet<String>> = BTreeMap::new();
    for access in needs.files().filter(|access| access.by().uid == 0) {
        let Ok(path) = AbsPath::parse(access.path()) else { continue };
        let is_own = own.iter().any(|own| path.is_at_or_below(own));
        if is_own || is_kernel_interface(path.as_path()) || only_in_passing(&path) {
            continue;
        }
        if let Some(bar) = user.hindered(&access, &path, &made, facts) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            found.entry(bar).or_default().extend(name);
        }
    }
    let names = names(&needs, settings, facts);
    let told = |(bar, inside): (&Bar, &BTreeSet<String>)| {
        let its = bar.deed == Deed::Read || is_its(bar, inside, &names);
        Obstacle { says: user.sentence(bar, inside, its, facts, &options), is_later: bar.deed == Deed::Log }
    };
    found.iter().map(told).collect()
}

fn any_of(access: &FileAccess<'_>, operations: &[Operation]) -> bool {
    !access.operations().and(operations.iter().copied().collect::<Operations>()).is_empty()
}

/// Whether a path, or all that is in the way inside of it, bears a name of the service.
fn is_its(bar: &Bar, inside: &BTreeSet<String>, names: &BTreeSet<String>) -> bool {
    let bears = |component: &str| beginnings(component).iter().any(|name| names.contains(name));
    let shared = SHARED.iter().any(|shared| bar.at.as_path() == Path::new(shared.0));
    bar.at.components().any(|component| bears(&component.to_string_lossy()))
        || shared && inside.iter().any(|name| bears(name))
}

/// Directories in which every service has what bears its name, and what gives one a directory there.
static SHARED: &[(&str, DirectoryKind)] = &[
    ("/run", DirectoryKind::Runtime),
    ("/run/lock", DirectoryKind::Runtime),
    ("/var/cache", DirectoryKind::Cache),
    ("/var/lib", DirectoryKind::State),
    ("/var/log", DirectoryKind::Logs),
    ("/var/run", DirectoryKind::Runtime),
];

/// Whoever looks an account up as root reads everybody's password hash along.
fn only_in_passing(path: &AbsPath) -> bool {
    ["/etc/shadow", "/etc/gshadow"].iter().any(|shadow| path.as_path() == Path::new(shadow))
}

/// Directories that systemd hands to the user, and those that are private.
fn own_directories(settings: &Settings, as_user: &Proposal) -> Vec<AbsPath> {
    let proposed = as_user.lines.iter().filter_map(|line| {
        let kind = DirectoryKind::ALL.into_iter().find(|kind| kind.directive() == line.directive)?;
        AbsPath::parse(format!("{}/{}", kind.system_base(), line.value)).ok()
    });
    let said = settings.directories.all.iter().filter_map(|directory| {
        AbsPath::parse(format!("{}/{}", directory.value.kind.system_base(), directory.value.path)).ok()
    });
    let temporary = ["/tmp", "/var/tmp"].into_iter().filter_map(|path| AbsPath::parse(path).ok());
    proposed.chain(said).chain(temporary).collect()
}

/// The user, as far as files are concerned.
struct Someone {
    name: String,
    uid: u32,
    groups: BTreeSet<u32>,
}

impl Someone {
    fn of(rootless: &Rootless, facts: &dyn Facts) -> Option<Someone> {
        let user = facts.user(&rootless.user)?;
        let mut groups: BTreeSet<u32> = facts.groups_of(&user.name).into_iter().collect();
        groups.insert(rootless.group.unwrap_or(user.gid));
        Some(Someone { name: user.name, uid: user.uid, groups })
    }

    /// Whether the mode gives all of the mask. Of an access control list the mode says too little: it may.
    fn may(&self, node: &Node, mask: u32) -> bool {
        let class = match () {
            () if node.uid == self.uid => 6,
            () if self.groups.contains(&node.gid) => 3,
            () => 0,
        };
        node.has_acl || (node.mode >> class) & mask == mask
    }

    /// What of an access is in the user's way.
    fn hindered(
        &self,
        access: &FileAccess<'_>,
        path: &AbsPath,
        made: &BTreeSet<&Path>,
        facts: &dyn Facts,
    ) -> Option<Bar> {
        use Operation::*;
        let parent = path.parent()?;
        if any_of(access, &ENTRY_CHANGES)
            && facts.node(&parent).is_ok_and(|node| !self.may(&node, WRITE | EXECUTE))
        {
            return Some(Bar { deed: Deed::Change, at: parent, is_directory: true });
        }
        let (deed, mask) = match () {
            () if made.contains(path.as_path()) => return None,
            () if any_of(access, &[Write, Truncate, ConnectSocket]) => (Deed::Write, WRITE),
            () if any_of(access, &[Read, List, Exec, Interpret, MapExec]) => (Deed::Read, READ),
            () => return None,
        };
        let is_closed = |above: &AbsPath| {
            path.is_below(above) && facts.node(above).is_ok_and(|node| !self.may(&node, EXECUTE))
        };
        if let Some(at) = path.ancestors_from_root().into_iter().find(is_closed) {
            return Some(Bar { deed, at, is_directory: true });
        }
        // A rotation, or another site, makes logs anew beside those that there are.
        let is_log = deed == Deed::Write && path.as_path().starts_with("/var/log");
        if is_log && facts.node(&parent).is_ok_and(|node| !self.may(&node, WRITE | EXECUTE)) {
            return Some(Bar { deed: Deed::Log, at: parent, is_directory: true });
        }
        let is_barred = facts.node(path).is_ok_and(|node| !self.may(&node, mask));
        is_barred.then(|| Bar { deed, at: path.clone(), is_directory: false })
    }

    fn sentence(
        &self,
        bar: &Bar,
        inside: &BTreeSet<String>,
        its: bool,
        facts: &dyn Facts,
        options: &Options,
    ) -> String {
        let (user, Bar { deed, at, is_directory }) = (&self.name, bar);
        let owner = facts.node(at).map_or_else(|_| String::new(), |node| belongs(&node, facts));
        let some: Vec<&str> = inside.iter().map(String::as_str).take(3).collect();
        let what = match is_directory {
            true => format!("{}{} in {at}", some.join(", "), if inside.len() > 3 { " …" } else { "" }),
            false => at.to_string(),
        };
        let (verb, rights) = match deed {
            Deed::Change => ("make or remove", "rwx"),
            Deed::Log => ("make anew", "rwx"),
            Deed::Write if *is_directory => ("write", "rwX"),
            Deed::Write => ("write", "rw"),
            Deed::Read if *is_directory => ("read", "rX"),
            Deed::Read => ("read", "r"),
        };
        let shared = SHARED.iter().find(|shared| at.as_path() == Path::new(shared.0));
        let advice = if !its {
            "that is not the service's own, and only root should".to_owned()
        } else if let Some((_, kind)) = shared {
            let directive = kind.directive();
            format!("in a {directive}= of its own it may, once the path is changed {}", places(at, options))
        } else {
            let recursive =
                if *is_directory && matches!(deed, Deed::Write | Deed::Read) { "-R " } else { "" };
            let defaults = if *deed == Deed::Write && *is_directory {
                format!(",d:u:{user}:rwX")
            } else {
                String::new()
            };
            format!(
                "whoever decides over it may let it: setfacl {recursive}-m u:{user}:{rights}{defaults} {at}"
            )
        };
        format!("{user} may not {verb} {what} ({owner}); {advice}")
    }
}

/// Where a path in a directory is set.
fn places(directory: &AbsPath, options: &Options) -> String {
    let inside = options.named.iter().filter(|named| named.path.parent().as_ref() == Some(directory));
    let places: Vec<String> = inside.map(Named::place).collect();
    match places.is_empty() {
        true => "in its configuration or command line, and for whoever else uses it".to_owned(),
        false => format!("in {}, in the unit, and for whoever else uses it", places.join(", ")),
    }
}

fn belongs(node: &Node, facts: &dyn Facts) -> String {
    let user = facts.user(&node.uid.to_string()).map_or_else(|| node.uid.to_string(), |user| user.name);
    let group = facts.group_name(node.gid).unwrap_or_else(|| node.gid.to_string());
    format!("{user}:{group}, mode {:04o}", node.mode)
}
