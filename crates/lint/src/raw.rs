//! Values as they are written: finding words in them, and writing them anew without one.
//!
//! Typed settings no longer know which characters of a line they came from. These functions find them again.

use ringfence_terms::AbsPath;
use ringfence_unit::Specifiers;
use std::ops::Range;
use std::path::Path;

/// The words of a value, split at white space outside of quotes.
pub(crate) fn words(value: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + value[at..].find(|c: char| !c.is_ascii_whitespace())?;
        let mut quote = None;
        let mut escaped = false;
        let end = value[start..].char_indices().find(|&(_, c)| {
            if escaped {
                escaped = false;
                return false;
            }
            match (c, quote) {
                ('\\', _) => escaped = true,
                (c, Some(open)) if c == open => quote = None,
                ('"' | '\'', None) => quote = Some(c),
                (c, None) => return c.is_ascii_whitespace(),
                _ => {}
            }
            false
        });
        at = end.map_or(value.len(), |(length, _)| start + length);
        Some(start..at)
    })
}

/// The word of a list of paths that names a path: prefixes and quotes taken off, specifiers replaced, and of
/// `SOURCE:DESTINATION:OPTIONS` either path.
pub(crate) fn word_of_path(value: &str, path: &Path, specifiers: &Specifiers) -> Option<Range<usize>> {
    words(value).find(|range| {
        let word = value[range.clone()].trim_matches(['"', '\'']);
        let word = word.trim_start_matches(['-', '+']);
        word.split(':').any(|field| {
            let expanded = specifiers.expand(field).ok();
            expanded.and_then(|text| AbsPath::parse(text).ok()).is_some_and(|found| found.as_path() == path)
        })
    })
}

/// The value without one of its words; `None` when nothing would be left.
pub(crate) fn without(value: &str, word: &Range<usize>) -> Option<String> {
    let before = value[..word.start].trim_end();
    let after = value[word.end..].trim_start();
    match (before.is_empty() || before == "~", after.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("{before}{after}")),
        (false, true) => Some(before.to_owned()),
        (false, false) => Some(format!("{before} {after}")),
    }
}

/// The value with one stretch of it replaced.
pub(crate) fn replaced(value: &str, range: &Range<usize>, text: &str) -> String {
    format!("{}{text}{}", &value[..range.start], &value[range.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_places() {
        let value = r#"-/a  "/b c" /d\ e"#;
        let found: Vec<&str> = words(value).map(|range| &value[range]).collect();
        assert_eq!(found, ["-/a", "\"/b c\"", r"/d\ e"]);
    }

    #[test]
    fn a_path_is_found_behind_its_prefixes_and_specifiers() {
        let mut specifiers = Specifiers::default();
        specifiers.set('t', "/run");
        let find = |value, path| word_of_path(value, Path::new(path), &specifiers);
        assert_eq!(find("/a -+/b/", "/b"), Some(3..8));
        assert_eq!(find("/a %t/x", "/run/x"), Some(3..7));
        assert_eq!(find("/s:/d:norbind", "/d"), Some(0..13));
        assert_eq!(find("/a", "/b"), None);
    }

    #[test]
    fn a_word_goes_and_the_rest_stays() {
        assert_eq!(without("/a /b /c", &(3..5)).as_deref(), Some("/a /c"));
        assert_eq!(without("/a /b", &(0..2)).as_deref(), Some("/b"));
        assert_eq!(without("~a b", &(1..2)).as_deref(), Some("~b"));
        assert_eq!(without("/a", &(0..2)), None);
    }
}
