//! Privileges other than files in the JSON: one record a privilege.

use super::read::Builder;
use super::stored_privilege::StoredPrivilege;
use super::words;
use crate::{Profile, Witness};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(flatten)]
    privilege: StoredPrivilege,
    used: Vec<StoredUse>,
}

/// The programs that used it with one result.
#[derive(Serialize, Deserialize)]
struct StoredUse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errno: Option<String>,
    by: Vec<String>,
}

pub(super) fn stored(profile: &Profile) -> impl Iterator<Item = Stored> {
    profile
        .privileges()
        .map(|(privilege, witnesses)| Stored { privilege: privilege.into(), used: used(witnesses) })
}

fn used(witnesses: &BTreeSet<Witness>) -> Vec<StoredUse> {
    let results: BTreeSet<_> = witnesses.iter().map(|w| w.errno).collect();
    let by = |errno| witnesses.iter().filter(move |w| w.errno == errno).map(|w| w.by.to_string()).collect();
    results
        .into_iter()
        .map(|errno| StoredUse { errno: errno.map(|e| words::errno(e).into_owned()), by: by(errno) })
        .collect()
}

pub(super) fn restore(stored: Stored, builder: &mut Builder) -> Result<(), String> {
    let privilege = stored.privilege.restore()?;
    for StoredUse { errno, by } in stored.used {
        let errno = errno.as_deref().map(words::to_errno).transpose()?;
        for program in by {
            let by = builder.program(program)?;
            builder.profile.add_privilege(&by, errno, privilege.clone());
        }
    }
    Ok(())
}
