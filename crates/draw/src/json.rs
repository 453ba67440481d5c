//! The JSON of `show` and `why` (documented in `docs/json.md`).

use crate::mounts;
use crate::show::Page;
use crate::words;
use ringfence_sandbox::decide::Verdict;
use ringfence_sandbox::fix::Fix;
use ringfence_sandbox::plan::{Dropped, MountEntry, Outcome};
use ringfence_sandbox::view::Edge;
use ringfence_settings::{NotEnforced, catalogue};
use ringfence_terms::{Access, Origin};
use ringfence_unit::Unit;
use serde::Serialize;

/// An origin: the same four keys wherever JSON names a line.
#[derive(Clone, Debug, Serialize)]
pub struct JsonOrigin {
    directive: String,
    value: String,
    file: String,
    line: u32,
}

impl std::fmt::Display for JsonOrigin {
    /// `FILE:LINE: Directive=value`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}={}", self.file, self.line, self.directive, self.value)
    }
}

impl From<&Origin> for JsonOrigin {
    fn from(origin: &Origin) -> JsonOrigin {
        JsonOrigin {
            directive: origin.directive.to_string(),
            value: origin.value.to_string(),
            file: origin.file.display().to_string(),
            line: origin.line,
        }
    }
}

/// The document.
#[derive(Debug, Serialize)]
pub struct Show {
    version: u32,
    unit: String,
    files: Vec<String>,
    settings: Vec<Setting>,
    mounts: Vec<Mount>,
    tree: Vec<Place>,
    without_effect: Vec<Void>,
    not_enforced: Vec<Unenforced>,
    failure: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Setting {
    name: &'static str,
    value: String,
    origin: Option<JsonOrigin>,
}

#[derive(Debug, Serialize)]
struct Mount {
    path: String,
    mode: &'static str,
    source: Option<String>,
    options: Vec<String>,
    optional: bool,
    outcome: &'static str,
    origin: Option<JsonOrigin>,
}

#[derive(Debug, Serialize)]
struct Place {
    path: String,
    access: &'static str,
    noexec: bool,
    origin: Option<JsonOrigin>,
}

#[derive(Debug, Serialize)]
struct Void {
    path: String,
    mode: &'static str,
    why: String,
    origin: Option<JsonOrigin>,
}

#[derive(Debug, Serialize)]
struct Unenforced {
    why: &'static str,
    origin: JsonOrigin,
}

#[derive(Debug, Serialize)]
struct Failure {
    status: u8,
    path: Option<String>,
    errno: String,
    why: String,
    origin: Option<JsonOrigin>,
}

impl Show {
    /// The document of a page.
    pub fn of(page: &Page<'_>) -> Show {
        let plan = page.view.plan();
        let files = page.unit.fragment.iter().chain(&page.unit.drop_ins);
        let settings = page.settings.explicit();
        Show {
            version: 1,
            unit: page.unit.id.to_string(),
            files: files.map(|file| file.display().to_string()).collect(),
            settings: settings
                .iter()
                .map(|s| Setting {
                    name: name(s.directive),
                    value: s.value.clone(),
                    origin: origin(s.origin.as_ref()),
                })
                .collect(),
            mounts: plan.mounts.iter().map(mount).collect(),
            tree: if plan.reasons.is_empty() {
                Vec::new()
            } else {
                page.view.edges().iter().map(place).collect()
            },
            without_effect: plan.dropped.iter().map(void).collect(),
            not_enforced: page.settings.not_enforced.iter().map(unenforced).collect(),
            failure: plan.failure.as_ref().map(|failure| Failure {
                status: failure.status,
                path: failure.path.as_ref().map(ToString::to_string),
                errno: failure.errno.to_string(),
                why: failure.why.clone(),
                origin: origin(failure.origin.as_ref()),
            }),
        }
    }
}

/// The answer of `why`.
#[derive(Debug, Serialize)]
pub struct Why {
    version: u32,
    unit: String,
    path: String,
    access: &'static str,
    /// `null` where it cannot be decided.
    allowed: Option<bool>,
    errno: Option<String>,
    reason: String,
    origin: Option<JsonOrigin>,
    fixes: Vec<JsonFix>,
}

/// Lines for a drop-in, and what they are for.
#[derive(Clone, Debug, Serialize)]
pub struct JsonFix {
    lines: Vec<String>,
    why: String,
}

impl From<&Fix> for JsonFix {
    fn from(fix: &Fix) -> JsonFix {
        JsonFix { lines: fix.lines.clone(), why: fix.why.clone() }
    }
}

impl Why {
    /// The document of one answer.
    pub fn of(unit: &Unit, access: &Access, verdict: &Verdict, fixes: &[Fix]) -> Why {
        let reason = match verdict {
            Verdict::Allowed(because) | Verdict::Denied { because, .. } => because.reason.clone(),
            Verdict::Undecidable(why) => why.clone(),
        };
        Why {
            version: 1,
            unit: unit.id.to_string(),
            path: access.path.to_string(),
            access: access.kind.word(),
            allowed: match verdict {
                Verdict::Undecidable(_) => None,
                decided => Some(decided.is_allowed()),
            },
            errno: verdict.errno().map(|errno| errno.to_string()),
            reason,
            origin: origin(verdict.because().and_then(|because| because.origin.as_ref())),
            fixes: fixes.iter().map(JsonFix::from).collect(),
        }
    }
}

fn name(directive: &'static catalogue::Directive) -> &'static str {
    directive.name
}

fn origin(origin: Option<&Origin>) -> Option<JsonOrigin> {
    origin.map(JsonOrigin::from)
}

fn mount(entry: &MountEntry) -> Mount {
    Mount {
        path: entry.path.to_string(),
        mode: mounts::mode_word(entry),
        source: mounts::source(entry),
        options: mounts::options(entry),
        optional: entry.optional,
        outcome: match entry.outcome {
            Outcome::Mounted => "mounted",
            Outcome::Missing => "missing",
            Outcome::AlreadyMountPoint => "mount-point-already",
        },
        origin: origin(entry.origin.as_ref()),
    }
}

fn place(edge: &Edge<'_>) -> Place {
    Place {
        path: edge.path.to_string(),
        access: words::access(edge.access),
        noexec: edge.noexec,
        origin: origin(edge.line),
    }
}

fn void(dropped: &Dropped) -> Void {
    Void {
        path: dropped.path.to_string(),
        mode: dropped.mode.word(),
        why: words::drop_reason(&dropped.why),
        origin: origin(dropped.origin.as_ref()),
    }
}

fn unenforced(one: &NotEnforced) -> Unenforced {
    Unenforced { why: one.why, origin: (&one.origin).into() }
}
