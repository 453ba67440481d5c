//! Base64 as systemd reads it: white space anywhere, padding required, no stray bits (`unbase64mem`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let dense: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(dense).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(decode("aGVs bG8=\n").as_deref(), Some(&b"hello"[..]));
        for wrong in ["aGVsbG8", "aGVsbG9=", "%%%%"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
