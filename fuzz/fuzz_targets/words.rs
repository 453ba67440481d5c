//! Any text is split to its end, and a word that is quoted is read back. The first byte chooses the flags.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_unit::words::{Backslash, Quoting, WHITESPACE, Words, quote, split};

fuzz_target!(|bytes: &[u8]| {
    let Some((&flags, rest)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let backslashes = [
        Backslash::Removed,
        Backslash::Kept,
        Backslash::C,
        Backslash::CRelaxed,
        Backslash::Separators,
        Backslash::CAndSeparators,
    ];
    let quoting = Quoting {
        unquote: flags & 1 != 0,
        relax: flags & 2 != 0,
        keep_empty: flags & 4 != 0,
        backslash: backslashes[usize::from(flags >> 4) % backslashes.len()],
    };
    let separators: &[char] = if flags & 8 != 0 { &[':'] } else { WHITESPACE };

    let mut words = Words::new(text);
    let mut forgiving = Words::new(text);
    for _ in 0..=text.len() + 1 {
        if !matches!(words.next(separators, quoting), Ok(Some(_))) {
            break;
        }
        let _ = forgiving.next_forgiving(separators, quoting);
    }
    if let Some(quoted) = quote(text, separators, quoting) {
        assert_eq!(split(&quoted, separators, quoting), Ok(vec![text.to_owned()]));
    }
});
