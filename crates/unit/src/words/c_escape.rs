//! C escapes as systemd reads them (`src/basic/escape.c: cunescape_one`).

use super::SplitError;
use crate::escape::hex_digit;

/// Undoes every C escape of a text, which may leave any bytes (systemd: `cunescape`). NUL bytes are an error unless
/// `accept_nul` (`UNESCAPE_ACCEPT_NUL`).
pub fn unescape_c(text: &str, accept_nul: bool) -> Result<Vec<u8>, SplitError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'\\' {
            let taken = escape(after, accept_nul, &mut bytes).ok_or(SplitError::BadEscape)?;
            rest = &after[taken..];
        } else {
            bytes.push(byte);
        }
    }
    Ok(bytes)
}

/// Reads the escape whose backslash stands just before `text`, puts the bytes that it means on `word`, and returns how
/// many bytes of `text` it took. `None` when this is no valid escape.
///
/// `\xNN` and `\NNN` (octal) mean one byte, `\uNNNN` and `\UNNNNNNNN` a character in UTF-8; none may be NUL.
pub(super) fn unescape(text: &[u8], word: &mut Vec<u8>) -> Option<usize> {
    escape(text, false, word)
}

fn escape(text: &[u8], accept_nul: bool, word: &mut Vec<u8>) -> Option<usize> {
    let plain = match text.first()? {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'"' => b'"',
        b'\'' => b'\'',
        // From the desktop entry files that unit files descend from.
        b's' => b' ',
        b'x' => {
            word.push(byte(hex(text.get(1..3)?)?, accept_nul)?);
            return Some(3);
        }
        b'u' => {
            push_utf8(hex(text.get(1..5)?)?, accept_nul, word)?;
            return Some(5);
        }
        b'U' => {
            let code = hex(text.get(1..9)?)?;
            char::from_u32(code).filter(|&c| is_character(c))?;
            push_utf8(code, accept_nul, word)?;
            return Some(9);
        }
        b'0'..=b'7' => {
            word.push(byte(octal(text.get(0..3)?)?, accept_nul)?);
            return Some(3);
        }
        _ => return None,
    };
    word.push(plain);
    Some(1)
}

/// A number as one byte, where it fits and is not a NUL that is not wanted.
fn byte(code: u32, accept_nul: bool) -> Option<u8> {
    u8::try_from(code).ok().filter(|&byte| accept_nul || byte != 0)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |code, &digit| Some(code << 4 | u32::from(hex_digit(digit)?)))
}

fn octal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |code, &digit| Some(code << 3 | char::from(digit).to_digit(8)?))
}

/// Puts a character's UTF-8 on `word`. A surrogate, which systemd lets through in `\u`, becomes the three bytes that
/// are no valid UTF-8, so that the whole word is refused in the end.
fn push_utf8(code: u32, accept_nul: bool, word: &mut Vec<u8>) -> Option<()> {
    match char::from_u32(code) {
        Some('\0') if !accept_nul => return None,
        Some(c) => word.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => word.push(0xff),
    }
    Some(())
}

/// Whether systemd counts `c` as a valid character: all but the noncharacters (`src/basic/utf8.c: unichar_is_valid`).
pub(crate) fn is_character(c: char) -> bool {
    let code = u32::from(c);
    !(0xfdd0..=0xfdef).contains(&code) && code & 0xfffe != 0xfffe
}
