//! Names in JSON: bytes as text, without loss.
//!
//! A name of Linux is any bytes. In JSON it is a string: what is UTF-8 stands as it is, a backslash is `\\`, and a byte
//! that is not part of valid UTF-8 is `\xNN` with two hexadecimal digits. (JSON then escapes that string in its own way.)

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A name as it is in the JSON: what is UTF-8 as it stands, a backslash as `\\\\`, any other byte as `\\xNN`.
pub fn name_text(name: &OsStr) -> Cow<'_, str> {
    name_without(name, b"")
}

/// A name as text in which the bytes `special` do not occur but escaped.
pub(crate) fn name_without<'a>(name: &'a OsStr, special: &[u8]) -> Cow<'a, str> {
    if let Some(text) = name.to_str()
        && !text.bytes().any(|b| b == b'\\' || special.contains(&b))
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(name.len() + 8);
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match u8::try_from(c) {
                Ok(b'\\') => text.push_str("\\\\"),
                Ok(byte) if special.contains(&byte) => push_byte(&mut text, byte),
                _ => text.push(c),
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_byte(&mut text, byte));
    }
    Cow::Owned(text)
}

fn push_byte(text: &mut String, byte: u8) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// A backslash that starts no escape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a backslash in the name {0:?} is followed by neither a backslash nor xNN")]
pub struct EscapeError(String);

/// The name that was written as `text`.
pub(crate) fn unescape(text: &str) -> Result<OsString, EscapeError> {
    if !text.contains('\\') {
        return Ok(OsString::from(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [b'x', high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => return Err(EscapeError(text.to_owned())),
            },
            (b'\\', _) => return Err(EscapeError(text.to_owned())),
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    Ok(OsString::from_vec(bytes))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_names_stand_as_they_are() {
        assert_eq!(name_text(OsStr::new("/etc/caf\u{e9} \n")), "/etc/caf\u{e9} \n");
        assert_eq!(name_text(OsStr::new("a\\x2d")), "a\\\\x2d");
        assert_eq!(name_text(OsStr::from_bytes(b"/tmp/\xff\xc3")), "/tmp/\\xff\\xc3");
    }

    #[test]
    fn a_lone_backslash_is_refused() {
        for text in ["\\", "a\\b", "\\x4", "\\xzz"] {
            assert!(unescape(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let original = OsString::from_vec(bytes);
            prop_assert_eq!(unescape(&name_text(&original)), Ok(original.clone()));
            let text = name_without(&original, b"@(").into_owned();
            prop_assert!(!text.contains(['@', '(']));
            prop_assert_eq!(unescape(&text), Ok(original));
        }
    }
}
