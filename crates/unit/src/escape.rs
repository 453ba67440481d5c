//! Escaping any text, or a path, so that it can stand in a unit name (systemd-escape(1)).

use crate::name::is_name_byte;

/// Escapes `text` for use as a prefix or an instance: `/` becomes `-`, and every byte that a unit name cannot hold,
/// every `-`, every `\` and a leading `.` become `\xNN` (systemd: `unit_name_escape`).
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'/' => escaped.push('-'),
            b'-' | b'\\' => escape_byte(byte, &mut escaped),
            b'.' if at == 0 => escape_byte(byte, &mut escaped),
            byte if is_name_byte(byte) => escaped.push(char::from(byte)),
            byte => escape_byte(byte, &mut escaped),
        }
    }
    escaped
}

fn escape_byte(byte: u8, escaped: &mut String) {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
    escaped.push_str("\\x");
    escaped.push(digit(byte >> 4));
    escaped.push(digit(byte));
}

/// Undoes [`escape`] (systemd: `unit_name_unescape`). `None` when a backslash does not begin `\xNN`, or when the bytes
/// that come out are not UTF-8.
pub fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'-' => bytes.push(b'/'),
            b'\\' => {
                let [b'x', high, low, ..] = *rest else { return None };
                bytes.push(hex_digit(high)? << 4 | hex_digit(low)?);
                rest = &rest[3..];
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Escapes a path without its leading and trailing slashes; the root directory becomes `-` (systemd:
/// `unit_name_path_escape`). `None` for a path with a `..` component.
pub fn escape_path(path: &str) -> Option<String> {
    let components: Vec<&str> = path.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
    if components.contains(&"..") {
        return None;
    }
    if components.is_empty() {
        return Some("-".to_owned());
    }
    Some(escape(&components.join("/")))
}

/// Undoes [`escape_path`]; the result begins with a slash (systemd: `unit_name_path_unescape`). `None` when what comes
/// out is not a path in its simplest spelling.
pub fn unescape_path(text: &str) -> Option<String> {
    if text == "-" {
        return Some("/".to_owned());
    }
    let relative = unescape(text)?;
    let simple = relative.split('/').all(|name| !matches!(name, "" | "." | ".."));
    simple.then(|| format!("/{relative}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results of systemd-escape of systemd 257.
    #[test]
    fn escapes_as_systemd_escape_does() {
        for (text, escaped) in [
            ("Hallöchen, Meister", r"Hall\xc3\xb6chen\x2c\x20Meister"),
            ("a-b/c", r"a\x2db-c"),
            (".dot.dot", r"\x2edot.dot"),
            ("a\\b", r"a\x5cb"),
            ("a@b:c_d", r"a\x40b:c_d"),
            ("", ""),
        ] {
            assert_eq!(escape(text), escaped);
            assert_eq!(unescape(escaped).as_deref(), Some(text));
        }
    }

    #[test]
    fn unescaping_refuses_broken_escapes() {
        for text in ["\\", r"\x", r"\x4", r"\xgg", r"\n", r"\xff", r"a\x00b"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    #[test]
    fn paths_lose_their_slashes_and_get_one_back() {
        for (path, escaped) in
            [("/", "-"), ("/tmp//waldi/foobar/", "tmp-waldi-foobar"), ("/a/./b", "a-b"), ("/.x", r"\x2ex")]
        {
            assert_eq!(escape_path(path).as_deref(), Some(escaped));
        }
        assert_eq!(escape_path("/a/../b"), None);
        assert_eq!(unescape_path("-").as_deref(), Some("/"));
        assert_eq!(unescape_path("tmp-waldi").as_deref(), Some("/tmp/waldi"));
        for text in ["", "-a", "a-", "a--b", r"a-\x2e\x2e-b"] {
            assert_eq!(unescape_path(text), None, "{text}");
        }
    }
}
