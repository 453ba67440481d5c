//! Scores as JSON (documented in `docs/json.md`).

use ringfence_exposure::{Assessment, Score, Tenths};
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

#[derive(Serialize)]
pub struct Units<'a> {
    version: u32,
    units: Vec<Unit<'a>>,
}

#[derive(Serialize)]
struct Unit<'a> {
    unit: &'a str,
    overall: Number,
    rating: &'static str,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    id: &'static str,
    set: Option<bool>,
    exposure: Option<Number>,
    badness: Option<u64>,
    weight: u64,
    range: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    differs_from_systemd: Option<&'static str>,
}

pub fn units(scores: &[Score]) -> Units<'_> {
    Units { version: 1, units: scores.iter().map(unit).collect() }
}

fn unit(score: &Score) -> Unit<'_> {
    Unit {
        unit: score.unit.as_str(),
        overall: number(score.overall),
        rating: score.rating().word(),
        checks: score.assessments.iter().map(check).collect(),
    }
}

fn check(one: &Assessment) -> Check {
    Check {
        id: one.check.id,
        set: one.set(),
        exposure: one.exposure.map(number),
        badness: one.badness,
        weight: one.weight,
        range: one.range,
        differs_from_systemd: one.differs,
    }
}

/// A number with its one decimal, exactly: `4.0`, not `4` and not `4.0000001`.
pub struct Number(Tenths);

/// Up to here the double nearest to a number of tenths is written with that one decimal and no other.
const EXACT: u64 = 1_000_000_000_000_000;

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Tenths(tenths) = self.0;
        if tenths < EXACT {
            return serializer.serialize_f64(tenths as f64 / 10.0);
        }
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// A score or an exposure as a number.
pub fn number(tenths: Tenths) -> Number {
    Number(tenths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_decimal_whatever_its_size() {
        let large = [EXACT - 1, EXACT, u64::MAX - 1, u64::MAX];
        for tenths in (0..2000).chain((0..50).map(|power| 1 << power)).chain(large) {
            let expected = format!("{}.{}", tenths / 10, tenths % 10);
            assert_eq!(serde_json::to_string(&number(Tenths(tenths))).unwrap(), expected);
        }
    }
}
