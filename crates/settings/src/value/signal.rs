//! Signals by name or number.

use super::{Fault, number};

/// The names at the index of their number (signal(7)); the numbers are those of all architectures but MIPS, SPARC and
/// Alpha, which ringfence does not run on.
const NAMES: [&str; 32] = [
    "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// What the C library leaves of the real-time signals for programs.
const REALTIME: std::ops::RangeInclusive<i32> = 34..=64;

/// A name with or without `SIG`, `RTMIN+n`, `RTMAX-n`, or a number (systemd: `signal_from_string`).
pub(crate) fn parse(text: &str) -> Result<i32, Fault> {
    match number::integer(text) {
        Ok(number @ 1..=64) => return Ok(number),
        Ok(_) => return Err(Fault::OutOfRange),
        Err(_) => {}
    }
    let name = text.strip_prefix("SIG").unwrap_or(text);
    if let Some(at) = NAMES.iter().position(|n| *n == name && !name.is_empty()) {
        return Ok(at as i32);
    }
    let offset = if let Some(offset) = name.strip_prefix("RTMIN") {
        (*REALTIME.start(), offset, '+')
    } else if let Some(offset) = name.strip_prefix("RTMAX") {
        (*REALTIME.end(), offset, '-')
    } else {
        return Err(Fault::Syntax);
    };
    let (base, text, sign) = offset;
    if text.is_empty() {
        return Ok(base);
    }
    if !text.starts_with(sign) {
        return Err(Fault::Syntax);
    }
    let number = number::integer(text)?.checked_add(base).ok_or(Fault::OutOfRange)?;
    if REALTIME.contains(&number) { Ok(number) } else { Err(Fault::OutOfRange) }
}

/// The name with `SIG`.
pub(crate) fn name(number: i32) -> String {
    match usize::try_from(number).ok().and_then(|n| NAMES.get(n)).filter(|n| !n.is_empty()) {
        Some(name) => format!("SIG{name}"),
        None if REALTIME.contains(&number) => format!("SIGRTMIN+{}", number - REALTIME.start()),
        None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, signal) in [
            ("SIGTERM", Ok(15)),
            ("TERM", Ok(15)),
            ("15", Ok(15)),
            ("64", Ok(64)),
            ("RTMIN", Ok(34)),
            ("SIGRTMIN+3", Ok(37)),
            ("RTMAX-1", Ok(63)),
            ("RTMIN+31", Err(Fault::OutOfRange)),
            ("0", Err(Fault::OutOfRange)),
            ("65", Err(Fault::OutOfRange)),
            ("sigterm", Err(Fault::Syntax)),
            ("", Err(Fault::Syntax)),
            ("SIG", Err(Fault::Syntax)),
        ] {
            assert_eq!(parse(text), signal, "{text:?}");
        }
    }

    #[test]
    fn a_name_reads_back() {
        for signal in (1..=31).chain(REALTIME) {
            assert_eq!(parse(&name(signal)), Ok(signal));
        }
    }
}
