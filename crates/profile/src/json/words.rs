//! Words and numbers in the JSON that more than one kind of record uses.

use crate::escape;
use ringfence_terms::Errno;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// An error number as its name, or as `errno N` where it has none.
pub(super) fn errno(errno: Errno) -> Cow<'static, str> {
    errno.name().map_or_else(|| Cow::Owned(errno.to_string()), Cow::Borrowed)
}

/// The error number of such a word.
pub(super) fn to_errno(word: &str) -> Result<Errno, String> {
    Errno::from_name(word)
        .or_else(|| word.strip_prefix("errno ").and_then(|n| n.parse().ok()).map(Errno))
        .ok_or_else(|| format!("{word:?} is not the name of an error"))
}

/// A path as text.
pub(super) fn path(path: &Path) -> Cow<'_, str> {
    name(path.as_os_str())
}

/// A name as text.
pub(super) fn name(name: &OsStr) -> Cow<'_, str> {
    escape::name_text(name)
}

/// The path that a text stands for.
pub(super) fn to_path(text: &str) -> Result<PathBuf, String> {
    escape::unescape(text).map(PathBuf::from).map_err(|e| e.to_string())
}

/// The value that has `word` in a table of words.
pub(super) fn find<T: Copy>(
    what: &str,
    word: &str,
    mut table: impl Iterator<Item = (T, &'static str)>,
) -> Result<T, String> {
    table
        .find(|row| row.1 == word)
        .map(|row| row.0)
        .ok_or_else(|| format!("{word:?} is not {what} that this ringfence knows"))
}
