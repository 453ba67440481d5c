//! Directives that are known and checked, but have no type of their own.

use super::{Line, Notation, Refusal, scalar::one};
use crate::Settings;
use crate::catalogue::{Directive, Merge, Shown};
use ringfence_terms::Origin;

/// Checks the value and keeps the line in [`Settings::other`], merged as the catalogue has it.
pub(crate) fn keep<N: Notation>(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    kept::<N>(line, settings).map(drop)
}

/// As [`keep`]; whether the line was good.
pub(crate) fn kept<N: Notation>(line: &mut Line<'_>, settings: &mut Settings) -> Result<bool, Refusal> {
    let directive = line.directive;
    let lines = &mut settings.other;
    if line.value.is_empty() && directive.merge == Merge::Adds {
        return Ok(true);
    }
    let resets = line.value.is_empty() && directive.merge != Merge::Last;
    if !resets && one::<N>(line, line.value)?.is_none() {
        return Ok(false);
    }
    if resets || matches!(directive.merge, Merge::Last | Merge::LastOrUnset) {
        lines.retain(|origin| !is_of(origin, directive));
    }
    if !resets {
        lines.push(line.origin.clone());
    }
    Ok(true)
}

/// A directive that systemd has dropped, and passes over (systemd: `config_parse_warn_compat`).
pub(crate) fn removed(line: &mut Line<'_>, _: &mut Settings) -> Result<(), Refusal> {
    let message = format!("systemd no longer knows what {} once did, and passes over the line", line.name());
    line.note(&line.origin.directive, message, Some("remove the line".into()));
    Ok(())
}

/// Whether a line is one of a directive.
fn is_of(origin: &Origin, directive: &Directive) -> bool {
    directive.names().any(|name| *name == *origin.directive)
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
