//! Time spans (systemd.time(7)).

use super::{Fault, number::split_digits};
use ringfence_unit::words::WHITESPACE;
use std::time::Duration;

/// Units and how many nanoseconds they have, in the order in which they are tried
/// (systemd: `src/basic/time-util.c: extract_multiplier`).
const UNITS: [(&str, u64); 32] = [
    ("seconds", SECOND),
    ("second", SECOND),
    ("sec", SECOND),
    ("s", SECOND),
    ("minutes", 60 * SECOND),
    ("minute", 60 * SECOND),
    ("min", 60 * SECOND),
    ("months", 2_629_800 * SECOND),
    ("month", 2_629_800 * SECOND),
    ("M", 2_629_800 * SECOND),
    ("msec", 1_000_000),
    ("ms", 1_000_000),
    ("m", 60 * SECOND),
    ("hours", 3600 * SECOND),
    ("hour", 3600 * SECOND),
    ("hr", 3600 * SECOND),
    ("h", 3600 * SECOND),
    ("days", 86_400 * SECOND),
    ("day", 86_400 * SECOND),
    ("d", 86_400 * SECOND),
    ("weeks", 604_800 * SECOND),
    ("week", 604_800 * SECOND),
    ("w", 604_800 * SECOND),
    ("years", 31_557_600 * SECOND),
    ("year", 31_557_600 * SECOND),
    ("y", 31_557_600 * SECOND),
    ("usec", 1000),
    ("us", 1000),
    ("\u{3bc}s", 1000),
    ("\u{b5}s", 1000),
    ("nsec", 1),
    ("ns", 1),
];

const SECOND: u64 = 1_000_000_000;

/// How finely a span is counted.
#[derive(Clone, Copy)]
enum Tick {
    Microsecond,
    Nanosecond,
}

impl Tick {
    fn nanoseconds(self) -> u64 {
        match self {
            Tick::Microsecond => 1000,
            Tick::Nanosecond => 1,
        }
    }
}

/// A span in seconds where no unit is given; `None` is `infinity` (systemd: `parse_sec`).
pub(crate) fn seconds(text: &str) -> Result<Option<Duration>, Fault> {
    Ok(span(text, SECOND, Tick::Microsecond)?.map(Duration::from_micros))
}

/// As [`seconds`], but 0 means `infinity` too (systemd: `parse_sec_fix_0`).
pub(crate) fn seconds_or_never(text: &str) -> Result<Option<Duration>, Fault> {
    Ok(seconds(text)?.filter(|span| !span.is_zero()))
}

/// A span in microseconds where no unit is given; `None` is `infinity`.
pub(crate) fn microseconds(text: &str) -> Result<Option<u64>, Fault> {
    span(text, 1000, Tick::Microsecond)
}

/// A span in nanoseconds where no unit is given; `None` is `infinity` (systemd: `parse_nsec`).
pub(crate) fn nanoseconds(text: &str) -> Result<Option<u64>, Fault> {
    span(text, 1, Tick::Nanosecond)
}

/// The sum of numbers with units, in ticks (systemd: `parse_time`). `default` is in nanoseconds.
fn span(text: &str, default: u64, tick: Tick) -> Result<Option<u64>, Fault> {
    let mut rest = text.trim_matches(WHITESPACE);
    if rest == "infinity" {
        return Ok(None);
    }
    if rest.is_empty() {
        return Err(Fault::Syntax);
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        if rest.starts_with('-') {
            return Err(Fault::OutOfRange);
        }
        let (digits, after) = split_digits(rest.strip_prefix('+').unwrap_or(rest));
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => {
                let (fraction, after) = split_digits(after);
                if fraction.is_empty() {
                    return Err(Fault::Syntax);
                }
                (fraction, after)
            }
            None if digits.is_empty() => return Err(Fault::Syntax),
            None => ("", after),
        };
        let unit_text = after.trim_start_matches(WHITESPACE);
        let unit = UNITS.iter().find(|(name, ns)| *ns >= tick.nanoseconds() && unit_text.starts_with(name));
        let (length, after_unit) = match unit {
            Some((name, length)) => (*length, &unit_text[name.len()..]),
            // `12.34.56` and `1x` are wrong, `12 34` is the sum of two numbers.
            None if unit_text.len() == after.len() && !after.is_empty() => return Err(Fault::Syntax),
            None => (default, unit_text),
        };
        let length = length / tick.nanoseconds();
        let whole: u64 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| Fault::OutOfRange)? };
        let mut sum = whole.checked_mul(length).ok_or(Fault::OutOfRange)?;
        let mut place = length / 10;
        for digit in fraction.bytes() {
            sum = sum.checked_add(u64::from(digit - b'0') * place).ok_or(Fault::OutOfRange)?;
            place /= 10;
        }
        total = total.checked_add(sum).filter(|&t| t < u64::MAX).ok_or(Fault::OutOfRange)?;
        rest = after_unit.trim_start_matches(WHITESPACE);
    }
    Ok(Some(total))
}

/// The way systemd itself writes a span: `1min 30s`, largest unit first.
pub(crate) fn write(span: Option<Duration>) -> String {
    let Some(span) = span else { return "infinity".into() };
    let mut rest = span.as_micros();
    if rest == 0 {
        return "0".into();
    }
    let mut parts = Vec::new();
    for (unit, length) in [
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("min", 60_000_000),
        ("s", 1_000_000),
        ("ms", 1000),
        ("us", 1),
    ] {
        if rest >= length {
            parts.push(format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_add_up() {
        for (text, micros) in [
            ("90", Ok(Some(90_000_000))),
            ("1min 30s", Ok(Some(90_000_000))),
            ("1min30s", Ok(Some(90_000_000))),
            ("1.5s", Ok(Some(1_500_000))),
            (".5s", Ok(Some(500_000))),
            ("12.34 .56", Ok(Some(12_900_000))),
            ("500ms", Ok(Some(500_000))),
            ("2 h", Ok(Some(7_200_000_000))),
            ("0", Ok(Some(0))),
            ("infinity", Ok(None)),
            (" infinity ", Ok(None)),
            ("", Err(Fault::Syntax)),
            ("12.34.56", Err(Fault::Syntax)),
            ("3.sec", Err(Fault::Syntax)),
            ("-1", Err(Fault::OutOfRange)),
            ("5x", Err(Fault::Syntax)),
            ("1ns", Err(Fault::Syntax)),
            ("18446744073709551615", Err(Fault::OutOfRange)),
        ] {
            assert_eq!(seconds(text), micros.map(|m| m.map(Duration::from_micros)), "{text:?}");
        }
        assert_eq!(seconds_or_never("0"), Ok(None));
        assert_eq!(microseconds("5"), Ok(Some(5)));
        assert_eq!(nanoseconds("5us 3"), Ok(Some(5003)));
    }

    #[test]
    fn a_written_span_reads_back() {
        for micros in [0, 1, 999, 1500, 90_000_000, 86_400_000_001] {
            let span = Some(Duration::from_micros(micros));
            assert_eq!(seconds(&write(span)), Ok(span));
        }
        assert_eq!(seconds(&write(None)), Ok(None));
    }
}
