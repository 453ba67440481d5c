//! What an overall number is called.

use std::fmt;

/// systemd's words for an overall exposure (`analyze-security.c: badness_table`), the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rating {
    /// 0.0
    Perfect,
    /// 0.1 to 0.9
    Safe,
    /// 1.0 to 4.9
    Ok,
    /// 5.0 to 7.4
    Medium,
    /// 7.5 to 8.9
    Exposed,
    /// 9.0 to 9.9
    Unsafe,
    /// 10.0
    Dangerous,
}

impl Rating {
    /// The rating of an overall exposure in tenths.
    pub fn of(tenths: u64) -> Rating {
        match tenths {
            0 => Rating::Perfect,
            1..=9 => Rating::Safe,
            10..=49 => Rating::Ok,
            50..=74 => Rating::Medium,
            75..=89 => Rating::Exposed,
            90..=99 => Rating::Unsafe,
            _ => Rating::Dangerous,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Rating::Perfect => "PERFECT",
            Rating::Safe => "SAFE",
            Rating::Ok => "OK",
            Rating::Medium => "MEDIUM",
            Rating::Exposed => "EXPOSED",
            Rating::Unsafe => "UNSAFE",
            Rating::Dangerous => "DANGEROUS",
        }
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
