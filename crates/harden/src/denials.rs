//! What a trial under a proposal was denied that the trial without it was not.

use ringfence_profile::{FileAccess, Operation, Operations, Privilege, Profile};
use ringfence_propose::{Evidence, Options};
use ringfence_settings::Capability;
use ringfence_terms::Errno;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Opens, in the options of the next proposal, whatever the denials show to be needed; how much was opened.
pub fn open(before: &Profile, after: &Profile, options: &mut Options) -> Vec<String> {
    let mut opened = Vec::new();
    for (path, evidence) in denied_writes(before, after) {
        let text = path.display().to_string();
        if !options.granted.iter().any(|(known, _)| *known == text) {
            opened.push(format!("ReadWritePaths={text}"));
            options.granted.push((text, evidence));
        }
    }
    for capability in refused_capabilities(before, after) {
        if options.granted_capabilities.insert(capability.name()) {
            opened.push(format!("CapabilityBoundingSet: {capability}"));
        }
    }
    opened
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
fn denied_writes(before: &Profile, after: &Profile) -> Vec<(PathBuf, Evidence)> {
    let writing = writing();
    let is_denial = |access: &FileAccess<'_>| {
        matches!(access.errno(), Some(Errno::EROFS | Errno::EACCES | Errno::EPERM))
            && !access.operations().and(writing).is_empty()
    };
    let failed_before: BTreeSet<&Path> =
        before.files_unordered().filter(|access| is_denial(access)).map(FileAccess::path).collect();
    let mut found: Vec<(PathBuf, Evidence)> = after
        .files_unordered()
        .filter(|access| is_denial(access) && !failed_before.contains(access.path()))
        .filter(|access| !["/proc", "/sys", "/dev"].iter().any(|top| access.path().starts_with(top)))
        .filter_map(|access| {
            let directory = access.path().parent()?.to_path_buf();
            let why = access.errno().map_or_else(String::new, |errno| errno.to_string());
            let text = format!(
                "{}: {} {}: {why} in a trial",
                access.by(),
                access.operations(),
                access.path().display()
            );
            Some((directory, Evidence(text)))
        })
        .collect();
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    found
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
