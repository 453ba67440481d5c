//! What changed between two scores of a unit.

use crate::{Assessment, Score};

/// One check whose result is not what it was.
#[derive(Debug)]
pub struct Change<'a> {
    /// The check before.
    pub before: &'a Assessment,
    /// The check after.
    pub after: &'a Assessment,
}

impl Change<'_> {
    /// Whether the service is less exposed now.
    pub fn is_better(&self) -> bool {
        self.after.exposure < self.before.exposure
    }
}

/// The checks that changed, worst changes first.
pub fn compare<'a>(before: &'a Score, after: &'a Score) -> Vec<Change<'a>> {
    let mut changes: Vec<Change<'a>> = before
        .assessments
        .iter()
        .zip(&after.assessments)
        .filter(|(before, after)| before.badness != after.badness)
        .map(|(before, after)| Change { before, after })
        .collect();
    changes.sort_by_key(|change| {
        let exposure = |a: &Assessment| a.exposure.map_or(0, |e| i128::from(e.0));
        exposure(change.before) - exposure(change.after)
    });
    changes
}
