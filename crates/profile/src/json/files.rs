//! File accesses in the JSON: one record a path.

use super::read::Builder;
use super::words;
use crate::{FileAccess, FileKind, Operation, Profile};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::PathBuf;

#[derive(Serialize, Deserialize)]
pub(super) struct Stored<'p> {
    path: Cow<'p, str>,
    accesses: Vec<StoredAccess<'p>>,
}

#[derive(Serialize, Deserialize)]
struct StoredAccess<'p> {
    operations: Vec<Cow<'p, str>>,
    kind: Cow<'p, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errno: Option<Cow<'p, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<Cow<'p, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    via: Vec<StoredLink<'p>>,
    by: Vec<Cow<'p, str>>,
}

#[derive(Serialize, Deserialize)]
struct StoredLink<'p> {
    link: Cow<'p, str>,
    target: Cow<'p, str>,
}

pub(super) fn stored(profile: &Profile) -> impl Iterator<Item = Stored<'_>> {
    let mut rest = profile.files().into_iter().peekable();
    std::iter::from_fn(move || {
        let first = rest.next()?;
        let mut record = Stored { path: words::path(first.path()), accesses: vec![access(first)] };
        let mut last = first;
        while let Some(next) = rest.next_if(|next| next.path() == first.path()) {
            // Accesses that differ in the program alone are neighbours: they share an entry.
            match record.accesses.last_mut() {
                Some(entry) if next.differs_only_in_program(last) => {
                    entry.by.push(next.by().to_string().into())
                }
                _ => record.accesses.push(access(next)),
            }
            last = next;
        }
        Some(record)
    })
}

fn access(access: FileAccess<'_>) -> StoredAccess<'_> {
    StoredAccess {
        operations: access.operations().iter().map(|o| o.word().into()).collect(),
        kind: word(access.kind()).into(),
        errno: access.errno().map(words::errno),
        host: access.host().map(words::path),
        via: access
            .via()
            .map(|(link, target)| StoredLink { link: words::path(link), target: words::path(target) })
            .collect(),
        by: vec![access.by().to_string().into()],
    }
}

fn word(kind: FileKind) -> &'static str {
    FileKind::WORDS[kind as usize].1
}

pub(super) fn restore(stored: Stored<'static>, builder: &mut Builder) -> Result<(), String> {
    let path = words::to_path(&stored.path)?;
    for access in stored.accesses {
        let operations = access
            .operations
            .iter()
            .map(|word| words::find("an operation", word, Operation::ALL.iter().map(|o| (*o, o.word()))))
            .collect::<Result<_, _>>()?;
        let kind = words::find("a kind of file", &access.kind, FileKind::WORDS.into_iter())?;
        let errno = access.errno.as_deref().map(words::to_errno).transpose()?;
        let host = access.host.as_deref().map(words::to_path).transpose()?;
        let via = access
            .via
            .iter()
            .map(|link| Ok((words::to_path(&link.link)?, words::to_path(&link.target)?)))
            .collect::<Result<Vec<(PathBuf, PathBuf)>, String>>()?;
        for by in access.by {
            let by = builder.program(by.into_owned())?;
            builder.profile.insert(&path, host.as_deref(), &by, &via, operations, errno, kind);
        }
    }
    Ok(())
}
