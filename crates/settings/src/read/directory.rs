//! `RuntimeDirectory=` and its kin.

use super::{Line, Refusal, line::quoted, scalar::show_each};
use crate::catalogue::Shown;
use crate::{DirectoryKind, ExecDirectory, Settings};
use ringfence_terms::{AbsPath, Sourced};
use ringfence_unit::words::{Backslash, Quoting, Words};

const TUPLE: Quoting = Quoting { unquote: true, backslash: Backslash::Kept, relax: false, keep_empty: false };
const PART: Quoting =
    Quoting { unquote: false, backslash: Backslash::CAndSeparators, relax: false, keep_empty: true };

/// `PATH[:SYMLINK[:FLAGS]]`, several of them (systemd: `config_parse_exec_directories`).
pub(crate) fn directories(
    line: &mut Line<'_>,
    settings: &mut Settings,
    kind: DirectoryKind,
) -> Result<(), Refusal> {
    if line.value.is_empty() {
        settings.directories.all.retain(|directory| directory.value.kind != kind);
        // The mode goes with the list (`exec_directory_done`).
        settings.directories.modes[kind as usize] = Sourced::built_in(0o755);
        return Ok(());
    }
    for word in line.words(TUPLE) {
        let mut parts = Words::new(&word);
        let mut next = || parts.next(&[':'], PART).map(Option::unwrap_or_default);
        match (next(), next(), next()) {
            (Ok(path), Ok(symlink), Ok(flags)) => {
                if let Some(directory) = directory(line, &word, kind, [path, symlink, flags]) {
                    add(&mut settings.directories.all, line.sourced(directory));
                }
            }
            // A wrong escape ends the reading of the whole line.
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => {
                line.broken(&word, error);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A second entry for one path adds its symlink and its flag to the first (systemd: `exec_directory_add`).
fn add(all: &mut Vec<Sourced<ExecDirectory>>, new: Sourced<ExecDirectory>) {
    let same =
        |d: &&mut Sourced<ExecDirectory>| d.value.kind == new.value.kind && d.value.path == new.value.path;
    match all.iter_mut().find(same) {
        Some(old) => {
            old.value.symlinks.extend(new.value.symlinks);
            old.value.read_only |= new.value.read_only;
        }
        None => all.push(new),
    }
}

fn directory(
    line: &mut Line<'_>,
    word: &str,
    kind: DirectoryKind,
    [path, symlink, flags]: [String; 3],
) -> Option<ExecDirectory> {
    let name = line.name();
    let path = relative(line, &path)?;
    if path == "private" || path.starts_with("private/") {
        line.warn(
            word,
            format!("{name} ignores `{word}`: `private` belongs to DynamicUser="),
            Some("choose another name".into()),
        );
        return None;
    }
    if !symlink.is_empty() && kind == DirectoryKind::Configuration {
        line.warn(word, format!("{name} ignores `{word}`: it takes no symlink"), None);
        return None;
    }
    let symlinks = if symlink.is_empty() { Vec::new() } else { vec![relative(line, &symlink)?] };
    let read_only = match &*flags {
        "" => false,
        "ro" => true,
        _ => {
            line.warn(&flags, format!("{name} ignores `{word}`: the only flag is `ro`"), None);
            return None;
        }
    };
    Some(ExecDirectory { kind, path, symlinks, read_only })
}

/// A relative path without `..`, in its simplest spelling.
fn relative(line: &mut Line<'_>, text: &str) -> Option<String> {
    let text = line.expand(text)?;
    let reason = if text.starts_with('/') {
        "the path must be relative to the directory's base"
    } else if text.split('/').any(|component| component == "..") {
        "the path contains a `..` component"
    } else {
        match AbsPath::root().join(&text) {
            Ok(path) if path.is_root() => "the path is empty",
            Ok(path) => return Some(path.to_string().trim_start_matches('/').to_owned()),
            Err(_) => "the path is too long",
        }
    };
    let help = text.strip_prefix('/').and_then(|_| {
        let base = format!("{}/", base_of(line)?);
        Some(format!("write `{}`", text.strip_prefix(&base)?))
    });
    line.warn(&text, format!("{} ignores `{text}`: {reason}", line.name()), help);
    None
}

fn base_of(line: &Line<'_>) -> Option<&'static str> {
    let kind = DirectoryKind::ALL.into_iter().find(|kind| kind.directive() == &*line.origin.directive)?;
    Some(kind.system_base())
}

pub(crate) fn show_directories(settings: &Settings, kind: DirectoryKind) -> Vec<Shown> {
    show_each(settings.directories.of(kind), |directory| {
        let field = |text: &str| {
            let text = ringfence_unit::Specifiers::escape(text);
            text.replace('\\', "\\\\").replace(':', "\\:")
        };
        let path = field(&directory.path);
        let flags = if directory.read_only { ":ro" } else { "" };
        let mut words = match directory.symlinks.split_first() {
            None if directory.read_only => vec![format!("{path}::ro")],
            None => vec![path.clone()],
            Some((first, _)) => vec![format!("{path}:{}{flags}", field(first))],
        };
        words.extend(directory.symlinks.iter().skip(1).map(|link| format!("{path}:{}", field(link))));
        words.iter().map(|word| quoted(word, TUPLE)).collect::<Vec<_>>().join(" ")
    })
}
