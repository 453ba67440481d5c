//! Policy files: weights and ranges that a team agreed on, in systemd's own format (systemd-analyze(1),
//! `--security-policy=`).

use std::collections::BTreeMap;
use std::fmt;

/// What a policy says of the checks that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    checks: BTreeMap<String, Adjustment>,
}

/// What a policy changes of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// How much the check counts; 0 takes it out.
    pub weight: Option<u64>,
    /// The badness that counts in full.
    pub range: Option<u64>,
    /// What to say instead of our own words where the check is closed.
    pub description_good: Option<String>,
    /// What to say where it is open.
    pub description_bad: Option<String>,
    /// What to say where it is not applicable.
    pub description_na: Option<String>,
}

/// A policy file that is no JSON.
#[derive(Debug)]
pub struct PolicyError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// Reads a policy. As in the real tool, only a document that is no JSON is an error: a value of the wrong type, an
    /// unknown key, even a document that is no object are ignored, and of a key that stands twice the first counts.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let document: json::Value = serde_json::from_str(text).map_err(|e| PolicyError {
            line: e.line(),
            column: e.column(),
            message: e.to_string(),
        })?;
        let mut checks = BTreeMap::new();
        for (id, value) in document.into_members() {
            let members: BTreeMap<String, json::Value> = value.into_members().into_iter().collect();
            let number = |key: &str| members.get(key).and_then(json::Value::whole);
            let text = |key: &str| members.get(key).and_then(json::Value::text);
            checks.insert(
                id,
                Adjustment {
                    weight: number("weight"),
                    range: number("range"),
                    description_good: text("description_good"),
                    description_bad: text("description_bad"),
                    description_na: text("description_na"),
                },
            );
        }
        Ok(Policy { checks })
    }

    /// What the policy says of one check.
    pub fn of(&self, id: &str) -> Option<&Adjustment> {
        self.checks.get(id)
    }

    pub(crate) fn weight(&self, id: &str) -> Option<u64> {
        self.of(id)?.weight
    }

    pub(crate) fn range(&self, id: &str) -> Option<u64> {
        self.of(id)?.range
    }
}

/// JSON in which the first of two equal keys counts; `serde_json`'s own maps keep the last.
mod json {
    use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
    use std::collections::BTreeSet;
    use std::fmt;

    pub enum Value {
        Members(Vec<(String, Value)>),
        Whole(u64),
        Text(String),
        /// Anything that a policy has no use for.
        Other,
    }

    impl Value {
        pub fn into_members(self) -> Vec<(String, Value)> {
            match self {
                Value::Members(members) => members,
                _ => Vec::new(),
            }
        }

        pub fn whole(&self) -> Option<u64> {
            match self {
                Value::Whole(number) => Some(*number),
                _ => None,
            }
        }

        pub fn text(&self) -> Option<String> {
            match self {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            }
        }
    }

    impl<'de> Deserialize<'de> for Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
            deserializer.deserialize_any(Reader)
        }
    }

    struct Reader;

    impl<'de> Visitor<'de> for Reader {
        type Value = Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("JSON")
        }
        fn visit_unit<E>(self) -> Result<Value, E> {
            Ok(Value::Other)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
            Ok(Value::Other)
        }
        fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
            Ok(Value::Whole(number))
        }
        fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
            Ok(u64::try_from(number).map_or(Value::Other, Value::Whole))
        }
        /// `5e5` and `500000.0` count as whole numbers.
        fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
            let whole = number.fract() == 0.0 && (0.0..u64::MAX as f64).contains(&number);
            Ok(if whole { Value::Whole(number as u64) } else { Value::Other })
        }
        fn visit_str<E>(self, text: &str) -> Result<Value, E> {
            Ok(Value::Text(text.to_owned()))
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
            while items.next_element::<Value>()?.is_some() {}
            Ok(Value::Other)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
            let (mut seen, mut members) = (BTreeSet::new(), Vec::new());
            while let Some((key, value)) = map.next_entry::<String, Value>()? {
                if seen.insert(key.clone()) {
                    members.push((key, value));
                }
            }
            Ok(Value::Members(members))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_equal_keys_counts() {
        let policy = Policy::parse(r#"{"A":{"weight":1,"weight":2},"A":{"weight":3}}"#).unwrap();
        assert_eq!(policy.weight("A"), Some(1));
    }

    #[test]
    fn whole_numbers_in_any_spelling_and_nothing_else() {
        let policy = Policy::parse(
            r#"{"a":{"weight":5e2},"b":{"weight":7.0},"c":{"weight":-1},"d":{"weight":"3"},"e":{"weight":1.5},"f":9}"#,
        )
        .unwrap();
        let weights: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(|id| policy.weight(id)).into();
        assert_eq!(weights, [Some(500), Some(7), None, None, None, None]);
        assert_eq!(Policy::parse("[1,2]").unwrap(), Policy::default());
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let error = Policy::parse("{\n \"a\": 1,\n}").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(Policy::parse("").is_err());
    }
}
