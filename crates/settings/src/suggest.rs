//! The word that was probably meant.

/// The candidate most like `text`, when one is like it enough to be worth a suggestion.
pub(crate) fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&text.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_a_likely_word_is_suggested() {
        assert_eq!(nearest("STRICT", ["full", "strict"]), Some("strict"));
        assert_eq!(nearest("ProtectSytem", ["ProtectSystem", "ProtectHome"]), Some("ProtectSystem"));
        assert_eq!(nearest("banana", ["full", "strict"]), None);
    }
}
