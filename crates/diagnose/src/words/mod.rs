//! Finding errors, operations and paths in the words of any program.
//!
//! Every line of a log passes one automaton that knows all spellings; only the few lines in which it finds something are
//! looked at more closely.

mod paths;
mod spellings;
mod wants;

pub use paths::paths_in;
pub use wants::want_in;

use aho_corasick::AhoCorasick;
use ringfence_terms::Errno;
use spellings::{Pattern, patterns};
use std::sync::LazyLock;

/// Something that stands in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// An error, and where it starts.
    Error(Errno, usize),
    /// One of systemd's own messages.
    Systemd,
    /// An audit record.
    Audit,
    /// A library that cannot be loaded.
    Library,
    /// Memory that may not be writable and executable.
    WriteExecute,
}

struct Automaton {
    search: AhoCorasick,
    patterns: Vec<Pattern>,
}

/// A test makes sure that it can be built.
static AUTOMATON: LazyLock<Option<Automaton>> = LazyLock::new(|| {
    let patterns = patterns();
    let search = AhoCorasick::new(patterns.iter().map(|pattern| pattern.text.as_bytes())).ok()?;
    Some(Automaton { search, patterns })
});

/// Everything that stands in a line, in no special order.
pub fn hits(message: &str) -> Vec<Hit> {
    let Some(automaton) = &*AUTOMATON else { return Vec::new() };
    let found = automaton.search.find_overlapping_iter(message);
    found
        .filter_map(|found| {
            let pattern = &automaton.patterns[found.pattern().as_usize()];
            let is_apart = !pattern.is_word || stands_apart(message, found.start(), found.end());
            is_apart.then(|| match pattern.hit {
                Hit::Error(errno, _) => Hit::Error(errno, found.start()),
                other => other,
            })
        })
        .collect()
}

/// `EPERM` is not meant in `SUPERMAN`, nor `errno 1` in `errno 13`.
fn stands_apart(message: &str, start: usize, end: usize) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = message.as_bytes();
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    !before.is_some_and(is_part) && !bytes.get(end).is_some_and(is_part)
}

/// The error that a message speaks of, and where in it: of several the first, and that something is missing only when
/// nothing else is said.
pub fn errno_of(hits: &[Hit]) -> Option<(Errno, usize)> {
    let errors = hits.iter().filter_map(|hit| match hit {
        Hit::Error(errno, at) => Some((*errno, *at)),
        _ => None,
    });
    errors.min_by_key(|(errno, at)| (*errno == Errno::ENOENT, *at))
}

/// The error in a text.
pub fn errno_in(text: &str) -> Option<Errno> {
    errno_of(&hits(text)).map(|(errno, _)| errno)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_terms::AbsPath;

    #[test]
    fn the_same_error_in_the_words_of_many_programs() {
        for message in [
            "touch: cannot touch '/etc/x': Read-only file system",
            "OSError: [Errno 30] Read-only file system: '/etc/x'",
            "nginx: [emerg] open() \"/etc/x\" failed (30: Read-only file system)",
            "Error: EROFS: read-only file system, open '/etc/x'",
            "java.nio.file.FileSystemException: /etc/x: Read-only file system",
            "java.io.FileNotFoundException: /etc/x (Read-only file system)",
            "open /etc/x: read-only file system",
            "thread 'main' panicked: cannot write /etc/x: Os { code: 30, kind: ReadOnlyFilesystem, message: \"Read-only file system\" }",
            "Error: cannot write /etc/x: Read-only file system (os error 30)",
            "touch: »/etc/x« kann nicht berührt werden: Das Dateisystem ist nur lesbar",
            "touch: impossible de faire un touch '/etc/x': Système de fichiers accessible en lecture seulement",
            "touch: '/etc/x' に touch できません: 読み込み専用ファイルシステムです",
            "sh: 1: cannot create /etc/x: Read-only file system",
        ] {
            let (errno, at) = errno_of(&hits(message)).unwrap_or_else(|| panic!("{message}"));
            assert_eq!(errno, Errno::EROFS, "{message}");
            assert_eq!(paths_in(message, at).first(), Some(&AbsPath::parse("/etc/x").unwrap()), "{message}");
        }
    }

    #[test]
    fn letters_inside_of_words_are_no_errors() {
        for message in ["SUPERMAN", "errno 131", "Loading erofs", "[Errno 130]"] {
            assert_eq!(errno_in(message), None, "{message}");
        }
        assert_eq!(errno_in("errno=13"), Some(Errno::EACCES));
    }
}
