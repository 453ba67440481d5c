//! The search: two trials, a comparison, and trials of the fixes.

use crate::compare::differences;
use crate::outside::outside;
use ringfence_diagnose::{Case, Clue, Finding, Judge, diagnose, read_log};
use ringfence_record::Event;
use ringfence_sandbox::plan::{Mode, Plan};
use ringfence_settings::Settings;
use ringfence_trial::{Report, TrialError};
use std::path::Path;

/// The most fixes that are tried.
const MOST_FIXES: usize = 8;

/// What one trial showed.
pub struct Seen {
    /// How it ended.
    pub report: Report,
    /// What the service's processes did, in the order in which it happened last.
    pub events: Vec<Event>,
    /// What they printed.
    pub output: Vec<u8>,
}

/// Runs one trial with these settings.
pub type Run<'r> = dyn FnMut(&Settings) -> Result<Seen, TrialError> + 'r;

/// What came of it.
#[derive(Debug)]
pub struct Reproduction {
    /// What the sandbox refuses: when proven, just what keeps the service from working.
    pub findings: Vec<Finding>,
    /// With the first fix of every finding the service worked in a trial.
    pub proven: bool,
    /// What failed in the sandbox; `None` when the service worked.
    pub inside: Option<String>,
    /// What failed outside of it; `None` when the service worked, or was not tried.
    pub outside: Option<String>,
    /// How many trials were run.
    pub trials: usize,
    /// What went less well than it should with recording.
    pub problems: Vec<String>,
}

/// Runs the unit of `case` in its sandbox and outside of it, and finds what makes the difference.
///
/// # Errors
/// When a trial cannot be run at all.
pub fn reproduce(case: &Case<'_>, run: &mut Run<'_>) -> Result<Reproduction, TrialError> {
    let inside = run(case.settings)?;
    let free = run(&outside(case.settings))?;
    let mut found = Reproduction {
        findings: Vec::new(),
        proven: false,
        inside: inside.report.what_failed(),
        outside: free.report.what_failed(),
        trials: 2,
        problems: [inside.report.recording.clone(), free.report.recording.clone()].concat(),
    };
    let candidates = candidates(case, &inside, &free);
    if found.inside.is_none() {
        // Nothing failed that could be tried again; what was refused is told, and that it did no harm here.
        found.findings = candidates;
        return Ok(found);
    }
    prove(case, candidates, run, &mut found)?;
    Ok(found)
}

/// What explains the failure, the likeliest first: what the plan foresees, what was refused last, what the service said.
fn candidates(case: &Case<'_>, inside: &Seen, free: &Seen) -> Vec<Finding> {
    let judge = Judge::new(Some(case));
    let plan = Plan::of(case.settings, case.facts, &case.run, Mode::Faithful);
    let foreseen = plan.failure.filter(|_| !inside.report.told.ready).and_then(|failure| {
        let clue = match (failure.status, failure.path) {
            (226, Some(path)) => Clue::Namespace { path, errno: failure.errno },
            (status, _) => Clue::Status { status },
        };
        judge.finding(&clue, &format!("ringfence's plan of {}: {}", case.unit.id, failure.why))
    });
    let mut all: Vec<Finding> = foreseen.into_iter().collect();
    for difference in differences(case.settings, &inside.events, &free.events) {
        let Some(finding) = judge.finding(&difference.clue, &difference.evidence) else { continue };
        if !all.iter().any(|known| {
            known.cause == finding.cause && known.path == finding.path && known.detail == finding.detail
        }) {
            all.push(finding);
        }
    }
    for finding in diagnose(&read_log(&inside.output), Some(case)) {
        if !all.iter().any(|known| known.cause == finding.cause && known.path == finding.path) {
            all.push(finding);
        }
    }
    all
}

/// Tries the first fix of each candidate alone, then of ever more of them together.
fn prove(
    case: &Case<'_>,
    candidates: Vec<Finding>,
    run: &mut Run<'_>,
    found: &mut Reproduction,
) -> Result<(), TrialError> {
    let fixable: Vec<&Finding> = candidates.iter().filter(|f| !f.fixes.is_empty()).take(MOST_FIXES).collect();
    // Outside the service does not work either: no line of its sandbox can make it.
    if found.outside.is_none() {
        for finding in &fixable {
            found.trials += 1;
            if works_with(case, &[finding], run)? {
                found.findings = vec![(*finding).clone()];
                found.proven = true;
                return Ok(());
            }
        }
        for count in 2..=fixable.len() {
            found.trials += 1;
            if works_with(case, &fixable[..count], run)? {
                found.findings = needed(case, &fixable[..count], run, found)?;
                found.proven = true;
                return Ok(());
            }
        }
    }
    found.findings = candidates;
    Ok(())
}

/// Those of the findings without whose fixes the service does not work.
fn needed(
    case: &Case<'_>,
    all: &[&Finding],
    run: &mut Run<'_>,
    found: &mut Reproduction,
) -> Result<Vec<Finding>, TrialError> {
    let mut kept = all.to_vec();
    let mut at = 0;
    // The last one is: without it the service did not work.
    while at + 1 < kept.len() {
        let mut fewer = kept.clone();
        fewer.remove(at);
        found.trials += 1;
        if works_with(case, &fewer, run)? {
            kept = fewer;
        } else {
            at += 1;
        }
    }
    Ok(kept.into_iter().cloned().collect())
}

/// Whether the service works with the first fix of each finding.
fn works_with(case: &Case<'_>, findings: &[&Finding], run: &mut Run<'_>) -> Result<bool, TrialError> {
    let lines = findings.iter().filter_map(|finding| finding.fixes.first()).flat_map(|fix| &fix.lines);
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let tried = case.unit.with_drop_in(Path::new("/zz-fix.conf"), format!("[Service]\n{text}"));
    let (settings, _) = Settings::from_unit(&tried);
    Ok(run(&settings)?.report.passed())
}
