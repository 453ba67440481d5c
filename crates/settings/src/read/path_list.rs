//! `ReadWritePaths=` and the other four path lists.

use super::{
    Line, Refusal,
    line::{UNQUOTED, quoted},
    scalar::show_each,
};
use crate::catalogue::Shown;
use crate::{AccessPath, PathAccess, Settings};
use ringfence_unit::Specifiers;

/// Paths with the prefixes `-` and `+`, in this order (systemd: `config_parse_namespace_path_strv`).
pub(crate) fn access(
    line: &mut Line<'_>,
    settings: &mut Settings,
    access: PathAccess,
) -> Result<(), Refusal> {
    let list = &mut settings.paths.access;
    if line.value.is_empty() {
        list.retain(|entry| entry.value.access != access);
        return Ok(());
    }
    for word in line.words(UNQUOTED) {
        let (optional, rest) = prefix(&word, '-');
        let (in_root, rest) = prefix(rest, '+');
        if rest.starts_with("-/") {
            line.warn(
                &word,
                format!("{} ignores `{word}`: the prefixes are in the wrong order", line.name()),
                Some(format!("write `-+{}`", &rest[1..])),
            );
            continue;
        }
        if let Some(path) = line.path(rest) {
            list.push(line.sourced(AccessPath { access, path, optional, in_root }));
        }
    }
    Ok(())
}

fn prefix(word: &str, prefix: char) -> (bool, &str) {
    match word.strip_prefix(prefix) {
        Some(rest) => (true, rest),
        None => (false, word),
    }
}

pub(crate) fn show_access(settings: &Settings, access: PathAccess) -> Vec<Shown> {
    show_each(settings.paths.access(access), |entry| {
        let optional = if entry.optional { "-" } else { "" };
        let in_root = if entry.in_root { "+" } else { "" };
        let path = quoted(&Specifiers::escape(&entry.path.to_string()), UNQUOTED);
        format!("{optional}{in_root}{path}")
    })
}
