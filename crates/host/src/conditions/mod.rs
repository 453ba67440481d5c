//! `Condition…=` and `Assert…=` of `[Unit]`, checked on this machine (systemd.unit(5), "Conditions and Asserts").

mod machine;
mod paths;

use ringfence_settings::Condition;

/// What checking one condition came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It cannot be told here, for this reason.
    Unknown(&'static str),
}

impl From<bool> for Answer {
    fn from(holds: bool) -> Answer {
        if holds { Answer::Holds } else { Answer::Fails }
    }
}

/// What all conditions of a unit come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked<'a> {
    /// The first condition, or of several alternatives (`|`) the last, that keeps the unit from starting.
    pub unmet: Option<&'a Condition>,
    /// Conditions that cannot be told here and are taken to hold, each with the reason.
    pub unknown: Vec<(&'a Condition, &'static str)>,
}

/// Checks conditions and asserts: all without `|` must hold, and of those with it at least one (systemd:
/// `src/shared/condition.c: condition_test_list`). The two kinds are judged apart; an unmet assert comes first.
pub fn check(all: &[Condition]) -> Checked<'_> {
    let mut checked = Checked::default();
    for asserts in [true, false] {
        let list = all.iter().filter(|condition| condition.is_assert == asserts);
        let unmet = unmet(list, &mut checked.unknown, answer);
        checked.unmet = checked.unmet.or(unmet);
    }
    checked
}

fn unmet<'a>(
    list: impl Iterator<Item = &'a Condition>,
    unknown: &mut Vec<(&'a Condition, &'static str)>,
    answer: impl Fn(&Condition) -> Answer,
) -> Option<&'a Condition> {
    let (mut refused, mut alternative, mut any_alternative) = (None, None, false);
    for condition in list {
        let holds = match answer(condition) {
            Answer::Holds => !condition.negate,
            Answer::Fails => condition.negate,
            Answer::Unknown(why) => {
                unknown.push((condition, why));
                true
            }
        };
        if condition.trigger {
            any_alternative |= holds;
            alternative = Some(condition);
        } else if !holds {
            refused = refused.or(Some(condition));
        }
    }
    refused.or(alternative.filter(|_| !any_alternative))
}

/// Checks one condition, its `!` not counted.
fn answer(condition: &Condition) -> Answer {
    let parameter = condition.parameter.as_str();
    paths::answer(condition.check, parameter)
        .or_else(|| machine::answer(condition.check, parameter))
        .unwrap_or(Answer::Unknown("ringfence does not know how to check this one"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_terms::Written;
    use std::path::Path;

    fn condition(parameter: &str, trigger: bool, negate: bool) -> Condition {
        Condition {
            check: "PathExists",
            is_assert: false,
            trigger,
            negate,
            parameter: parameter.to_owned(),
            origin: Written {
                directive: "ConditionPathExists".into(),
                value: parameter.into(),
                file: Path::new("/x.service").into(),
                line: 1,
                column: 1,
            }
            .into(),
        }
    }

    #[test]
    fn all_plain_ones_and_one_of_the_alternatives_must_hold() {
        let (there, gone) = ("/proc/self", "/nonexistent");
        let met = |list: &[Condition]| check(list).unmet.is_none();
        assert!(met(&[]));
        assert!(met(&[condition(there, false, false), condition(gone, false, true)]));
        assert!(!met(&[condition(there, false, false), condition(gone, false, false)]));
        assert!(met(&[condition(gone, true, false), condition(there, true, false)]));
        assert!(!met(&[condition(gone, true, false), condition(there, true, true)]));
        assert!(!met(&[condition(there, true, false), condition(gone, false, false)]));
    }

    #[test]
    fn what_cannot_be_told_is_said_and_taken_to_hold() {
        let odd = Condition { check: "PathIsEncrypted", ..condition("/", false, false) };
        let list = [odd];
        let checked = check(&list);
        assert_eq!((checked.unmet, checked.unknown.len()), (None, 1));
    }
}
