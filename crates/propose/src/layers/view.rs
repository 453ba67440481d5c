//! The tight level: what was not needed is not there. `TemporaryFileSystem=/:ro` with `BindReadOnlyPaths=`.

use super::headroom;
use crate::needs::is_kernel_interface;
use crate::{Case, Level, Proposal, Strength};
use ringfence_profile::{FileKind, Operation, Operations};
use ringfence_sandbox::facts::NodeKind;
use ringfence_settings::{DirectoryKind, NotifyAccess, ProtectSystem};
use ringfence_terms::AbsPath;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// So many used files of one directory stand for the directory.
const DIRECTORY_AFTER: usize = 4;

/// Directories that are never brought in whole, however many of their files were used.
pub(super) static NEVER_WHOLE: &[&str] = &[
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
    "/etc/alternatives",
    "/etc/default",
    "/etc/letsencrypt",
    "/etc/pam.d",
    "/etc/security",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/ssl/private",
    "/etc/sudoers.d",
    "/etc/systemd",
    "/usr/include",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/usr/local/share",
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/src",
    "/var/backups",
    "/var/mail",
    "/var/spool",
    "/var/tmp",
];

/// Whether the tree is to be hidden.
pub(super) enum Hiding {
    /// It is not asked for, or done already.
    No,
    /// It is asked for, and cannot be.
    Cannot(&'static str),
    /// It is.
    Yes,
}

pub(super) fn hides(case: &Case<'_>) -> Hiding {
    let hidden = case.settings.paths.temporary.iter().any(|t| t.value.path.is_root());
    if case.options.level != Level::Tight || !case.broker.is_empty() || hidden {
        return Hiding::No;
    }
    if case.is_relaxed("TemporaryFileSystem") || case.settings.paths.root_directory.value.is_some() {
        return Hiding::Cannot("the service did not work with a tree of only what it used");
    }
    match case.settings.sandbox.protect_system.value {
        ProtectSystem::No => Hiding::Yes,
        ProtectSystem::Strict => {
            Hiding::Cannot("the unit says ProtectSystem=strict, which would bring the hidden tree back")
        }
        _ => Hiding::Cannot("the unit says ProtectSystem=, whose directories must be there to be protected"),
    }
}

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    const DIRECTIVE: &str = "TemporaryFileSystem";
    match hides(case) {
        Hiding::No => return,
        Hiding::Cannot(why) => {
            proposal.leave_open(DIRECTIVE, why, Vec::new());
            return;
        }
        Hiding::Yes => {}
    }
    proposal.restrict(DIRECTIVE, "/:ro", "nothing of the machine is there, but for what is granted below");
    if case.settings.paths.mount_api_vfs.value != Some(true) {
        proposal.restrict("MountAPIVFS", "yes", "with /proc, /sys, /dev and /run of its own");
    }
    if case.settings.service.notify_access.value != NotifyAccess::None {
        proposal.grant(
            "BindReadOnlyPaths",
            "-/run/systemd/notify",
            "where it tells systemd that it is ready; only a machine without systemd lacks it",
            Vec::new(),
        );
    }
    let (paths, used) = visible(case);
    for (top, paths) in group_by_top(&paths) {
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
    headroom::grant(case, proposal, &paths);
}

/// The paths to bring in, and what was used.
fn visible<'a>(case: &Case<'a>) -> (BTreeSet<AbsPath>, Vec<(&'a Path, Operations)>) {
    let written: BTreeSet<AbsPath> = case
        .needs
        .written()
        .iter()
        .filter(|written| !written.is_directory)
        .filter_map(|written| AbsPath::parse(written.path).ok())
        .collect();
    let mut per_directory: BTreeMap<AbsPath, BTreeSet<AbsPath>> = BTreeMap::new();
    let (mut paths, mut used, mut links) = (BTreeSet::new(), Vec::new(), Links::default());
    for access in case.needs.files() {
        if access.operations().and(contents()).is_empty() || is_kernel_interface(access.path()) {
            continue;
        }
        let Ok(path) = AbsPath::parse(access.path()) else { continue };
        // Looking an account up as root reads everybody's password hash along; who needs it will be denied it in a trial.
        let only_read_in_passing = ["/etc/shadow", "/etc/gshadow"].contains(&path.to_string().as_str());
        if case.facts.node(&path).is_err() || written.contains(&path) || only_read_in_passing {
            continue;
        }
        for (link, target) in access.via() {
            let Ok(link) = AbsPath::parse(link) else { continue };
            if is_kernel_interface(link.as_path())
                || written.contains(&link)
                || case.facts.node(&link).is_err()
            {
                continue;
            }
            match directory_behind(case, &link, target) {
                Some(directory) => links.directories.push((link, directory, path.clone())),
                None => {
                    links.files.insert((link.clone(), path.clone()));
                    paths.insert(replaced_in(&link, FileKind::Link).unwrap_or(link));
                }
            }
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
            kind => {
                if let Some(directory) = replaced_in(&path, kind) {
                    paths.insert(directory);
                } else if let Some(parent) = path.parent() {
                    per_directory.entry(parent).or_default().insert(path);
                }
            }
        }
    }
    paths.extend(case.options.shown.iter().filter_map(|(path, _)| AbsPath::parse(path).ok()));
    for (directory, files) in per_directory {
        let text = directory.to_string();
        let enough = if is_of_the_system(&directory) { DIRECTORY_AFTER } else { 1 };
        if files.len() >= enough && !NEVER_WHOLE.contains(&text.as_str()) {
            paths.insert(directory);
        } else {
            paths.extend(files);
        }
    }
    paths.extend(packages(&paths));
    let mut paths = outermost(paths);
    paths.extend(links.aliases(&paths));
    (outermost(paths), used)
}

/// The directory of a file that others put a new one in the place of, which a mount on the file would not follow: a
/// socket, made anew whenever its owner starts, and a certificate that Let's Encrypt's clients renew.
pub(super) fn replaced_in(path: &AbsPath, kind: FileKind) -> Option<AbsPath> {
    let directory = path.parent()?;
    let renewed = ["/etc/letsencrypt/archive", "/etc/letsencrypt/live"]
        .iter()
        .any(|top| directory.as_path().starts_with(top) && directory.as_path() != Path::new(top));
    let whole =
        !NEVER_WHOLE.contains(&directory.to_string().as_str()) && !is_kernel_interface(directory.as_path());
    (renewed || kind == FileKind::Socket && whole).then_some(directory)
}

/// Directories that the system's packages fill. Elsewhere a file that is used stands for those beside it: pages, scripts,
/// data, of which an exercise uses but a few.
fn is_of_the_system(directory: &AbsPath) -> bool {
    ["/bin", "/boot", "/etc", "/lib", "/lib64", "/run", "/sbin", "/usr"]
        .iter()
        .any(|top| directory.as_path().starts_with(top))
}

/// Directories of packages of which something is used: `/etc/nginx` reads better than six files of it, and has what is
/// added there later.
fn packages(paths: &BTreeSet<AbsPath>) -> BTreeSet<AbsPath> {
    let mut found = BTreeSet::new();
    for path in paths {
        for base in ["/etc", "/usr/lib", "/usr/share"] {
            let Ok(below) = path.as_path().strip_prefix(base) else { continue };
            let mut components = below.components();
            if let (Some(name), Some(_)) = (components.next(), components.next())
                && let Ok(directory) = AbsPath::parse(Path::new(base).join(name))
                && !NEVER_WHOLE.contains(&directory.to_string().as_str())
            {
                found.insert(directory);
            }
        }
    }
    found
}

/// Other names under which a directory was used, through links to directories on the way.
pub(super) fn other_names(case: &Case<'_>, directory: &AbsPath) -> BTreeSet<AbsPath> {
    let mut names = BTreeSet::new();
    for access in case.needs.files().filter(|access| access.path().starts_with(directory.as_path())) {
        for (link, target) in access.via() {
            let Ok(link) = AbsPath::parse(link) else { continue };
            if is_kernel_interface(link.as_path()) {
                continue;
            }
            if let Some(behind) = directory_behind(case, &link, target)
                && let Ok(below) = directory.as_path().strip_prefix(behind.as_path())
            {
                names.extend(AbsPath::parse(link.as_path().join(below)));
            }
        }
    }
    names
}

/// Operations that need what is in a file; looking at its attributes alone shows nothing that is worth bringing it in.
fn contents() -> Operations {
    [
        Operation::Read,
        Operation::List,
        Operation::Exec,
        Operation::Interpret,
        Operation::MapExec,
        Operation::Chdir,
        Operation::ConnectSocket,
    ]
    .into_iter()
    .collect()
}

/// The symlinks on the way to what was used.
#[derive(Default)]
struct Links {
    /// A link to a directory, that directory, and what was used through it.
    directories: Vec<(AbsPath, AbsPath, AbsPath)>,
    /// A link to a file, and the file.
    files: BTreeSet<(AbsPath, AbsPath)>,
}

impl Links {
    /// Other names of what is brought in. A bind mount follows the link that it names, so that a link to a directory
    /// (`/lib`) would bring in all of it: instead, what was used through the link gets its second name.
    fn aliases(&self, paths: &BTreeSet<AbsPath>) -> BTreeSet<AbsPath> {
        let mut all = BTreeSet::new();
        for (link, directory, used) in &self.directories {
            let mut names = vec![used];
            names.extend(self.files.iter().filter(|(_, file)| file == used).map(|(link, _)| link));
            for name in names {
                let Some(shown) = paths.iter().find(|shown| name.is_at_or_below(shown)) else { continue };
                if directory.is_at_or_below(shown) {
                    all.insert(link.clone());
                } else if let Ok(below) = shown.as_path().strip_prefix(directory.as_path()) {
                    all.extend(AbsPath::parse(link.as_path().join(below)));
                }
            }
        }
        all
    }
}

/// The directory that a link leads to, where it leads to one.
fn directory_behind(case: &Case<'_>, link: &AbsPath, target: &Path) -> Option<AbsPath> {
    let parent = link.parent()?;
    let directory = AbsPath::parse(parent.as_path().join(target)).ok()?;
    case.facts.node(&directory).is_ok_and(|node| node.kind == NodeKind::Directory).then_some(directory)
}

/// Takes what is brought in to be written out of what is brought in to be read, and marks what may come and go.
pub(super) fn prune(case: &Case<'_>, proposal: &mut Proposal) {
    if !proposal.has("TemporaryFileSystem") {
        return;
    }
    let mut writable: Vec<AbsPath> = Vec::new();
    for line in proposal.lines.iter().filter(|line| line.strength == Strength::Grants) {
        let base = DirectoryKind::ALL.into_iter().find(|kind| kind.directive() == line.directive);
        match (line.directive, base) {
            ("BindPaths", _) => {
                let words =
                    line.value.split_whitespace().flat_map(|word| word.trim_start_matches('-').split(':'));
                writable.extend(words.filter_map(|path| AbsPath::parse(path).ok()));
            }
            (_, Some(kind)) => {
                writable.extend(AbsPath::parse(format!("{}/{}", kind.system_base(), line.value)))
            }
            _ => {}
        }
    }
    for directory in &case.settings.directories.all {
        let own = format!("{}/{}", directory.value.kind.system_base(), directory.value.path);
        writable.extend(AbsPath::parse(own));
    }
    let read_only = || proposal.lines.iter().filter(|line| line.directive == "BindReadOnlyPaths");
    let whole: Vec<AbsPath> = read_only()
        .flat_map(|line| line.value.split_whitespace())
        .filter_map(|w| AbsPath::parse(w).ok())
        .collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for line in proposal.lines.iter_mut().filter(|line| line.directive == "BindReadOnlyPaths") {
        let words = line.value.split_whitespace().filter_map(|word| {
            let path = AbsPath::parse(word.trim_start_matches('-')).ok()?;
            let is_written = writable.iter().any(|outer| path.is_at_or_below(outer));
            let is_inside = whole.iter().any(|outer| path.is_below(outer));
            (!is_written && !is_inside && seen.insert(path.to_string())).then(|| {
                match path.as_path().starts_with("/run") {
                    true => format!("-{path}"),
                    false => word.to_owned(),
                }
            })
        });
        line.value = words.collect::<Vec<_>>().join(" ");
    }
    proposal.lines.retain(|line| line.directive != "BindReadOnlyPaths" || !line.value.is_empty());
}

pub(super) fn outermost(paths: BTreeSet<AbsPath>) -> BTreeSet<AbsPath> {
    let mut paths: Vec<AbsPath> = paths.into_iter().collect();
    paths.sort_by(|a, b| a.as_path().cmp(b.as_path()));
    let mut kept: Vec<AbsPath> = Vec::new();
    for path in paths {
        if !kept.last().is_some_and(|outer| path.is_at_or_below(outer)) {
            kept.push(path);
        }
    }
    kept.into_iter().collect()
}

/// One line for each top directory reads better than one long one.
fn group_by_top(paths: &BTreeSet<AbsPath>) -> BTreeMap<String, Vec<&AbsPath>> {
    let mut groups: BTreeMap<String, Vec<&AbsPath>> = BTreeMap::new();
    for path in paths {
        let top = path.components().next().map(|c| format!("/{}", c.to_string_lossy())).unwrap_or_default();
        groups.entry(top).or_default().push(path);
    }
    groups
}
