//! What a profile says a service needs: the uses that succeeded. What was tried in vain is not needed.

use crate::Evidence;
use ringfence_profile::{FileAccess, FileKind, IdentityChange, Operation, Operations, Privilege, Profile};
use ringfence_terms::Errno;
use std::collections::BTreeSet;
use std::path::Path;

/// A profile, seen as needs.
pub struct Needs<'p> {
    profile: &'p Profile,
    files: Vec<FileAccess<'p>>,
    claims: Vec<FileAccess<'p>>,
}

/// Operations that change a directory's entries.
pub(crate) const ENTRY_CHANGES: [Operation; 10] = [
    Operation::Create,
    Operation::Mkdir,
    Operation::Rmdir,
    Operation::Mknod,
    Operation::Symlink,
    Operation::LinkTo,
    Operation::RenameFrom,
    Operation::RenameTo,
    Operation::Unlink,
    Operation::BindSocket,
];

/// Operations that change what is there.
const IN_PLACE_CHANGES: [Operation; 6] = [
    Operation::Write,
    Operation::Truncate,
    Operation::Chmod,
    Operation::Chown,
    Operation::Utime,
    Operation::SetXattr,
];

/// What is written at a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written<'p> {
    /// The path as the service sees it.
    pub path: &'p Path,
    /// Whether it is a directory itself.
    pub is_directory: bool,
    /// Whether the directory that holds it changes: the path is made, renamed or removed.
    pub entry: bool,
    /// Whether it is a directory that the service made.
    pub made_directory: bool,
    /// What was seen, for people.
    pub evidence: Evidence,
}

impl<'p> Needs<'p> {
    /// Reads a profile.
    pub fn of(profile: &'p Profile) -> Needs<'p> {
        let (files, failed): (Vec<_>, Vec<_>) =
            profile.files().into_iter().partition(|access| access.errno().is_none());
        let is_claim = |access: &FileAccess<'_>| {
            access.errno() == Some(Errno::EEXIST) && access.operations().contains(Operation::Mkdir)
        };
        Needs { profile, files, claims: failed.into_iter().filter(is_claim).collect() }
    }

    /// Directories that the service would have made, were they not there: it means to write in them, even where no
    /// recording shows it, and would make them again after a boot that left them out.
    pub fn claims(&self) -> impl Iterator<Item = Written<'p>> {
        self.claims.iter().map(|access| Written {
            path: access.path(),
            is_directory: true,
            entry: false,
            made_directory: true,
            evidence: Evidence(format!("{}: would make {}", access.by(), access.path().display())),
        })
    }

    /// Whether it makes the directory, or would were it not there.
    pub fn makes(&self, directory: &Path) -> bool {
        let makes = |access: &FileAccess<'_>| {
            access.path() == directory && access.operations().contains(Operation::Mkdir)
        };
        self.files.iter().chain(&self.claims).any(makes)
    }

    /// The users other than root that its processes ran as, or became.
    pub fn users(&self) -> BTreeSet<u32> {
        let ran_as = self.files.iter().map(|access| access.by().uid);
        let became = self.privileges().filter_map(|privilege| match privilege {
            Privilege::Identity(IdentityChange::User(uid)) => Some(*uid),
            _ => None,
        });
        ran_as.chain(became).filter(|uid| *uid != 0).collect()
    }

    /// Every file access that succeeded, by path.
    pub fn files(&self) -> impl Iterator<Item = FileAccess<'p>> {
        self.files.iter().copied()
    }

    /// What speaks for a need of files: the accesses that `wanted` picks.
    pub fn file_evidence(&self, mut wanted: impl FnMut(&FileAccess<'p>) -> bool) -> Vec<Evidence> {
        let all: BTreeSet<Evidence> =
            self.files.iter().filter(|access| wanted(access)).map(sentence).collect();
        all.into_iter().collect()
    }

    /// Every privilege that was used with success.
    pub fn privileges(&self) -> impl Iterator<Item = &'p Privilege> {
        let succeeded =
            |(privilege, witnesses): (&'p Privilege, &'p BTreeSet<ringfence_profile::Witness>)| {
                witnesses.iter().any(|witness| witness.errno.is_none()).then_some(privilege)
            };
        self.profile.privileges().filter_map(succeeded)
    }

    /// The executables that used a privilege with success.
    pub fn programs_with(&self, mut wanted: impl FnMut(&Privilege) -> bool) -> BTreeSet<&'p Path> {
        let witnesses = self.profile.privileges().filter(|(privilege, _)| wanted(privilege));
        let succeeded = witnesses.flat_map(|(_, all)| all.iter().filter(|witness| witness.errno.is_none()));
        succeeded.map(|witness| witness.by.exe.as_path()).collect()
    }

    /// What speaks for a need of a privilege: the successful uses that `wanted` picks.
    pub fn privilege_evidence(&self, mut wanted: impl FnMut(&Privilege) -> bool) -> Vec<Evidence> {
        let mut evidence = BTreeSet::new();
        for (privilege, witnesses) in self.profile.privileges().filter(|(privilege, _)| wanted(privilege)) {
            for witness in witnesses.iter().filter(|witness| witness.errno.is_none()) {
                evidence.insert(Evidence(format!("{}: {privilege}", witness.by)));
            }
        }
        evidence.into_iter().collect()
    }

    /// Whether programs of a scripting language ran: what those do tomorrow, their scripts decide.
    pub fn interprets_scripts(&self) -> bool {
        let languages = ["php", "python", "perl", "ruby", "node", "java", "lua", "mono", "dotnet"];
        self.files.iter().any(|access| {
            let runs = access.operations().contains(Operation::Exec)
                || access.operations().contains(Operation::MapExec);
            let name = access.path().file_name().map(|name| name.to_string_lossy());
            runs && name
                .is_some_and(|name| languages.iter().any(|l| name.trim_start_matches("lib").starts_with(l)))
        })
    }

    /// Everything that was changed outside `/proc`, `/sys` and `/dev`.
    pub fn written(&self) -> Vec<Written<'p>> {
        let entries: Operations = ENTRY_CHANGES.into_iter().collect();
        let in_place: Operations = IN_PLACE_CHANGES.into_iter().collect();
        let mut all: Vec<Written<'p>> = self
            .files
            .iter()
            .filter(|access| !is_kernel_interface(access.path()))
            .filter_map(|access| {
                let operations = access.operations();
                let unnamed = operations.contains(Operation::CreateUnnamed);
                let entry = !operations.and(entries).is_empty();
                (unnamed || entry || !operations.and(in_place).is_empty()).then(|| Written {
                    path: access.path(),
                    is_directory: unnamed || access.kind() == FileKind::Directory,
                    entry,
                    made_directory: operations.contains(Operation::Mkdir),
                    evidence: sentence(access),
                })
            })
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Paths that are no files on a disk: other settings than paths decide over them.
pub(crate) fn is_kernel_interface(path: &Path) -> bool {
    ["/proc", "/sys", "/dev"].iter().any(|top| path.starts_with(top))
}

fn sentence(access: &FileAccess<'_>) -> Evidence {
    Evidence(format!("{}: {} {}", access.by(), access.operations(), access.path().display()))
}
