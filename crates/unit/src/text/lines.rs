//! Physical lines (systemd: `src/basic/fileio.c: read_line_full`).

use std::ops::Range;

/// One physical line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The line without its end.
    pub content: Range<usize>,
    /// Where the next line starts.
    pub end: usize,
}

/// The line that starts at `start`; `None` at the end of the file.
///
/// A line ends in LF, CR or NUL, or in several of them as long as none comes twice and nothing follows a NUL: CR LF is
/// one line end, LF LF are two.
pub(super) fn next_line(bytes: &[u8], start: usize) -> Option<Line> {
    let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
    let length = rest.iter().position(|&byte| is_end(byte)).unwrap_or(rest.len());
    let mut end = length;
    while let Some(&byte) = rest.get(end) {
        let seen = &rest[length..end];
        if !is_end(byte) || seen.contains(&byte) || seen.contains(&0) {
            break;
        }
        end += 1;
    }
    Some(Line { content: start..start + length, end: start + end })
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end() {
        for (text, lines) in [
            (&b""[..], &[][..]),
            (b"a", &["a"]),
            (b"a\n", &["a"]),
            (b"a\r\nb\rc\0d\n\re\r\n\0f", &["a", "b", "c", "d", "e", "f"]),
            (b"a\n\nb\0\0c\0\nd", &["a", "", "b", "", "c", "", "d"]),
            (b"\n\r\n", &["", ""]),
        ] {
            let mut found = Vec::new();
            let mut at = 0;
            while let Some(line) = next_line(text, at) {
                found.push(std::str::from_utf8(&text[line.content]).unwrap());
                at = line.end;
            }
            assert_eq!(found, lines, "{text:?}");
            assert_eq!(at, text.len());
        }
    }
}
