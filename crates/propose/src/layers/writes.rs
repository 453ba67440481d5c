//! What the service may write: `StateDirectory=` and its kin where path, owner and mode fit, else `ReadWritePaths=`.

use crate::needs::{Written, is_kernel_interface};
use crate::{Case, Evidence, Proposal};
use ringfence_sandbox::facts::{Node, NodeKind};
use ringfence_settings::{DirectoryKind, ProtectSystem};
use ringfence_terms::AbsPath;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    let read_only = proposal.has("ProtectSystem")
        || proposal.has("TemporaryFileSystem")
        || case.settings.sandbox.protect_system.value == ProtectSystem::Strict;
    if !read_only || !case.broker.is_empty() {
        return;
    }
    let private_tmp = proposal.has("PrivateTmp")
        || case.settings.sandbox.private_tmp.value != ringfence_settings::PrivateTmp::No;
    let mut places: BTreeMap<AbsPath, Place> = BTreeMap::new();
    for written in case.needs.written() {
        // What is called how there varies, and others see it.
        if let Some(tmp) = ["/tmp", "/var/tmp"].iter().find(|tmp| written.path.starts_with(tmp)) {
            if let (false, Ok(tmp)) = (private_tmp, AbsPath::parse(tmp)) {
                places.entry(tmp).or_insert(Place::new(None)).evidence.push(written.evidence);
            }
            continue;
        }
        if let Some((path, place)) = place(case, &written) {
            places.entry(path).or_insert(place).evidence.push(written.evidence);
        }
    }
    for claim in case.needs.claims().filter(|claim| may_be_claimed(case, claim.path)) {
        if let Some((path, place)) = place(case, &claim) {
            places.entry(path).or_insert(place).evidence.push(claim.evidence);
        }
    }
    for (path, evidence) in namesakes(case) {
        let place = places.entry(path.clone()).or_insert_with(|| Place::new(kind_of(&path)));
        place.evidence.push(evidence);
    }
    for (path, evidence) in &case.options.granted {
        if let Ok(path) = AbsPath::parse(path) {
            places.entry(path).or_insert(Place::new(None)).evidence.push(evidence.clone());
        }
    }
    for (path, place) in outermost(places) {
        grant(case, proposal, &path, place);
    }
}

/// Where something is written, and which directive could own it.
struct Place {
    kind: Option<(DirectoryKind, String)>,
    evidence: Vec<Evidence>,
}

impl Place {
    fn new(kind: Option<(DirectoryKind, String)>) -> Place {
        Place { kind, evidence: Vec::new() }
    }
}

/// `mkdir -p` tries every directory on the way, and every link to one; what counts is below the places where services keep
/// things.
fn may_be_claimed(case: &Case<'_>, path: &Path) -> bool {
    let below = ["/run", "/srv", "/var"].iter().any(|top| path.starts_with(top));
    let is_link =
        |path: &AbsPath| case.facts.node(path).is_ok_and(|node| matches!(node.kind, NodeKind::Symlink(_)));
    below
        && !path.starts_with("/var/tmp")
        && AbsPath::parse(path).is_ok_and(|path| !is_shared(&path) && !is_link(&path))
}

/// The directive that could own a directory, and the value.
fn kind_of(path: &AbsPath) -> Option<(DirectoryKind, String)> {
    let parent = path.parent()?;
    let kind =
        DirectoryKind::ALL.into_iter().find(|kind| parent.as_path() == Path::new(kind.system_base()))?;
    Some((kind, path.as_path().file_name()?.to_str()?.to_owned()))
}

/// Directories that bear the service's name, or its user's, where services keep what they write: an exercise that never
/// filled a buffer, opened a session or rotated a log does not show them.
fn namesakes(case: &Case<'_>) -> Vec<(AbsPath, Evidence)> {
    let (names, homes) = (case.names(), case.homes());
    let mut found = Vec::new();
    for base in ["/var/lib", "/var/cache", "/var/log", "/var/spool"] {
        let Ok(base) = AbsPath::parse(base) else { continue };
        let named = names.iter().filter_map(|name| base.join(name).ok());
        let home = homes.iter().filter(|home| home.parent().as_ref() == Some(&base)).cloned();
        for path in named.chain(home) {
            let is_directory = case.facts.node(&path).is_ok_and(|node| node.kind == NodeKind::Directory);
            if is_directory && own_name(&path) {
                let evidence = Evidence(format!("{path} bears the name of the service or its user"));
                found.push((path, evidence));
            }
        }
    }
    found
}

/// The place to grant for one write: the service's own directory below a well-known base; else the directory whose
/// entries change; else the file.
///
/// A file is granted alone only where the directory is a shared one and the file is never replaced: a mount on a file does
/// not follow when a log rotation or an editor puts a new file in its place.
fn place(case: &Case<'_>, written: &Written<'_>) -> Option<(AbsPath, Place)> {
    let path = AbsPath::parse(written.path).ok()?;
    for kind in DirectoryKind::ALL {
        let base = AbsPath::parse(kind.system_base()).ok()?;
        if !path.is_below(&base) {
            continue;
        }
        let name = path.as_path().strip_prefix(base.as_path()).ok()?.iter().next()?.to_str()?.to_owned();
        let own = base.join(&name).ok()?;
        let is_directory = own != path || written.made_directory || written.is_directory;
        // Configuration is written by many hands; what is the service's own there bears its name.
        let foreign = kind == DirectoryKind::Configuration && !case.settings.unit.as_str().starts_with(&name);
        if is_directory && own_name(&own) && !foreign {
            return Some((own, Place::new(Some((kind, name)))));
        }
    }
    let parent = path.parent()?;
    let replaced = written.entry || is_log(&path);
    let target = match () {
        () if written.is_directory && !written.entry => path,
        () if replaced || !is_shared(&parent) => parent,
        () => path,
    };
    // Nothing but the file system itself can make the root writable; systemd has no line for it below strict.
    (!target.is_root()).then_some((target, Place::new(None)))
}

/// A rotation replaces logs even where no recording shows it.
fn is_log(path: &AbsPath) -> bool {
    path.as_path().starts_with("/var/log")
}

/// Directories of the system itself, which no service owns.
pub(super) fn own_name(path: &AbsPath) -> bool {
    let taken = [
        "/run/credentials",
        "/run/dbus",
        "/run/initctl",
        "/run/lock",
        "/run/log",
        "/run/shm",
        "/run/systemd",
        "/run/udev",
        "/run/user",
        "/run/utmp",
        "/var/cache/apt",
        "/var/cache/ldconfig",
        "/var/cache/private",
        "/var/lib/apt",
        "/var/lib/dbus",
        "/var/lib/dpkg",
        "/var/lib/misc",
        "/var/lib/pam",
        "/var/lib/private",
        "/var/lib/systemd",
        "/var/lib/ucf",
        "/var/log/journal",
        "/var/log/private",
    ];
    !taken.iter().any(|t| path.as_path() == Path::new(t))
}

fn is_shared(directory: &AbsPath) -> bool {
    [
        "/",
        "/etc",
        "/run",
        "/var",
        "/var/lib",
        "/var/log",
        "/var/cache",
        "/var/spool",
        "/var/mail",
        "/usr",
        "/opt",
        "/srv",
        "/home",
        "/root",
        "/run/lock",
    ]
    .iter()
    .any(|shared| directory.as_path() == Path::new(shared))
}

/// Drops what lies below another place; its evidence goes there.
fn outermost(places: BTreeMap<AbsPath, Place>) -> Vec<(AbsPath, Place)> {
    let mut kept: Vec<(AbsPath, Place)> = Vec::new();
    for (path, place) in places {
        match kept.last_mut() {
            Some((outer, above)) if path.is_at_or_below(outer) => above.evidence.extend(place.evidence),
            _ => kept.push((path, place)),
        }
    }
    kept
}

fn grant(case: &Case<'_>, proposal: &mut Proposal, path: &AbsPath, place: Place) {
    let hidden = proposal.has("TemporaryFileSystem");
    if is_kernel_interface(path.as_path()) || granted_already(case, path, hidden) {
        return;
    }
    let node = case.facts.node(path);
    let mut names: BTreeSet<AbsPath> = BTreeSet::new();
    if hidden {
        names = super::view::other_names(case, path);
    }
    if let Some((kind, name)) = &place.kind {
        match fits(case, *kind, node.as_ref().ok(), path) {
            Ok(mode) => {
                proposal.grant(
                    kind.directive(),
                    name,
                    format!("{path} is the service's own"),
                    place.evidence,
                );
                if let Some(mode) = mode {
                    let directive = mode_directive(*kind);
                    proposal.grant(
                        directive,
                        format!("{mode:04o}"),
                        format!("the mode that {path} has"),
                        Vec::new(),
                    );
                }
                named_otherwise(proposal, path, &names);
                return;
            }
            Err(why) => proposal.leave_open(kind.directive(), why, Vec::new()),
        }
    }
    let directive = if hidden { "BindPaths" } else { "ReadWritePaths" };
    match node {
        Ok(_) => proposal.grant(directive, path.to_string(), format!("{path} is written"), place.evidence),
        Err(_) if case.options.of_sockets.contains(&path.to_string()) => proposal.grant(
            directive,
            path.to_string(),
            format!("{path} is written; the service's socket unit makes it"),
            place.evidence,
        ),
        Err(_) => proposal.grant(
            directive,
            format!("-{path}"),
            format!("{path} is written; it is not there before the service starts, and then this line grants nothing"),
            place.evidence,
        ),
    }
    named_otherwise(proposal, path, &names);
    if hidden && path.as_path() == Path::new("/run") {
        hide_again(case, proposal);
    }
}

/// Below `/run`, what gives power over the machine or belongs to others.
static OF_OTHERS: &[&str] = &[
    "/run/containerd",
    "/run/credentials",
    "/run/dbus",
    "/run/docker.sock",
    "/run/libvirt",
    "/run/log",
    "/run/mount",
    "/run/sudo",
    "/run/udev",
    "/run/user",
];

/// A PID file right in `/run` brings all of it in; what nobody needs is taken out again.
fn hide_again(case: &Case<'_>, proposal: &mut Proposal) {
    let unused = |place: &&&str| !case.needs.files().any(|access| access.path().starts_with(place));
    let words: Vec<String> = OF_OTHERS.iter().filter(unused).map(|place| format!("-{place}")).collect();
    let why = "what is others' in /run, wherever it is there";
    proposal.restrict("InaccessiblePaths", words.join(" "), why);
}

/// In a hidden tree there are no links: what was reached through one gets its second name.
fn named_otherwise(proposal: &mut Proposal, path: &AbsPath, names: &BTreeSet<AbsPath>) {
    for name in names {
        proposal.grant(
            "BindPaths",
            format!("-{path}:{name}"),
            format!("{name} is another name of {path}, through a link that is not there"),
            Vec::new(),
        );
    }
}

fn mode_directive(kind: DirectoryKind) -> &'static str {
    match kind {
        DirectoryKind::Runtime => "RuntimeDirectoryMode",
        DirectoryKind::State => "StateDirectoryMode",
        DirectoryKind::Cache => "CacheDirectoryMode",
        DirectoryKind::Logs => "LogsDirectoryMode",
        DirectoryKind::Configuration => "ConfigurationDirectoryMode",
    }
}

/// Whether the directory may become the service's by its directive: the mode to keep where it is not the default, or why it
/// may not. systemd changes owner and mode to what it expects, recursively; that must change nothing here
/// (`src/core/exec-invoke.c: setup_exec_directory`).
fn fits(
    case: &Case<'_>,
    kind: DirectoryKind,
    node: Option<&Node>,
    path: &AbsPath,
) -> Result<Option<u32>, String> {
    if case.is_relaxed(kind.directive()) {
        return Err(format!("the service did not work with {}=", kind.directive()));
    }
    if kind == DirectoryKind::Runtime && case.options.of_sockets.contains(&path.to_string()) {
        return Err(format!(
            "{path} holds what the service's socket unit listens on, and the directive would remove that on stop"
        ));
    }
    let Some(node) = node else {
        return match case.needs.makes(path.as_path()) {
            true => Ok(None),
            false => Err(format!("{path} is made by something else")),
        };
    };
    if node.kind != NodeKind::Directory {
        return Err(format!("{path} is no directory"));
    }
    let mode = (node.mode != 0o755).then_some(node.mode);
    // After a boot it is not there, and a service that runs nevertheless makes it and hands it over itself. Made anew at
    // every start, as the directive does, it gets there as after a boot; a trial tells whether that is so.
    if kind == DirectoryKind::Runtime && !case.options.made_at_boot.contains(&path.to_string()) {
        return Ok(mode);
    }
    let (uid, gid) = owner(case);
    if (node.uid, node.gid) != (uid, gid) {
        return Err(format!(
            "{path} belongs to {}:{}, and the directive would hand it to {uid}:{gid}",
            node.uid, node.gid
        ));
    }
    if kind == DirectoryKind::Runtime && !case.needs.makes(path.as_path()) {
        return Err(format!("{path} is made by something else, and the directive would remove it on stop"));
    }
    Ok(mode)
}

/// User and group that systemd would give the directory to.
fn owner(case: &Case<'_>) -> (u32, u32) {
    let identity = &case.settings.identity;
    let user = identity.user.value.as_deref().and_then(|name| case.facts.user(name));
    let uid = user.as_ref().map_or(0, |user| user.uid);
    let own_gid = user.as_ref().map_or(0, |user| user.gid);
    let gid = identity.group.value.as_deref().and_then(|name| case.facts.group(name)).unwrap_or(own_gid);
    (uid, gid)
}

/// Whether a line of the unit makes the path writable: nothing is granted twice. Below a tree that is hidden, access lists
/// grant nothing (systemd.exec(5), `ReadWritePaths=`).
fn granted_already(case: &Case<'_>, path: &AbsPath, hidden: bool) -> bool {
    let paths = &case.settings.paths;
    let by_list = !hidden
        && paths
            .access(ringfence_settings::PathAccess::ReadWrite)
            .any(|entry| path.is_at_or_below(&entry.value.path));
    let by_bind = paths.binds.iter().any(|b| !b.value.read_only && path.is_at_or_below(&b.value.destination));
    let by_directory = case.settings.directories.all.iter().any(|directory| {
        let base = directory.value.kind.system_base();
        AbsPath::parse(format!("{base}/{}", directory.value.path)).is_ok_and(|own| path.is_at_or_below(&own))
    });
    by_list || by_bind || by_directory
}
