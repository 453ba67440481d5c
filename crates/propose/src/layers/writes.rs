//! What the service may write: `StateDirectory=` and its kin where path, owner and mode fit, else `ReadWritePaths=`.

use crate::needs::{Written, is_kernel_interface};
use crate::{Case, Evidence, Level, Proposal};
use ringfence_sandbox::facts::{Node, NodeKind};
use ringfence_settings::{DirectoryKind, ProtectSystem};
use ringfence_terms::AbsPath;
use std::collections::BTreeMap;
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
        let in_tmp = written.path.starts_with("/tmp") || written.path.starts_with("/var/tmp");
        if private_tmp && in_tmp {
            continue;
        }
        if let Some((path, place)) = place(case, &written) {
            places.entry(path).or_insert(place).evidence.push(written.evidence);
        }
    }
    for (path, evidence) in &case.options.granted {
        if let Ok(path) = AbsPath::parse(path) {
            places
                .entry(path)
                .or_insert(Place { kind: None, evidence: Vec::new() })
                .evidence
                .push(evidence.clone());
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
            return Some((own, Place { kind: Some((kind, name)), evidence: Vec::new() }));
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
    (!target.is_root()).then_some((target, Place { kind: None, evidence: Vec::new() }))
}

/// A rotation replaces logs even where no recording shows it.
fn is_log(path: &AbsPath) -> bool {
    path.as_path().starts_with("/var/log")
}

/// Directories of the system itself, which no service owns.
fn own_name(path: &AbsPath) -> bool {
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
    if is_kernel_interface(path.as_path()) || granted_already(case, path) {
        return;
    }
    let node = case.facts.node(path);
    if let Some((kind, name)) = &place.kind {
        match fits(case, *kind, node.as_ref().ok(), path, &place) {
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
                return;
            }
            Err(why) => proposal.leave_open(kind.directive(), why, Vec::new()),
        }
    }
    let hidden = case.options.level == Level::Tight && proposal.has("TemporaryFileSystem");
    let directive = if hidden { "BindPaths" } else { "ReadWritePaths" };
    match node {
        Ok(_) => proposal.grant(directive, path.to_string(), format!("{path} is written"), place.evidence),
        Err(_) => proposal.grant(
            directive,
            format!("-{path}"),
            format!("{path} is written; it is not there before the service starts, and then this line grants nothing"),
            place.evidence,
        ),
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
    place: &Place,
) -> Result<Option<u32>, String> {
    if case.is_relaxed(kind.directive()) {
        return Err(format!("the service did not work with {}=", kind.directive()));
    }
    let made_by_service =
        place.evidence.iter().any(|e| e.0.contains(": mkdir") && e.0.ends_with(&path.to_string()));
    let Some(node) = node else {
        return if made_by_service { Ok(None) } else { Err(format!("{path} is made by something else")) };
    };
    if node.kind != NodeKind::Directory {
        return Err(format!("{path} is no directory"));
    }
    let (uid, gid) = owner(case);
    if (node.uid, node.gid) != (uid, gid) {
        return Err(format!(
            "{path} belongs to {}:{}, and the directive would hand it to {uid}:{gid}",
            node.uid, node.gid
        ));
    }
    if kind == DirectoryKind::Runtime && !made_by_service {
        return Err(format!("{path} is made by something else, and the directive would remove it on stop"));
    }
    Ok((node.mode != 0o755).then_some(node.mode))
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

/// Whether a line of the unit makes the path writable: nothing is granted twice.
fn granted_already(case: &Case<'_>, path: &AbsPath) -> bool {
    let paths = &case.settings.paths;
    let by_list = paths
        .access(ringfence_settings::PathAccess::ReadWrite)
        .any(|entry| path.is_at_or_below(&entry.value.path));
    let by_bind = paths.binds.iter().any(|b| !b.value.read_only && path.is_at_or_below(&b.value.destination));
    let by_directory = case.settings.directories.all.iter().any(|directory| {
        let base = directory.value.kind.system_base();
        AbsPath::parse(format!("{base}/{}", directory.value.path)).is_ok_and(|own| path.is_at_or_below(&own))
    });
    by_list || by_bind || by_directory
}
