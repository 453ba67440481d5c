//! Paths in the words of programs.

use regex::Regex;
use ringfence_terms::AbsPath;
use std::sync::LazyLock;

/// Absolute paths: quoted in any way, or bare up to a blank.
static PATHS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:["'`‘“«»(\[]|^|[\s=:,])(/[^\s"'`’”»«()\[\]<>|]*)|["'‘“«»](/[^"'’”»«]*)["'’”»«]"#).ok()
});

/// The paths in a message, those nearest to `near` first.
pub fn paths_in(message: &str, near: usize) -> Vec<AbsPath> {
    let Some(pattern) = PATHS.as_ref() else { return Vec::new() };
    let mut found: Vec<(usize, AbsPath)> = pattern
        .captures_iter(message)
        .filter_map(|captures| captures.get(1).or_else(|| captures.get(2)))
        .filter_map(|text| {
            let path = text.as_str().trim_end_matches([',', ';', ':', '.', '!', '?', ')']);
            Some((text.start().abs_diff(near), AbsPath::parse(path).ok()?))
        })
        .filter(|(_, path)| !path.is_root())
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_compiles() {
        assert!(PATHS.is_some());
    }
}
