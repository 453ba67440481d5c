//! The tight level: what was not needed is not there. `TemporaryFileSystem=/:ro` with `BindReadOnlyPaths=`.

use crate::needs::is_kernel_interface;
use crate::{Case, Level, Proposal};
use ringfence_profile::{FileKind, Operation, Operations};
use ringfence_terms::AbsPath;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What programs look for in moments that an exercise may not show; brought in where it is there.
static HEADROOM: &[&str] = &[
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/usr/lib/locale",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
];

/// So many used files of one directory stand for the directory.
const DIRECTORY_AFTER: usize = 4;

/// Directories that are never brought in whole, however many of their files were used.
static NEVER_WHOLE: &[&str] = &[
    "/",
    "/etc",
    "/usr",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/cache",
    "/run",
    "/home",
    "/root",
    "/srv",
    "/opt",
    "/tmp",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/share",
    "/usr/local",
    "/etc/ssl/private",
];

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    const DIRECTIVE: &str = "TemporaryFileSystem";
    if case.options.level != Level::Tight || !case.broker.is_empty() {
        return;
    }
    if case.is_relaxed(DIRECTIVE) || case.settings.paths.root_directory.value.is_some() {
        proposal.leave_open(
            DIRECTIVE,
            "the service did not work with a tree of only what it used",
            Vec::new(),
        );
        return;
    }
    if case.settings.paths.temporary.iter().any(|t| t.value.path.is_root()) {
        return;
    }
    proposal.restrict(DIRECTIVE, "/:ro", "nothing of the machine is there, but for what is granted below");
    if case.settings.paths.mount_api_vfs.value != Some(true) {
        proposal.restrict("MountAPIVFS", "yes", "with /proc, /sys, /dev and /run of its own");
    }
    let (paths, used) = visible(case);
    let by_top = group_by_top(paths);
    for (top, paths) in by_top {
        let evidence = used
            .iter()
            .filter(|access| paths.iter().any(|p| access.0.starts_with(p.as_path())))
            .map(|access| crate::Evidence(format!("{} was used", access.0.display())))
            .take(8)
            .collect();
        let words: Vec<String> = paths.iter().map(|p| p.to_string()).collect();
        proposal.grant(
            "BindReadOnlyPaths",
            words.join(" "),
            format!("what it reads and runs below {top}"),
            evidence,
        );
    }
    let headroom: Vec<String> = HEADROOM
        .iter()
        .filter(|path| AbsPath::parse(path).is_ok_and(|p| case.facts.node(&p).is_ok()))
        .map(|path| format!("-{path}"))
        .collect();
    if !headroom.is_empty() {
        proposal.grant(
            "BindReadOnlyPaths",
            headroom.join(" "),
            "name service, certificates, time zones, locales: needed in moments that an exercise may not show",
            Vec::new(),
        );
    }
}

/// The paths to bring in, and what was used.
fn visible<'a>(case: &Case<'a>) -> (BTreeSet<AbsPath>, Vec<(&'a Path, Operations)>) {
    let content: Operations = [
        Operation::Read,
        Operation::List,
        Operation::Exec,
        Operation::Interpret,
        Operation::MapExec,
        Operation::Stat,
        Operation::Chdir,
        Operation::ConnectSocket,
        Operation::CheckRead,
        Operation::CheckExec,
        Operation::Check,
        Operation::Readlink,
    ]
    .into_iter()
    .collect();
    let written: Vec<AbsPath> =
        case.needs.written().iter().filter_map(|w| AbsPath::parse(w.path).ok()).collect();
    let mut per_directory: BTreeMap<AbsPath, BTreeSet<AbsPath>> = BTreeMap::new();
    let (mut paths, mut used) = (BTreeSet::new(), Vec::new());
    for access in case.needs.files() {
        if access.operations().and(content).is_empty() || is_kernel_interface(access.path()) {
            continue;
        }
        for (link, _) in access.via() {
            if let Ok(link) = AbsPath::parse(link)
                && !is_kernel_interface(link.as_path())
            {
                paths.insert(link);
            }
        }
        let Ok(path) = AbsPath::parse(access.path()) else { continue };
        if case.facts.node(&path).is_err() || written.contains(&path) {
            continue;
        }
        used.push((access.path(), access.operations()));
        let lists = access.operations().contains(Operation::List);
        match access.kind() {
            // A directory that was only looked at on the way is there anyway, as a parent of what is brought in.
            FileKind::Directory if !lists => {}
            FileKind::Directory if NEVER_WHOLE.contains(&path.to_string().as_str()) => {}
            FileKind::Directory => {
                paths.insert(path);
            }
            _ => {
                if let Some(parent) = path.parent() {
                    per_directory.entry(parent).or_default().insert(path);
                }
            }
        }
    }
    for (directory, files) in per_directory {
        let whole = files.len() >= DIRECTORY_AFTER && !NEVER_WHOLE.contains(&directory.to_string().as_str());
        if whole {
            paths.insert(directory);
        } else {
            paths.extend(files);
        }
    }
    (outermost(paths), used)
}

fn outermost(paths: BTreeSet<AbsPath>) -> BTreeSet<AbsPath> {
    let mut kept: Vec<AbsPath> = Vec::new();
    for path in paths {
        if !kept.last().is_some_and(|outer| path.is_at_or_below(outer)) {
            kept.push(path);
        }
    }
    kept.into_iter().collect()
}

/// One line for each top directory reads better than one long one.
fn group_by_top(paths: BTreeSet<AbsPath>) -> BTreeMap<String, Vec<AbsPath>> {
    let mut groups: BTreeMap<String, Vec<AbsPath>> = BTreeMap::new();
    for path in paths {
        let top = path.components().next().map(|c| format!("/{}", c.to_string_lossy())).unwrap_or_default();
        groups.entry(top).or_default().push(path);
    }
    groups
}
