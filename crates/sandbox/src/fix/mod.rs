//! How to open just what was denied: lines for a drop-in, the narrowest first, each one tried before it is offered.
//!
//! [`fixes`] thinks of lines that could help, adds each of them to the unit, plans again, and keeps those with which the
//! access works and nothing else becomes visible or writable.

mod candidates;
mod directory;
mod lines;

use crate::decide::{Credentials, Verdict, decide};
use crate::facts::Facts;
use crate::plan::{For, Mode, Plan};
use crate::view::{Shows, View};
use ringfence_settings::Settings;
use ringfence_terms::{AbsPath, Access, AccessKind, Errno};
use ringfence_unit::Unit;
use std::path::Path;

/// One way to open a denied access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Lines for the `[Service]` section of a drop-in.
    pub lines: Vec<String>,
    /// One sentence: what they do, and at what price.
    pub why: String,
}

/// As many ways as a person will read.
const MOST: usize = 4;

/// The ways to open a denied access, the narrowest first; none when it is not denied, or when no line can open it.
pub fn fixes(unit: &Unit, facts: &dyn Facts, run: &For, mode: Mode, access: &Access) -> Vec<Fix> {
    let (settings, _) = Settings::from_unit(unit);
    let plan = Plan::of(&settings, facts, run, mode);
    let view = View::of(&plan, facts);
    let who = Credentials::of(&settings, facts);
    let Verdict::Denied { errno, because } = decide(&view, &who, access) else { return Vec::new() };
    let asked = Asked { settings: &settings, plan: &plan, view, facts, who: &who, access };
    let mut found: Vec<Fix> = Vec::new();
    for candidate in candidates::candidates(&asked, errno, &because) {
        let known = found.iter().any(|fix| fix.lines == candidate.lines);
        if !known && asked.is_opened_by(&candidate, unit, run, mode) {
            found.push(Fix { lines: candidate.lines, why: candidate.why });
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// The denied access and all that is known about it.
struct Asked<'a> {
    settings: &'a Settings,
    plan: &'a Plan,
    view: View<'a>,
    facts: &'a dyn Facts,
    who: &'a Credentials,
    access: &'a Access,
}

/// Lines that could help.
struct Candidate {
    lines: Vec<String>,
    why: String,
    /// Only at or below these paths may something become visible.
    shows: Vec<AbsPath>,
    /// Only at or below these paths may something become writable.
    writes: Vec<AbsPath>,
}

impl Asked<'_> {
    fn is_opened_by(&self, candidate: &Candidate, unit: &Unit, run: &For, mode: Mode) -> bool {
        let drop_in = format!("[Service]\n{}\n", candidate.lines.join("\n"));
        let tried = unit.with_drop_in(Path::new("/zz-fix.conf"), drop_in);
        let (settings, _) = Settings::from_unit(&tried);
        let plan = Plan::of(&settings, self.facts, run, mode);
        if plan.failure.is_some() && self.plan.failure.is_none() {
            return false;
        }
        let view = View::of(&plan, self.facts);
        let works = match decide(&view, &Credentials::of(&settings, self.facts), self.access) {
            Verdict::Allowed(_) => true,
            // The directory that the service wants to make is there already, and is its own.
            Verdict::Denied { errno, because } => {
                let made = plan
                    .directories
                    .iter()
                    .any(|setup| setup.path == because.at || setup.public.as_ref() == Some(&because.at));
                errno == Errno::EEXIST && self.access.kind == AccessKind::Create && made
            }
            Verdict::Undecidable(_) => false,
        };
        works && self.opens_no_more(&view, candidate)
    }

    /// Compares every mount of both views. What systemd adds to every namespace of its own accord comes and goes with the
    /// namespace and opens nothing that a line had closed.
    fn opens_no_more(&self, tried: &View<'_>, candidate: &Candidate) -> bool {
        let covered = |list: &[AbsPath], point: &AbsPath| list.iter().any(|path| point.is_at_or_below(path));
        tried.mounts().iter().chain(&self.view.mounts()).all(|mounted| {
            let point = &mounted.point;
            let (before, after) = (self.view.mount_at(point), tried.mount_at(point));
            if before.made_by.is_some_and(|entry| entry.origin.is_none()) {
                return true;
            }
            let host = |shows: &Shows| matches!(shows, Shows::Host(_));
            let shown = !host(&before.shows) && host(&after.shows);
            let writable = host(&after.shows)
                && !after.is_read_only()
                && (before.is_read_only() || !host(&before.shows));
            (!shown || covered(&candidate.shows, point)) && (!writable || covered(&candidate.writes, point))
        })
    }
}
