//! How a denied system call is answered.

use ringfence_terms::Errno;
use std::fmt;

/// What happens to a call that a filter denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// The whole process is killed with SIGSYS.
    Kill,
    /// The call fails with this error number and has no effect. With 0 it seems to succeed.
    Errno(Errno),
}

impl Denial {
    /// The word after the colon of `NAME:WORD` in `SystemCallFilter=`: `kill`, an error's name, or a number from 0 to
    /// 4095 (systemd: `seccomp_parse_errno_or_action`).
    pub fn parse(word: &str) -> Option<Denial> {
        match word {
            "kill" => Some(Denial::Kill),
            _ => Errno::from_name(word).or_else(|| errno_number(word)).map(Denial::Errno),
        }
    }
}

impl fmt::Display for Denial {
    /// As it is written in a unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Denial::Kill => f.write_str("kill"),
            Denial::Errno(errno) => match errno.name() {
                Some(name) => f.write_str(name),
                None => write!(f, "{}", errno.0),
            },
        }
    }
}

/// A number as systemd reads them (`safe_atoi`): a sign may lead, and the prefixes 0x, 0b, 0o and 0 name another base.
fn errno_number(word: &str) -> Option<Errno> {
    let digits = word.strip_prefix('+').unwrap_or(word);
    let (digits, radix) = match digits.get(..2) {
        Some("0x" | "0X") => (&digits[2..], 16),
        Some("0b" | "0B") => (&digits[2..], 2),
        Some("0o" | "0O") => (&digits[2..], 8),
        _ if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits, 10),
    };
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    i32::from_str_radix(digits, radix).ok().filter(|number| (0..=4095).contains(number)).map(Errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_systemd_reads_them() {
        let errno = |number| Some(Denial::Errno(Errno(number)));
        for (word, denial) in [
            ("kill", Some(Denial::Kill)),
            ("EPERM", errno(1)),
            ("EWOULDBLOCK", errno(11)),
            ("0", errno(0)),
            ("255", errno(255)),
            ("0x10", errno(16)),
            ("010", errno(8)),
            ("+5", errno(5)),
            ("4095", errno(4095)),
            ("4096", None),
            ("-1", None),
            ("+-1", None),
            ("eperm", None),
            ("KILL", None),
            ("log", None),
            ("0x", None),
            ("", None),
        ] {
            assert_eq!(Denial::parse(word), denial, "{word}");
        }
    }

    #[test]
    fn a_denial_is_written_as_it_is_read() {
        for word in ["kill", "EPERM", "200"] {
            assert_eq!(Denial::parse(word).map(|denial| denial.to_string()).as_deref(), Some(word));
        }
    }
}
