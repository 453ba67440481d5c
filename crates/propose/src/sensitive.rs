//! Grants that somebody should look at.

use crate::{Case, Proposal, Strength};
use ringfence_terms::AbsPath;
use std::path::Path;

/// A place, and what is in it.
static PLACES: &[(&str, &str)] = &[
    ("/etc/shadow", "holds everybody's password hashes"),
    ("/etc/gshadow", "holds group password hashes"),
    ("/etc/ssl/private", "holds private keys"),
    ("/etc/ssh", "holds the machine's host keys"),
    ("/etc/letsencrypt", "holds private keys"),
    ("/root", "is root's home"),
    ("/home", "holds users' homes"),
    ("/var/log/journal", "is the journal of every service"),
    ("/run/log/journal", "is the journal of every service"),
    ("/var/lib/private", "holds other services' state"),
    ("/run/credentials", "holds other services' credentials"),
    ("/run/docker.sock", "gives control of the machine to whoever can connect"),
];

/// Directories that many services share: writing there reaches all of them.
static SHARED: &[&str] = &[
    "/",
    "/etc",
    "/run",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/cache",
    "/var/spool",
    "/srv",
    "/usr",
    "/opt",
];

/// What makes a path sensitive: it is in such a place, or holds one.
pub(crate) fn what_it_holds(path: &Path) -> Option<String> {
    let (inside, holds) =
        (|place: &str| path.starts_with(place), |place: &str| Path::new(place).starts_with(path));
    PLACES
        .iter()
        .find(|(place, _)| inside(place) || holds(place) && path.parent().is_some())
        .map(|(place, what)| format!("{place} {what}"))
}

/// Adds a caution to every line that grants something sensitive.
pub fn mark(case: &Case<'_>, proposal: &mut Proposal) {
    for line in proposal.lines.iter_mut().filter(|line| line.strength == Strength::Grants) {
        if !matches!(line.directive, "ReadWritePaths" | "BindPaths" | "BindReadOnlyPaths") {
            continue;
        }
        let mut cautions = Vec::new();
        for word in line.value.split_whitespace() {
            let path = word.trim_start_matches(['-', '+']).split(':').next().unwrap_or(word);
            let path = Path::new(path);
            let shared = SHARED.iter().any(|shared| path == Path::new(shared));
            if shared && line.directive != "BindReadOnlyPaths" {
                cautions.push(format!(
                    "{} is shared by many services; a directory of its own would be narrower",
                    path.display()
                ));
            } else if let Some(what) = what_it_holds(path) {
                cautions.push(what);
            } else if let Some(state) = state(path).filter(|state| !case.owns(state)) {
                cautions.push(format!("{state} looks like the state of something else"));
            }
        }
        cautions.dedup();
        if !cautions.is_empty() {
            line.caution = Some(format!("look at this: {}", cautions.join("; ")));
        }
    }
}

/// The directory below `/var/lib` that a path is in.
fn state(path: &Path) -> Option<AbsPath> {
    let name = path.strip_prefix("/var/lib").ok()?.components().next()?;
    AbsPath::parse(Path::new("/var/lib").join(name)).ok()
}
