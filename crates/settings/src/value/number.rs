//! Numbers, sizes and modes.

use super::Fault;
use ringfence_unit::words::WHITESPACE;

/// A sign and a magnitude, as `strtoul(3)` with base 0 reads them after systemd has looked for `0b` and `0o`
/// (systemd: `src/basic/parse-util.c: mangle_base`).
fn magnitude(text: &str) -> Result<(bool, u64), Fault> {
    let text = text.trim_start_matches(WHITESPACE);
    let (text, base) = match text.get(..2) {
        Some("0b" | "0B") => (&text[2..], Some(2)),
        Some("0o" | "0O") => (&text[2..], Some(8)),
        _ => (text, None),
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, base) = match (base, digits.get(..2)) {
        (Some(base), _) => (digits, base),
        (None, Some("0x" | "0X")) => (&digits[2..], 16),
        (None, Some(_)) if digits.starts_with('0') => (digits, 8),
        (None, _) => (digits, 10),
    };
    in_base(digits, base).map(|magnitude| (negative, magnitude))
}

/// Digits only, no sign.
fn in_base(digits: &str, base: u32) -> Result<u64, Fault> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err(Fault::Syntax);
    }
    u64::from_str_radix(digits, base).map_err(|_| Fault::OutOfRange)
}

/// A number that is not negative (systemd: `safe_atou64`).
pub(crate) fn unsigned(text: &str) -> Result<u64, Fault> {
    match magnitude(text)? {
        (true, 1..) => Err(Fault::OutOfRange),
        (_, number) => Ok(number),
    }
}

/// A number that fits a C `unsigned` (systemd: `safe_atou`).
pub(crate) fn unsigned32(text: &str) -> Result<u32, Fault> {
    unsigned(text)?.try_into().map_err(|_| Fault::OutOfRange)
}

/// A number that fits a C `int` (systemd: `safe_atoi`).
pub(crate) fn integer(text: &str) -> Result<i32, Fault> {
    let (negative, magnitude) = magnitude(text)?;
    let magnitude = i64::try_from(magnitude).map_err(|_| Fault::OutOfRange)?;
    i32::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| Fault::OutOfRange)
}

/// An integer within bounds, both included.
pub(crate) fn integer_within(text: &str, low: i32, high: i32) -> Result<i32, Fault> {
    integer(text).and_then(|n| if (low..=high).contains(&n) { Ok(n) } else { Err(Fault::OutOfRange) })
}

/// Octal digits, at most 7777 (systemd: `parse_mode`).
pub(crate) fn mode(text: &str) -> Result<u32, Fault> {
    match in_base(text, 8)? {
        mode @ 0..=0o7777 => Ok(mode as u32),
        _ => Err(Fault::OutOfRange),
    }
}

/// The suffixes of sizes, largest first, as powers of the base.
const SIZES: [(&str, u32); 8] =
    [("E", 6), ("P", 5), ("T", 4), ("G", 3), ("M", 2), ("K", 1), ("B", 0), ("", 0)];

/// A size with base 1024: numbers with suffixes that get ever smaller, such as `1G 512M` or `1.5K`
/// (systemd: `parse_size`).
pub(crate) fn size(text: &str) -> Result<u64, Fault> {
    let mut rest = text;
    let mut smaller = 0;
    let mut total: u64 = 0;
    loop {
        rest = rest.trim_start_matches(WHITESPACE);
        if rest.starts_with('-') {
            return Err(Fault::OutOfRange);
        }
        rest = rest.strip_prefix('+').unwrap_or(rest);
        let (digits, after) = split_digits(rest);
        let whole = in_base(digits, 10)?;
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => split_digits(after),
            None => ("", after),
        };
        let after = after.trim_start_matches(WHITESPACE);
        let Some(at) = (smaller..SIZES.len()).find(|&i| after.starts_with(SIZES[i].0)) else {
            return Err(Fault::Syntax);
        };
        let (suffix, power) = SIZES[at];
        let factor = 1024u64.pow(power);
        // systemd computes the fraction in floating point too.
        let fraction: f64 =
            if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().unwrap_or(0.0) };
        total = whole
            .checked_mul(factor)
            .and_then(|n| n.checked_add((fraction * factor as f64) as u64))
            .and_then(|n| n.checked_add(total))
            .ok_or(Fault::OutOfRange)?;
        rest = &after[suffix.len()..];
        smaller = at + 1;
        if rest.is_empty() {
            return Ok(total);
        }
    }
}

/// The leading decimal digits, and the rest.
pub(super) fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_cs_bases() {
        for (text, number) in [
            ("0", Ok(0)),
            ("10", Ok(10)),
            ("010", Ok(8)),
            ("0x10", Ok(16)),
            ("0b11", Ok(3)),
            ("0o17", Ok(15)),
            ("+5", Ok(5)),
            ("-0", Ok(0)),
            ("-1", Err(Fault::OutOfRange)),
            ("18446744073709551616", Err(Fault::OutOfRange)),
            ("", Err(Fault::Syntax)),
            ("0x", Err(Fault::Syntax)),
            ("1 ", Err(Fault::Syntax)),
            ("1k", Err(Fault::Syntax)),
        ] {
            assert_eq!(unsigned(text), number, "{text:?}");
        }
        assert_eq!(integer("-2147483648"), Ok(i32::MIN));
        assert_eq!(integer("2147483648"), Err(Fault::OutOfRange));
        assert_eq!(integer_within("20", -20, 19), Err(Fault::OutOfRange));
    }

    #[test]
    fn sizes_go_from_large_to_small() {
        for (text, bytes) in [
            ("1", Ok(1)),
            ("1K", Ok(1024)),
            ("1.5K", Ok(1536)),
            ("10.M", Ok(10 << 20)),
            ("1G 512M", Ok((1 << 30) + (512 << 20))),
            ("4 K", Ok(4096)),
            ("1K1M", Err(Fault::Syntax)),
            ("16E", Err(Fault::OutOfRange)),
            ("-1", Err(Fault::OutOfRange)),
            ("K", Err(Fault::Syntax)),
            ("", Err(Fault::Syntax)),
            ("1Ki", Err(Fault::Syntax)),
        ] {
            assert_eq!(size(text), bytes, "{text:?}");
        }
    }

    #[test]
    fn modes_are_octal() {
        for (text, bits) in [
            ("0755", Ok(0o755)),
            ("7777", Ok(0o7777)),
            ("10000", Err(Fault::OutOfRange)),
            ("0o755", Err(Fault::Syntax)),
            ("+755", Err(Fault::Syntax)),
            ("789", Err(Fault::Syntax)),
            ("", Err(Fault::Syntax)),
        ] {
            assert_eq!(mode(text), bits, "{text:?}");
        }
    }
}
