//! Writing a word so that it is read back as it was.

use super::{Backslash, Quoting, WHITESPACE};

/// Writes `word` so that splitting with the same `separators` and `quoting` gives it back as one word, and so that it
/// may stand anywhere in a line of a unit file.
///
/// A word without special characters stays as it is. `None` when no spelling exists: a line break without C escapes,
/// or a separator with neither quotes nor escapes. `%` is not special here; see [`crate::Specifiers::escape`].
pub fn quote(word: &str, separators: &[char], quoting: Quoting) -> Option<String> {
    let special = |c: char| {
        separators.contains(&c)
            || WHITESPACE.contains(&c)
            || c.is_ascii_control()
            || (c == '\\' && quoting.backslash != Backslash::Kept)
            || (quoting.unquote && matches!(c, '"' | '\''))
    };
    // A backslash at the end of a line would join it with the next.
    if !word.is_empty() && !word.contains(special) && !word.ends_with('\\') {
        return Some(word.to_owned());
    }
    if quoting.unquote {
        in_quotes(word, separators, quoting.backslash)
    } else {
        bare(word, separators, quoting)
    }
}

fn in_quotes(word: &str, separators: &[char], backslash: Backslash) -> Option<String> {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '\\' if backslash == Backslash::Kept => quoted.push(c),
            '"' | '\\' | '\0'..='\x1f' | '\x7f' => match escape(c, separators, backslash) {
                Some(escaped) => quoted.push_str(&escaped),
                // Quotes of the other kind can hold it: these end, those open and end, these open again.
                None if c == '"' => quoted.push_str(r#""'"'""#),
                None if matches!(c, '\n' | '\r' | '\0') => return None,
                None => quoted.push(c),
            },
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    Some(quoted)
}

fn bare(word: &str, separators: &[char], quoting: Quoting) -> Option<String> {
    if word.is_empty() || (quoting.backslash == Backslash::Kept && word.ends_with('\\')) {
        return None;
    }
    let mut escaped = String::new();
    for (at, c) in word.char_indices() {
        let at_edge = at == 0 || at + c.len_utf8() == word.len();
        let is_special = separators.contains(&c)
            || matches!(c, '\n' | '\r' | '\0')
            || (c == '\\' && quoting.backslash != Backslash::Kept)
            || (at_edge && WHITESPACE.contains(&c));
        if is_special {
            escaped.push_str(&escape(c, separators, quoting.backslash)?);
        } else {
            escaped.push(c);
        }
    }
    // White space that is the very last character stays at the edge of the line even behind a backslash.
    (!escaped.ends_with(WHITESPACE)).then_some(escaped)
}

/// One character with a backslash, in or out of quotes.
fn escape(c: char, separators: &[char], backslash: Backslash) -> Option<String> {
    match backslash {
        Backslash::Kept => None,
        Backslash::Removed => (!matches!(c, '\n' | '\r' | '\0')).then(|| format!("\\{c}")),
        Backslash::Separators => {
            (c == '\\' || (separators.contains(&c) && !matches!(c, '\n' | '\r'))).then(|| format!("\\{c}"))
        }
        Backslash::C | Backslash::CRelaxed | Backslash::CAndSeparators => match c {
            '\0' => None,
            '\n' => Some("\\n".to_owned()),
            '\t' => Some("\\t".to_owned()),
            '\r' => Some("\\r".to_owned()),
            '"' | '\'' | '\\' => Some(format!("\\{c}")),
            c => Some(format!("\\x{:02x}", u32::from(c))),
        },
    }
}
