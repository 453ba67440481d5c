//! Directives that are known and checked, but have no type of their own.

use super::{Line, Notation, Refusal, scalar::one};
use crate::Settings;
use crate::catalogue::{Directive, Merge, Shown};
use ringfence_terms::Origin;

/// Checks the value and keeps the line in [`Settings::other`], merged as the catalogue has it.
pub(crate) fn keep<N: Notation>(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let directive = line.directive;
    let lines = &mut settings.other;
    let resets = line.value.is_empty() && directive.merge != Merge::Last;
    if !resets && one::<N>(line, line.value)?.is_none() {
        return Ok(());
    }
    if resets || matches!(directive.merge, Merge::Last | Merge::LastOrUnset) {
        lines.retain(|origin| !is_of(origin, directive));
    }
    if !resets {
        lines.push(line.origin.clone());
    }
    Ok(())
}

/// Whether a line is one of a directive.
fn is_of(origin: &Origin, directive: &Directive) -> bool {
    *origin.directive == *directive.name || directive.spellings.contains(&&*origin.directive)
}

/// The kept lines of a directive.
pub(crate) fn show_kept(settings: &Settings, directive: &Directive) -> Vec<Shown> {
    let lines = settings.other.iter().filter(|origin| is_of(origin, directive));
    lines.map(|origin| Shown { value: origin.value.to_string(), origin: Some(origin.clone()) }).collect()
}

/// For directives that have no value of their own to show.
pub(crate) fn show_nothing(_: &Settings) -> Vec<Shown> {
    Vec::new()
}
