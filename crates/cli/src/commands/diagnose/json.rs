//! The JSON (documented in `docs/json.md`).

use ringfence_diagnose::Finding;
use ringfence_draw::JsonOrigin;
use ringfence_reproduce::Reproduction;
use serde::Serialize;

#[derive(Serialize)]
pub struct Document {
    version: u32,
    pub unit: String,
    pub findings: Vec<JsonFinding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reproduction: Option<JsonReproduction>,
}

#[derive(Serialize)]
pub struct JsonFinding {
    pub cause: &'static str,
    pub path: Option<String>,
    pub detail: Option<String>,
    pub origin: Option<JsonOrigin>,
    pub explanation: String,
    pub evidence: String,
    pub fixes: Vec<JsonFix>,
}

#[derive(Serialize)]
pub struct JsonFix {
    pub lines: Vec<String>,
    pub why: String,
}

/// What `--reproduce` did.
#[derive(Serialize)]
pub struct JsonReproduction {
    /// What failed in the sandbox; null when the service worked.
    pub inside: Option<String>,
    /// What failed outside of it.
    pub outside: Option<String>,
    /// With the first fix of each finding the service worked in a trial.
    pub proven: bool,
    pub trials: usize,
}

impl Document {
    pub fn of(unit: &str, findings: &[Finding], reproduction: Option<&Reproduction>) -> Document {
        Document {
            version: 1,
            unit: unit.to_owned(),
            findings: findings.iter().map(JsonFinding::from).collect(),
            reproduction: reproduction.map(|made| JsonReproduction {
                inside: made.inside.clone(),
                outside: made.outside.clone(),
                proven: made.proven,
                trials: made.trials,
            }),
        }
    }
}

impl From<&Finding> for JsonFinding {
    fn from(finding: &Finding) -> JsonFinding {
        JsonFinding {
            cause: finding.cause.word(),
            path: finding.path.as_ref().map(ToString::to_string),
            detail: finding.detail.clone(),
            origin: finding.origin.as_ref().map(JsonOrigin::from),
            explanation: finding.explanation.clone(),
            evidence: finding.evidence.clone(),
            fixes: finding
                .fixes
                .iter()
                .map(|fix| JsonFix { lines: fix.lines.clone(), why: fix.why.clone() })
                .collect(),
        }
    }
}
