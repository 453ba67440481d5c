//! Scores as JSON (documented in `docs/json.md`).

use ringfence_exposure::{Assessment, Score};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
pub struct Units<'a> {
    version: u32,
    units: Vec<Unit<'a>>,
}

#[derive(Serialize)]
struct Unit<'a> {
    unit: &'a str,
    overall: Box<RawValue>,
    rating: &'static str,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    id: &'static str,
    set: Option<bool>,
    exposure: Option<Box<RawValue>>,
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
pub fn number(tenths: ringfence_exposure::Tenths) -> Box<RawValue> {
    RawValue::from_string(tenths.to_string()).unwrap_or_default()
}
