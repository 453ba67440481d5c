//! Scores as JSON (documented in `docs/json.md`).

use crate::failure::Failure;
use ringfence_exposure::{Assessment, Score, Tenths};
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A document of scores, put together from texts of single units, so that these can be made by several threads and what
/// is ready be printed: a hundred units are more than a megabyte.
pub struct Document {
    text: String,
    is_empty: bool,
}

impl Document {
    pub fn new() -> Document {
        Document { text: "{\n  \"version\": 1,\n  \"units\": [".to_owned(), is_empty: true }
    }

    /// Adds what [`unit()`] made.
    pub fn add(&mut self, unit: &str) {
        self.text.push_str(if self.is_empty { "\n    " } else { ",\n    " });
        self.text.push_str(unit);
        self.is_empty = false;
    }

    /// What has come together; whoever prints it may take it away.
    pub fn text(&mut self) -> &mut String {
        &mut self.text
    }

    pub fn end(&mut self) -> &mut String {
        self.text.push_str(if self.is_empty { "]\n}\n" } else { "\n  ]\n}\n" });
        &mut self.text
    }
}

/// The text of one unit, as it stands in a [`Document`].
pub fn unit(score: &Score) -> Result<String, Failure> {
    crate::output::json_at(IN_UNITS, &Unit::of(score))
}

/// How deep in a document a unit stands.
const IN_UNITS: usize = 2;

#[derive(Serialize)]
struct Unit<'a> {
    unit: &'a str,
    overall: Number,
    rating: &'static str,
    #[serde(serialize_with = "each_check")]
    checks: &'a [Assessment],
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

impl<'a> Unit<'a> {
    fn of(score: &'a Score) -> Unit<'a> {
        Unit {
            unit: score.unit.as_str(),
            overall: number(score.overall),
            rating: score.rating().word(),
            checks: &score.assessments,
        }
    }
}

fn each_check<S: Serializer>(assessments: &[Assessment], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(assessments.iter().map(|one| Check {
        id: one.check.id,
        set: one.set(),
        exposure: one.exposure.map(number),
        badness: one.badness,
        weight: one.weight,
        range: one.range,
        differs_from_systemd: one.differs,
    }))
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
    use ringfence_exposure::{Mode, Policy, Subject, assess};
    use ringfence_seccomp::Machine;
    use ringfence_settings::Settings;
    use ringfence_unit::{Manager, UnitName};

    #[test]
    fn a_document_is_what_the_library_would_write_as_a_whole() {
        let score = |name: &str| {
            let settings = Settings::defaults(UnitName::parse(name).unwrap(), Manager::System);
            let subject = Subject { settings: &settings, mode: Mode::Offline, machine: Machine::X86_64 };
            assess(&subject, &Policy::default()).unwrap()
        };
        let scores = [score("a.service"), score("b.service"), score("c.service")];
        for count in 0..=scores.len() {
            let mut document = Document::new();
            scores[..count].iter().for_each(|score| document.add(&unit(score).unwrap()));
            let units: Vec<Unit<'_>> = scores[..count].iter().map(Unit::of).collect();
            let whole = serde_json::json!({ "version": 1, "units": units });
            let text = document.end();
            assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), whole);
            let indented = serde_json::to_string_pretty(&whole).unwrap();
            // The library's value sorts its keys, so that only the shape is compared.
            let shape = |text: &str| {
                let mut lines: Vec<String> =
                    text.lines().map(|l| l.trim_end_matches(',').to_owned()).collect();
                lines.sort();
                lines
            };
            assert_eq!(shape(text), shape(&indented));
        }
    }

    #[test]
    fn a_number_has_one_decimal_whatever_its_size() {
        let large = [EXACT - 1, EXACT, u64::MAX - 1, u64::MAX];
        for tenths in (0..2000).chain((0..50).map(|power| 1 << power)).chain(large) {
            let expected = format!("{}.{}", tenths / 10, tenths % 10);
            assert_eq!(serde_json::to_string(&number(Tenths(tenths))).unwrap(), expected);
        }
    }
}
