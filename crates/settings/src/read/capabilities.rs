//! `CapabilityBoundingSet=` and `AmbientCapabilities=`.

use super::{Line, Refusal, line::UNQUOTED};
use crate::catalogue::Shown;
use crate::{Capability, CapabilitySet};
use ringfence_terms::Sourced;
use ringfence_unit::words::Quoting;

/// The words after an optional `~`, merged into what earlier lines made (systemd: `config_parse_capability_set`).
///
/// `initial` is the default of the directive: a set that is equal to it counts as not set yet, even where lines made it
/// so, and the line then replaces it.
pub(crate) fn capabilities(
    line: &mut Line<'_>,
    field: &mut Sourced<CapabilitySet>,
    initial: CapabilitySet,
) -> Result<(), Refusal> {
    let (inverted, text) = match line.value.strip_prefix('~') {
        Some(text) => (true, text),
        None => (false, line.value),
    };
    let mut listed = CapabilitySet::EMPTY;
    for word in line.words_of(text, Quoting { relax: true, ..UNQUOTED }) {
        match Capability::parse(&word) {
            Some(capability) => listed = listed.with(capability),
            None => {
                let help = crate::suggest::nearest(&word, Capability::names())
                    .map(|name| format!("did you mean `{name}`?"));
                line.warn(&word, format!("{} ignores `{word}`, which is no capability", line.name()), help);
            }
        }
    }
    let old = field.value;
    let fresh = listed == CapabilitySet::EMPTY || old == initial;
    let new = match (fresh, inverted) {
        (true, false) => listed,
        (true, true) => CapabilitySet(!listed.0),
        (false, false) => CapabilitySet(old.0 | listed.0),
        (false, true) => CapabilitySet(old.0 & !listed.0),
    };
    *field = line.sourced(new);
    Ok(())
}

/// Whichever of the plain and the inverted list is shorter.
pub(crate) fn show_capabilities(field: &Sourced<CapabilitySet>) -> Vec<Shown> {
    let names = |set: CapabilitySet| set.iter().map(Capability::name).collect::<Vec<_>>();
    let (listed, missing) = (names(field.value), names(CapabilitySet(!field.value.0)));
    let beyond_names = field.value.contains(Capability::HIGHEST);
    let value = if beyond_names { format!("~{}", missing.join(" ")) } else { listed.join(" ") };
    vec![Shown { value, origin: field.origin.clone() }]
}
