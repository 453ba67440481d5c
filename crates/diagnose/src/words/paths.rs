//! Paths in the words of programs.

use regex::Regex;
use ringfence_terms::AbsPath;
use std::sync::LazyLock;

/// Absolute paths: quoted in any way, or bare up to a blank.
static PATHS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:["'`‘“«»(\[]|^|[\s=:,])(/[^\s"'`’”»«()\[\]<>|]*)|["'‘“«»](/[^"'’”»«]*)["'’”»«]"#).ok()
});

/// Where in its own text a program stumbled: Perl's ` at FILE line 3`, PHP's ` in FILE on line 3`, Python's `File "FILE",
/// line 3`, and `FILE:3:1` of many.
static PLACES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"( at | in |File "?)/\S+?"?,?( on)? line \d+|/[^\s:()]+:\d+(:\d+)?\b"#).ok()
});

/// The paths in a message, those nearest to `near` first; not those of the program's own text.
pub fn paths_in(message: &str, near: usize) -> Vec<AbsPath> {
    let (Some(pattern), Some(places)) = (PATHS.as_ref(), PLACES.as_ref()) else { return Vec::new() };
    let places: Vec<_> = places.find_iter(message).map(|place| place.range()).collect();
    let mut found: Vec<(usize, AbsPath)> = pattern
        .captures_iter(message)
        .filter_map(|captures| captures.get(1).or_else(|| captures.get(2)))
        // `//` begins what follows a URL's scheme.
        .filter(|text| !text.as_str().starts_with("//"))
        .filter(|text| !places.iter().any(|place| place.contains(&text.start())))
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
        assert!(PATHS.is_some() && PLACES.is_some());
    }

    #[test]
    fn a_programs_own_text_is_not_what_it_wanted() {
        let of = |message: &str| {
            paths_in(message, message.len()).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("Can't open /etc/x: Permission denied at /opt/app.pl line 5."), ["/etc/x"]);
        assert_eq!(of("fopen(/etc/x): Permission denied in /opt/app.php on line 5"), ["/etc/x"]);
        assert_eq!(of("  File \"/opt/app.py\", line 13, in <module>"), [""; 0]);
        assert_eq!(of("    at Object.<anonymous> (/opt/app.js:6:26)"), [""; 0]);
        assert_eq!(of("Unable to connect to tcp://0.0.0.0:80"), [""; 0]);
    }
}
