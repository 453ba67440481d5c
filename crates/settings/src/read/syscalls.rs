//! Directives whose lines `ringfence-seccomp` merges.

use super::{Line, Refusal};
use crate::Merged;
use crate::catalogue::Shown;
use ringfence_terms::{Complaint, Origin};

/// Hands the line on, and keeps it; an empty line starts over.
pub(crate) fn merged<T>(
    line: &mut Line<'_>,
    field: &mut Merged<T>,
    apply: fn(&mut T, &Origin) -> Vec<Complaint>,
) -> Result<(), Refusal> {
    line.complaints.extend(apply(&mut field.value, line.origin));
    if line.value.is_empty() {
        field.lines.clear();
    } else {
        field.lines.push(line.origin.clone());
    }
    Ok(())
}

/// The lines as they stand in the unit.
pub(crate) fn show_merged<T>(field: &Merged<T>) -> Vec<Shown> {
    let lines = field.lines.iter();
    lines.map(|origin| Shown { value: origin.value.to_string(), origin: Some(origin.clone()) }).collect()
}
