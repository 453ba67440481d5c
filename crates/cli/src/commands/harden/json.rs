//! The result of `harden` as JSON (documented in `docs/json.md`).

use crate::commands::score::{Number, number};
use ringfence_exposure::Score;
use ringfence_harden::Found;
use ringfence_propose::{Evidence, Strength};
use ringfence_unit::UnitName;
use serde::Serialize;

#[derive(Serialize)]
pub struct Document {
    version: u32,
    unit: String,
    proven: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
    before: Number,
    after: Number,
    drop_in: String,
    lines: Vec<Reasoned>,
    grants: Vec<Grant>,
    left_open: Vec<LeftOpen>,
    trials: Vec<Trial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<Applied>,
}

#[derive(Serialize)]
struct Applied {
    installed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
    /// After a failure: whether everything is as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<bool>,
}

/// Any line of the drop-in.
#[derive(Serialize)]
struct Reasoned {
    line: String,
    restricts: bool,
    why: String,
    evidence: Vec<String>,
}

#[derive(Serialize)]
struct Grant {
    line: String,
    why: String,
    evidence: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
}

#[derive(Serialize)]
struct LeftOpen {
    directive: &'static str,
    why: String,
    evidence: Vec<String>,
}

#[derive(Serialize)]
struct Trial {
    passed: bool,
    relaxed: Vec<String>,
}

impl Document {
    /// With what came of installing it.
    pub fn with_applied(self, applied: Option<&super::Applied>) -> Document {
        let applied = applied.map(|applied| match applied {
            super::Applied::Installed => Applied { installed: true, why_not: None, restored: None },
            super::Applied::Nothing => Applied {
                installed: false,
                why_not: Some("there is no line to install".to_owned()),
                restored: None,
            },
            super::Applied::Not(not) => Applied {
                installed: false,
                why_not: Some(not.why.clone()),
                restored: Some(not.restored.is_ok()),
            },
        });
        Document { applied, ..self }
    }
}

pub fn document(unit: &UnitName, found: &Found, before: &Score, after: &Score, drop_in: &str) -> Document {
    let proposal = &found.proposal;
    Document {
        version: 1,
        unit: unit.to_string(),
        proven: found.proven,
        why_not: found.why_not.clone(),
        before: number(before.overall),
        after: number(after.overall),
        drop_in: drop_in.to_owned(),
        lines: proposal
            .lines
            .iter()
            .map(|line| Reasoned {
                line: line.to_string(),
                restricts: line.strength == Strength::Restricts,
                why: line.why.clone(),
                evidence: words(&line.evidence),
            })
            .collect(),
        grants: proposal
            .lines
            .iter()
            .filter(|line| line.strength == Strength::Grants)
            .map(|line| Grant {
                line: line.to_string(),
                why: line.why.clone(),
                evidence: words(&line.evidence),
                caution: line.caution.clone(),
            })
            .collect(),
        left_open: proposal
            .left_open
            .iter()
            .map(|open| LeftOpen {
                directive: open.directive,
                why: open.why.clone(),
                evidence: words(&open.evidence),
            })
            .collect(),
        trials: found
            .attempts
            .iter()
            .map(|attempt| Trial { passed: attempt.passed, relaxed: attempt.relaxed.clone() })
            .collect(),
        applied: None,
    }
}

fn words(evidence: &[Evidence]) -> Vec<String> {
    evidence.iter().map(ToString::to_string).collect()
}
