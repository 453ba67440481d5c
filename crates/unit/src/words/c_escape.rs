//! C escapes as systemd reads them (`src/basic/escape.c: cunescape_one`).

use crate::escape::hex_digit;

/// Reads the escape whose backslash stands just before `text`, puts the bytes that it means on `word`, and returns how
/// many bytes of `text` it took. `None` when this is no valid escape.
///
/// `\xNN` and `\NNN` (octal) mean one byte, `\uNNNN` and `\UNNNNNNNN` a character in UTF-8; none may be NUL.
pub(super) fn unescape(text: &[u8], word: &mut Vec<u8>) -> Option<usize> {
    let byte = match text.first()? {
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
            word.push(u8::try_from(hex(text.get(1..3)?)?).ok().filter(|&byte| byte != 0)?);
            return Some(3);
        }
        b'u' => {
            push_utf8(hex(text.get(1..5)?)?, word)?;
            return Some(5);
        }
        b'U' => {
            let code = hex(text.get(1..9)?)?;
            char::from_u32(code).filter(|&c| is_character(c))?;
            push_utf8(code, word)?;
            return Some(9);
        }
        b'0'..=b'7' => {
            let code = octal(text.get(0..3)?)?;
            word.push(u8::try_from(code).ok().filter(|&byte| byte != 0)?);
            return Some(3);
        }
        _ => return None,
    };
    word.push(byte);
    Some(1)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |code, &digit| Some(code << 4 | u32::from(hex_digit(digit)?)))
}

fn octal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |code, &digit| Some(code << 3 | char::from(digit).to_digit(8)?))
}

/// Puts a character's UTF-8 on `word`. A surrogate, which systemd lets through in `\u`, becomes the three bytes that
/// are no valid UTF-8, so that the whole word is refused in the end.
fn push_utf8(code: u32, word: &mut Vec<u8>) -> Option<()> {
    match char::from_u32(code) {
        Some('\0') => return None,
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
