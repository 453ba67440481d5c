//! What one profile has that another has not.

use crate::{Operations, Privilege, Profile, Program};
use ringfence_terms::Errno;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// What a profile has that another, earlier one has not.
///
/// Accesses are compared by path, operation, result and program; which links led there, what was found there and what
/// the host calls it are not compared, since they say how the machine is set up rather than what the service does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference<'p> {
    /// File accesses, by path and result.
    pub files: BTreeMap<(&'p Path, Option<Errno>), BTreeMap<&'p Program, Operations>>,
    /// Other privileges, by result.
    pub privileges: BTreeMap<(&'p Privilege, Option<Errno>), BTreeSet<&'p Program>>,
}

impl Difference<'_> {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.privileges.is_empty()
    }
}

impl Profile {
    /// What this profile has that `earlier` has not.
    pub fn beyond<'p>(&'p self, earlier: &Profile) -> Difference<'p> {
        let mut known: HashMap<(&Path, Option<Errno>, &Program), Operations> = HashMap::new();
        for access in earlier.files_unordered() {
            let operations = known.entry((access.path(), access.errno(), access.by())).or_default();
            *operations = operations.with(access.operations());
        }
        let mut difference = Difference::default();
        for access in self.files_unordered() {
            let known =
                known.get(&(access.path(), access.errno(), &**access.by())).copied().unwrap_or_default();
            let new = access.operations().without(known);
            if !new.is_empty() {
                let programs = difference.files.entry((access.path(), access.errno())).or_default();
                let operations = programs.entry(access.by()).or_default();
                *operations = operations.with(new);
            }
        }
        let earlier: BTreeMap<_, _> = earlier.privileges().collect();
        for (privilege, witnesses) in self.privileges() {
            for witness in witnesses {
                if earlier.get(privilege).is_none_or(|known| !known.contains(witness)) {
                    difference.privileges.entry((privilege, witness.errno)).or_default().insert(&*witness.by);
                }
            }
        }
        difference
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, FileKind, FileUse, Operation, What};
    use std::sync::Arc;

    fn profile(uses: &[(&str, &[Operation])]) -> Profile {
        let mut profile = Profile::new();
        for (path, operations) in uses {
            let file = FileUse {
                operations: operations.iter().copied().collect(),
                path: path.into(),
                host: None,
                kind: FileKind::File,
                via: Vec::new(),
                process: None,
            };
            let by = Arc::new(Program { exe: "/bin/x".into(), comm: "x".into(), uid: 0 });
            profile.add(&Event { by, errno: None, what: What::File(file) });
        }
        profile
    }

    #[test]
    fn only_what_is_new_is_told() {
        let old = profile(&[("/a", &[Operation::Read]), ("/b", &[Operation::Read])]);
        let new = profile(&[
            ("/a", &[Operation::Read, Operation::Write]),
            ("/b", &[Operation::Read]),
            ("/proc/version", &[Operation::Read]),
        ]);
        let difference = new.beyond(&old);
        let files: Vec<_> = difference
            .files
            .iter()
            .map(|((path, _), by)| (path.to_str(), by.values().copied().collect::<Vec<_>>()))
            .collect();
        assert_eq!(
            files,
            [
                (Some("/a"), vec![Operation::Write.into()]),
                (Some("/proc/version"), vec![Operation::Read.into()])
            ]
        );
        assert_eq!(
            difference.privileges.keys().map(|k| k.0).collect::<Vec<_>>(),
            [&Privilege::ProcKernel { write: false }]
        );
        assert!(old.beyond(&new).is_empty());
        assert!(new.beyond(&new).is_empty());
    }
}
