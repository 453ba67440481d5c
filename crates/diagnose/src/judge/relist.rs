//! Changing one line of a list: a list can only be started anew, so all of its lines are written again.

use crate::case::Asked;
use ringfence_terms::Origin;

/// Directives that fill one list together: an empty assignment to one of them empties it (systemd.exec(5)).
const FAMILIES: [&[&str]; 6] = [
    &["ReadWritePaths", "ReadWriteDirectories"],
    &["ReadOnlyPaths", "ReadOnlyDirectories"],
    &["InaccessiblePaths", "InaccessibleDirectories"],
    &["BindPaths", "BindReadOnlyPaths"],
    &["LoadCredential"],
    &["TemporaryFileSystem"],
];

/// The lines of the list that `changed` stands in, with another value there, or without it.
pub fn relisted(asked: &Asked<'_>, changed: &Origin, to: Option<&str>) -> Vec<String> {
    let own = [&*changed.directive];
    let family = FAMILIES.into_iter().find(|family| family.contains(&own[0])).unwrap_or(&own);
    let all = asked.case.unit.assignments.iter().map(|assignment| &assignment.origin);
    let listed: Vec<&Origin> = all.filter(|origin| family.contains(&&*origin.directive)).collect();
    let from = listed.iter().rposition(|origin| origin.value.is_empty()).map_or(0, |at| at + 1);
    let mut lines = vec![format!("{}=", changed.directive)];
    for origin in &listed[from..] {
        let value = if *origin == changed { to } else { Some(&*origin.value) };
        lines.extend(value.map(|value| format!("{}={value}", origin.directive)));
    }
    lines
}
