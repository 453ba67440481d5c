//! What a unit brings along.

use crate::catalogue::{self, Section};
use ringfence_unit::Unit;

/// Directives that have other units run when this one does.
static PULLS: [&str; 5] = ["Wants", "Requires", "Requisite", "BindsTo", "Upholds"];

/// The names of the units that a unit pulls in, in the order in which it does.
pub fn pulled_in(unit: &Unit) -> impl Iterator<Item = String> {
    let pulls = |name: &str| catalogue::find(Section::Unit, name).is_some_and(|d| PULLS.contains(&d.name));
    unit.section("Unit")
        .filter(move |line| pulls(&line.origin.directive))
        .flat_map(|line| line.origin.value.split_whitespace())
        .filter_map(|word| unit.specifiers.expand(word).ok())
}
