//! From badnesses to numbers.

use crate::{Check, Policy, Rating, checks};
use ringfence_unit::UnitName;
use std::fmt;

/// The score of one unit.
#[derive(Debug)]
pub struct Score {
    /// The unit.
    pub unit: UnitName,
    /// Every check, in systemd's order.
    pub assessments: Vec<Assessment>,
    /// The overall exposure.
    pub overall: Tenths,
}

impl Score {
    /// What the overall exposure is called.
    pub fn rating(&self) -> Rating {
        Rating::of(self.overall.0)
    }
}

/// The result of one check.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The check.
    pub check: &'static Check,
    /// From 0 to the check's range; `None` where the check is not applicable.
    pub badness: Option<u64>,
    /// The weight that counted, a policy's where it has one.
    pub weight: u64,
    /// The range that counted, a policy's where it has one.
    pub range: u64,
    /// What the check adds to the overall exposure, rounded up as systemd does; `None` where that is nothing.
    pub exposure: Option<Tenths>,
    /// Why this is not what the real tool answers, where it is not.
    pub differs: Option<&'static str>,
}

impl Assessment {
    /// systemd's `set`: whether the protection is on; `None` where the check is not applicable.
    pub fn set(&self) -> Option<bool> {
        self.badness.map(|badness| badness == 0)
    }
}

/// A number with one decimal: exposure in tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenths(pub u64);

impl Tenths {
    /// Adds the number to a text, with blanks before it up to `width` characters. The pages of a system's units have
    /// thousands of these, and `write!` takes longer for one than its check took to score.
    pub fn push_to(self, out: &mut String, width: usize) {
        let mut room = Self::ROOM;
        let digits = match self.0 {
            // Most are: one check weighs little.
            0..10 => Self::BELOW_ONE[self.0 as usize],
            _ => self.digits(&mut room),
        };
        for _ in digits.len()..width {
            out.push(' ');
        }
        out.push_str(digits);
    }

    const BELOW_ONE: [&str; 10] = ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"];
    /// Enough for any number.
    const ROOM: [u8; 22] = [b'.'; 22];

    fn digits(self, text: &mut [u8; 22]) -> &str {
        let (mut at, mut left) = (text.len() - 1, self.0 / 10);
        text[at] = b'0' + (self.0 % 10) as u8;
        at -= 1;
        loop {
            at -= 1;
            text[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        std::str::from_utf8(&text[at..]).unwrap_or_default()
    }
}

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.digits(&mut Self::ROOM.clone()))
    }
}

/// Why a policy cannot be applied; the real tool aborts there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScoreError {
    /// A policy sets a check's range to 0.
    ZeroRange(&'static str),
    /// A policy sets a check's range below the badness found.
    BadnessBeyondRange {
        /// The check.
        id: &'static str,
        /// The badness found.
        badness: u64,
        /// The policy's range.
        range: u64,
    },
    /// No check is applicable.
    NothingToScore,
}

impl fmt::Display for ScoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScoreError::ZeroRange(id) => {
                write!(f, "the policy sets the range of {id} to 0; a range must be 1 or more")
            }
            ScoreError::BadnessBeyondRange { id, badness, range } => {
                write!(f, "the policy sets the range of {id} to {range}, but its badness here is {badness}")
            }
            ScoreError::NothingToScore => f.write_str("the policy leaves no check that applies to this unit"),
        }
    }
}

impl std::error::Error for ScoreError {}

/// What one check found, before weights.
pub(crate) struct Finding {
    pub check: &'static Check,
    pub badness: Option<u64>,
    pub differs: Option<&'static str>,
}

/// Weighs findings (`analyze-security.c: assess`). All numbers are unsigned with 64 bits and wrap around there, so they do
/// here.
pub(crate) fn weigh(
    unit: UnitName,
    findings: impl Iterator<Item = Finding>,
    policy: &Policy,
) -> Result<Score, ScoreError> {
    let mut assessments = Vec::with_capacity(checks::count());
    let (mut badness_sum, mut weight_sum) = (0u64, 0u64);
    for finding in findings {
        let id = finding.check.id;
        let weight = policy.weight(id).unwrap_or(finding.check.weight);
        let range = policy.range(id).unwrap_or(finding.check.range);
        if range == 0 {
            return Err(ScoreError::ZeroRange(id));
        }
        let badness = finding.badness.filter(|_| weight != 0);
        if let Some(badness) = badness {
            if badness > range {
                return Err(ScoreError::BadnessBeyondRange { id, badness, range });
            }
            badness_sum = badness_sum.wrapping_add(badness.wrapping_mul(weight).div_ceil(range));
            weight_sum = weight_sum.wrapping_add(weight);
        }
        assessments.push(Assessment {
            check: finding.check,
            badness,
            weight,
            range,
            exposure: None,
            differs: finding.differs,
        });
    }
    if weight_sum == 0 {
        return Err(ScoreError::NothingToScore);
    }
    for one in &mut assessments {
        one.exposure = one.badness.filter(|b| *b > 0).map(|badness| {
            let scaled = badness.wrapping_mul(one.weight).wrapping_mul(100).div_ceil(one.range);
            Tenths(scaled.div_ceil(weight_sum))
        });
    }
    let overall = Tenths(badness_sum.wrapping_mul(100).div_ceil(weight_sum));
    Ok(Score { unit, assessments, overall })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_have_one_decimal() {
        for (tenths, text) in
            [(0, "0.0"), (7, "0.7"), (10, "1.0"), (96, "9.6"), (100, "10.0"), (12345, "1234.5")]
        {
            assert_eq!(Tenths(tenths).to_string(), text);
        }
        assert_eq!(Tenths(u64::MAX).to_string(), "1844674407370955161.5");
        assert_eq!(format!("[{:>5}|{:<5}]", Tenths(3), Tenths(100)), "[  0.3|10.0 ]");
        for tenths in [Tenths(3), Tenths(100), Tenths(12345), Tenths(u64::MAX)] {
            let mut text = String::from("=");
            tenths.push_to(&mut text, 5);
            assert_eq!(text, format!("={tenths:>5}"));
        }
    }
}
