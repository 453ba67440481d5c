//! `BindPaths=` and `BindReadOnlyPaths=`, which share one list.

use super::{Line, Refusal, scalar::show_each};
use crate::catalogue::Shown;
use crate::{BindMount, Settings};
use ringfence_terms::AbsPath;
use ringfence_unit::words::{Backslash, Quoting, WHITESPACE, Words};

/// Between the fields of one bind, and between binds.
const SEPARATORS: &[char] = &[':', ' ', '\t', '\n', '\r'];

const FIELD: Quoting =
    Quoting { unquote: true, backslash: Backslash::Removed, relax: false, keep_empty: true };

/// `[-]SOURCE[:DESTINATION[:OPTION]]`, several of them (systemd: `config_parse_bind_paths`).
pub(crate) fn bind(line: &mut Line<'_>, settings: &mut Settings, read_only: bool) -> Result<(), Refusal> {
    if line.value.is_empty() {
        // Both directives fill one list, so either empties it of the other's entries too.
        settings.paths.binds.clear();
        return Ok(());
    }
    let mut words = Words::new(line.value);
    loop {
        match next(line, &mut words, read_only) {
            Ok(Some(Some(bind))) => settings.paths.binds.push(line.sourced(bind)),
            Ok(Some(None)) => {}
            Ok(None) => return Ok(()),
            Err(error) => {
                line.broken(words.rest().unwrap_or_default(), error);
                return Ok(());
            }
        }
    }
}

/// The next bind: `None` at the end, `Some(None)` for one that was complained about.
///
/// After a fault in its first fields systemd goes on with the fields that follow as if a new bind began there; so does
/// this.
fn next(
    line: &mut Line<'_>,
    words: &mut Words<'_>,
    read_only: bool,
) -> Result<Option<Option<BindMount>>, ringfence_unit::words::SplitError> {
    let Some(source) = words.next(SEPARATORS, FIELD)? else { return Ok(None) };
    let (optional, source) = match line.expand(&source) {
        None => return Ok(Some(None)),
        Some(source) => match source.strip_prefix('-') {
            Some(rest) => (true, rest.to_owned()),
            None => (false, source),
        },
    };
    let Some(source) = line.plain_path(&source) else { return Ok(Some(None)) };
    if words.last_separator() != Some(':') {
        let destination = source.clone();
        return Ok(Some(Some(BindMount { source, destination, read_only, recursive: true, optional })));
    }
    let Some(destination) = words.next(SEPARATORS, FIELD)? else {
        line.warn("", format!("{} ignores `{source}:`, as nothing follows the colon", line.name()), None);
        return Ok(Some(None));
    };
    let Some(destination) = line.expand(&destination).and_then(|text| line.plain_path(&text)) else {
        return Ok(Some(None));
    };
    let mut recursive = true;
    if words.last_separator() == Some(':') {
        let options = words.next(WHITESPACE, Quoting { keep_empty: false, ..FIELD })?.unwrap_or_default();
        recursive = match &*options {
            "" | "rbind" => true,
            "norbind" => false,
            other => {
                let message = format!("{} ignores a bind with the option `{other}`", line.name());
                line.warn(
                    other,
                    message,
                    Some(
                        "the options are `rbind` and `norbind`; for a read-only bind use BindReadOnlyPaths="
                            .into(),
                    ),
                );
                return Ok(Some(None));
            }
        };
    }
    Ok(Some(Some(BindMount { source, destination, read_only, recursive, optional })))
}

pub(crate) fn show_binds(settings: &Settings, read_only: bool) -> Vec<Shown> {
    let binds = settings.paths.binds.iter().filter(|bind| bind.value.read_only == read_only);
    show_each(binds, |bind| {
        let field = |path: &AbsPath| {
            ringfence_unit::Specifiers::escape(&path.to_string())
                .chars()
                .flat_map(|c| {
                    let escape = SEPARATORS.contains(&c) || matches!(c, '\\' | '"' | '\'');
                    escape.then_some('\\').into_iter().chain([c])
                })
                .collect::<String>()
        };
        let optional = if bind.optional { "-" } else { "" };
        let (source, destination) = (field(&bind.source), field(&bind.destination));
        match (bind.recursive, source == destination) {
            (true, true) => format!("{optional}{source}"),
            (true, false) => format!("{optional}{source}:{destination}"),
            (false, _) => format!("{optional}{source}:{destination}:norbind"),
        }
    })
}
