//! Single values as text: pure functions, each after the systemd function that it names.

pub(crate) mod exit_status;
pub(crate) mod limit;
pub(crate) mod number;
pub(crate) mod signal;
pub(crate) mod time;

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not written as such a value is.
    Syntax,
    /// It is, but it is too small or too large.
    OutOfRange,
}

/// A boolean in any of its spellings, in any case (systemd: `parse_boolean`).
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(&["1", "yes", "y", "true", "t", "on"]) {
        Some(true)
    } else if is(&["0", "no", "n", "false", "f", "off"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn booleans_have_six_spellings_each() {
        for word in ["1", "yes", "Y", "TRUE", "t", "On"] {
            assert_eq!(super::boolean(word), Some(true), "{word}");
        }
        for word in ["0", "no", "N", "False", "f", "OFF"] {
            assert_eq!(super::boolean(word), Some(false), "{word}");
        }
        for word in ["", "2", "ye", "enabled", " yes"] {
            assert_eq!(super::boolean(word), None, "{word}");
        }
    }
}
