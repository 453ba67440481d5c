//! Writing the lines of a fix.

use crate::plan::Root;
use ringfence_terms::AbsPath;
use ringfence_unit::Specifiers;
use ringfence_unit::words::{Backslash, Quoting, WHITESPACE, quote};

/// How the path lists read their words (systemd: `config_parse_namespace_path_strv`).
const PATHS: Quoting =
    Quoting { unquote: true, backslash: Backslash::Removed, relax: false, keep_empty: false };

/// `Directive=word word …`; none when a word cannot be written there.
pub(super) fn line<W: AsRef<str>>(directive: &str, words: &[W]) -> Option<String> {
    let quoted: Option<Vec<String>> =
        words.iter().map(|word| quote(&Specifiers::escape(word.as_ref()), WHITESPACE, PATHS)).collect();
    Some(format!("{directive}={}", quoted?.join(" ")))
}

/// A line with one path as the service names it.
pub(super) fn path_line(directive: &str, path: &AbsPath, root: &Root) -> Option<String> {
    let text = path.as_path().to_str()?;
    match root {
        Root::Host | Root::InPlace => line(directive, &[text]),
        Root::Directory(_) => line(directive, &[format!("+{text}")]),
    }
}

/// A line that shows a path of the host at the same place; a colon would separate source and destination.
pub(super) fn bind_line(directive: &str, path: &AbsPath) -> Option<String> {
    let text = path.as_path().to_str().filter(|text| !text.contains(':'))?;
    line(directive, &[text])
}
