//! What a trial under a proposal was denied that the trial without it was not.

use ringfence_profile::{FileAccess, Operation, Operations, Privilege, Profile};
use ringfence_propose::{Evidence, Level, Options, needed_capabilities};
use ringfence_sandbox::facts::{Facts, NodeKind};
use ringfence_settings::Capability;
use ringfence_terms::{AbsPath, Errno};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Opens, in the options of the next proposal, whatever the denials show to be needed; how much was opened.
///
/// What was only looked at, and directories that everybody shares, are opened only where nothing else explains a failure:
/// most programs look for much that they do without.
pub fn open(before: &Profile, after: &Profile, facts: &dyn Facts, options: &mut Options) -> Vec<String> {
    let opened = open_some(before, after, facts, options, false);
    if opened.is_empty() { open_some(before, after, facts, options, true) } else { opened }
}

fn open_some(
    before: &Profile,
    after: &Profile,
    facts: &dyn Facts,
    options: &mut Options,
    everything: bool,
) -> Vec<String> {
    let mut opened = Vec::new();
    for (path, evidence) in denied_writes(before, after, facts) {
        if is_shared(path.as_path()) && !everything {
            continue;
        }
        let in_run = path.as_path().starts_with("/run") && path.components().count() > 1;
        if in_run && options.relaxed.insert("RuntimeDirectory".to_owned()) {
            opened.push("RuntimeDirectory".to_owned());
        }
        let text = path.to_string();
        if !options.granted.iter().any(|(known, _)| *known == text) {
            opened.push(format!("writing {text}"));
            options.granted.push((text, evidence));
        }
    }
    if options.level == Level::Tight {
        for (path, evidence) in missed(before, after, facts, everything) {
            let text = path.to_string();
            if !options.shown.iter().any(|(known, _)| *known == text) {
                opened.push(format!("seeing {text}"));
                options.shown.push((text, evidence));
            }
        }
    }
    let needed = needed_capabilities(before);
    for capability in refused_capabilities(before, after) {
        if !everything && !needed.contains(&capability) {
            continue;
        }
        if options.granted_capabilities.insert(capability.name()) {
            opened.push(format!("CapabilityBoundingSet: {capability}"));
        }
    }
    opened
}

/// Directories of the system that no service owns.
fn is_shared(directory: &Path) -> bool {
    let shared =
        ["/etc", "/run", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/usr/share", "/var", "/var/lib"];
    shared.iter().any(|shared| directory == Path::new(shared))
}

fn writing() -> Operations {
    [
        Operation::Write,
        Operation::Create,
        Operation::Truncate,
        Operation::Mkdir,
        Operation::RenameTo,
        Operation::RenameFrom,
        Operation::Unlink,
        Operation::Symlink,
        Operation::LinkTo,
        Operation::Chmod,
        Operation::Chown,
        Operation::BindSocket,
        Operation::CreateUnnamed,
    ]
    .into_iter()
    .collect()
}

/// Directories in which a write failed because of a read-only or hidden tree, and nothing like it failed before.
fn denied_writes(before: &Profile, after: &Profile, facts: &dyn Facts) -> Vec<(AbsPath, Evidence)> {
    let writing = writing();
    let is_write = |access: &FileAccess<'_>| !access.operations().and(writing).is_empty();
    let errnos = [Errno::EROFS, Errno::EACCES, Errno::EPERM, Errno::ENOENT, Errno::EBUSY];
    newly_failed(before, after, &errnos, &is_write)
        .filter(|access| {
            access.errno() != Some(Errno::ENOENT) || !access.operations().contains(Operation::Unlink)
        })
        .filter_map(|access| {
            let directory = AbsPath::parse(access.path()).ok()?.parent()?;
            // What is hidden fails for want of a directory that the machine has.
            let exists = is_directory(facts, &directory);
            (exists && !directory.is_root()).then(|| (directory, evidence(&access)))
        })
        .fold(BTreeMap::new(), first_of_each)
        .into_iter()
        .collect()
}

/// Files of the machine that were not there in the trial.
fn missed(
    before: &Profile,
    after: &Profile,
    facts: &dyn Facts,
    everything: bool,
) -> Vec<(AbsPath, Evidence)> {
    let writing = writing();
    let looks: Operations =
        [Operation::Stat, Operation::Check, Operation::OpenPath, Operation::Readlink].into_iter().collect();
    let is_read = |access: &FileAccess<'_>| {
        let operations = access.operations();
        operations.and(writing).is_empty() && (everything || !operations.without(looks).is_empty())
    };
    newly_failed(before, after, &[Errno::ENOENT, Errno::EACCES], &is_read)
        .filter_map(|access| {
            let path = AbsPath::parse(access.path()).ok()?;
            let exists = !path.is_root() && facts.node(&path).is_ok();
            exists.then(|| (path, evidence(&access)))
        })
        .fold(BTreeMap::new(), first_of_each)
        .into_iter()
        .collect()
}

fn first_of_each(
    mut all: BTreeMap<AbsPath, Evidence>,
    (path, evidence): (AbsPath, Evidence),
) -> BTreeMap<AbsPath, Evidence> {
    all.entry(path).or_insert(evidence);
    all
}

/// Accesses that failed like this, where none at the same path failed like this before.
fn newly_failed<'p>(
    before: &'p Profile,
    after: &'p Profile,
    errnos: &'p [Errno],
    wanted: &'p dyn Fn(&FileAccess<'_>) -> bool,
) -> impl Iterator<Item = FileAccess<'p>> {
    let is_denial =
        move |access: &FileAccess<'_>| access.errno().is_some_and(|e| errnos.contains(&e)) && wanted(access);
    let failed_before: BTreeSet<&Path> =
        before.files_unordered().filter(is_denial).map(FileAccess::path).collect();
    let mut all: Vec<FileAccess<'p>> = after
        .files_unordered()
        .filter(is_denial)
        .filter(|access| !failed_before.contains(access.path()))
        .filter(|access| !["/proc", "/sys", "/dev"].iter().any(|top| access.path().starts_with(top)))
        .collect();
    all.sort_by(|a, b| a.path().cmp(b.path()));
    all.into_iter()
}

fn is_directory(facts: &dyn Facts, path: &AbsPath) -> bool {
    facts.node(path).is_ok_and(|node| node.kind == NodeKind::Directory)
}

fn evidence(access: &FileAccess<'_>) -> Evidence {
    let why = access.errno().map_or_else(String::new, |errno| errno.to_string());
    let (by, did, path) = (access.by(), access.operations(), access.path().display());
    Evidence(format!("{by}: {did} {path}: {why} in a trial"))
}

fn refused_capabilities(before: &Profile, after: &Profile) -> BTreeSet<Capability> {
    let with = |profile: &Profile, refused: bool| -> BTreeSet<u8> {
        profile
            .privileges()
            .filter(|(_, witnesses)| witnesses.iter().any(|w| w.errno.is_some() == refused))
            .filter_map(|(privilege, _)| match privilege {
                Privilege::Capability(number) => Some(*number),
                _ => None,
            })
            .collect()
    };
    let had = with(before, false);
    with(after, true).intersection(&had).filter_map(|number| Capability::from_number(*number)).collect()
}
