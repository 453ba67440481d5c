//! `harden --check`: an installed drop-in is proven once more, on a shadow; what a new version of the service needs beyond it is
//! named.

use super::text;
use super::work::{Work, ours};
use crate::args::Format;
use crate::failure::Failure;
use anstyle::{AnsiColor, Style};
use ringfence_harden::{Found, Step};
use ringfence_profile::{FileAccess, Operation, Profile};
use ringfence_propose::{LeftOpen, Level, Proposal, Strength};
use ringfence_sandbox::decide::{Credentials, Verdict, decide};
use ringfence_sandbox::plan::{Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_settings::Settings;
use ringfence_terms::{AbsPath, Access, AccessKind, Errno};
use ringfence_unit::Unit;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// The result; its JSON is documented in `docs/json.md`.
#[derive(Serialize)]
struct Document {
    version: u32,
    unit: String,
    proven: bool,
    why_not: Option<String>,
    /// What lines of the drop-in denied, though the service worked, or where it did not.
    denied: Vec<Denied>,
    /// What a drop-in for the service as it is now has and the installed one has not.
    needs: Vec<Need>,
    /// That drop-in.
    drop_in: Option<String>,
}

#[derive(Serialize)]
struct Denied {
    path: String,
    what: String,
    by: String,
    because: String,
}

#[derive(Serialize)]
struct Need {
    line: String,
    why: String,
    evidence: Vec<String>,
}

pub fn run(work: &Work<'_>) -> Result<ExitCode, Failure> {
    let context = work.context;
    let (settings, _) = Settings::from_unit(&work.installed);
    let drop_in = ours(&work.installed);
    if drop_in.is_none() {
        context.note(format_args!(
            "nothing that ringfence installed is in place for {}: this is the unit as it is",
            settings.unit
        ));
    }
    context.note("trying the unit with what is installed …");
    let report = work.try_out(&work.installed).map_err(Failure::input)?;
    text::step(context, &Step::Tried(&report));
    let mut document = Document {
        version: 1,
        unit: settings.unit.to_string(),
        proven: report.passed(),
        why_not: report.what_failed(),
        denied: drop_in.map_or_else(Vec::new, |file| denials(work, &settings, file, &report.profile)),
        needs: Vec::new(),
        drop_in: None,
    };
    if !document.proven
        && let Some(file) = drop_in
    {
        context.note("looking for what it needs now:");
        let found = work.search_at(level(&work.installed, file))?;
        if found.proven {
            document.needs = needs(&work.installed, file, &found);
            document.drop_in = Some(found.proposal.drop_in(false));
        } else if let Some(why) = &found.why_not {
            document.why_not =
                Some(format!("{}; and without the drop-in: {why}", document.why_not.unwrap_or_default()));
        }
    }
    match context.format {
        Format::Json => crate::output::json(&document)?,
        _ => crate::output::text(&page(&document, &work.args.unit))?,
    }
    Ok(ExitCode::from(u8::from(!document.proven)))
}

/// The level of an installed drop-in: only the tight one hides the tree.
fn level(installed: &Unit, drop_in: &Path) -> Level {
    let hides = installed
        .section("Service")
        .any(|line| &*line.origin.file == drop_in && &*line.origin.directive == "TemporaryFileSystem");
    if hides { Level::Tight } else { Level::Standard }
}

/// What failed in a trial and is denied by a line of the drop-in, says the plan.
fn denials(work: &Work<'_>, settings: &Settings, drop_in: &Path, profile: &Profile) -> Vec<Denied> {
    let plan = Plan::of(settings, &work.facts, &work.context.main_command(), Mode::Faithful);
    let view = View::of(&plan, &work.facts);
    let who = Credentials::of(settings, &work.facts);
    let mut all = Vec::new();
    for access in profile.files() {
        if !matches!(access.errno(), Some(Errno::EROFS | Errno::EACCES | Errno::EPERM)) {
            continue;
        }
        let Ok(path) = AbsPath::parse(access.path()) else { continue };
        let asked = Access { path, kind: kind(&access) };
        if let Verdict::Denied { because, .. } = decide(&view, &who, &asked)
            && let Some(origin) = &because.origin
            && *origin.file == *drop_in
        {
            all.push(Denied {
                path: asked.path.to_string(),
                what: access.operations().to_string(),
                by: access.by().to_string(),
                because: origin.to_string(),
            });
        }
    }
    all
}

/// What of the plan an access asks.
fn kind(access: &FileAccess<'_>) -> AccessKind {
    let did = |operations: &[Operation]| operations.iter().any(|&o| access.operations().contains(o));
    match () {
        () if did(&[
            Operation::Create,
            Operation::Mkdir,
            Operation::RenameTo,
            Operation::Symlink,
            Operation::BindSocket,
        ]) =>
        {
            AccessKind::Create
        }
        () if did(&[Operation::Exec]) => AccessKind::Execute,
        () if did(&[Operation::Read, Operation::List]) => AccessKind::Read,
        () => AccessKind::Write,
    }
}

/// Lines of the new drop-in that give more than the installed one.
fn needs(installed: &Unit, drop_in: &Path, found: &Found) -> Vec<Need> {
    let old: Vec<(String, String)> = installed
        .section("Service")
        .filter(|assignment| &*assignment.origin.file == drop_in)
        .map(|assignment| (assignment.origin.directive.to_string(), assignment.origin.value.to_string()))
        .collect();
    let Proposal { lines, left_open } = &found.proposal;
    let has = |directive: &str| old.iter().any(|(name, _)| name == directive);
    let had = |directive: &str, word: &str| {
        old.iter()
            .any(|(name, value)| name == directive && value.split_whitespace().any(|known| known == word))
    };
    let mut needs = Vec::new();
    for line in lines.iter().filter(|line| line.strength == Strength::Grants || has(line.directive)) {
        // Lists add up, so what is new of one is enough.
        let new: Vec<&str> =
            line.value.split_whitespace().filter(|word| !had(line.directive, word)).collect();
        if new.is_empty() {
            continue;
        }
        let of_new = |text: &String| new.iter().any(|word| text.contains(word.trim_start_matches('-')));
        let all: Vec<String> = line.evidence.iter().map(ToString::to_string).collect();
        let telling: Vec<String> = all.iter().filter(|text| of_new(text)).cloned().collect();
        needs.push(Need {
            line: format!("{}={}", line.directive, new.join(" ")),
            why: line.why.clone(),
            evidence: if telling.is_empty() { all } else { telling },
        });
    }
    // What takes away and is not proposed any more: a whole directive, or one that takes calls out of a list.
    let gone = |name: &str, value: &str| match value.strip_prefix('~') {
        Some(_) => !lines.iter().any(|line| line.directive == name && line.value == value),
        None => !found.proposal.has(name),
    };
    for (name, value) in old.iter().filter(|(name, value)| gone(name, value)) {
        let taken = value.trim_start_matches('~');
        let about = |open: &&LeftOpen| {
            open.directive == name && (!value.starts_with('~') || open.why.contains(taken))
        };
        if let Some(open) = left_open.iter().find(about) {
            needs.push(Need {
                line: format!("no {name}={value}"),
                why: open.why.clone(),
                evidence: open.evidence.iter().map(ToString::to_string).collect(),
            });
        }
    }
    needs
}

fn page(document: &Document, unit: &str) -> String {
    let (good, bad) = (AnsiColor::Green.on_default().bold(), AnsiColor::Red.on_default().bold());
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let mut out = match &document.why_not {
        None => format!("{good}proven{good:#}  {}: it works with what is installed\n", document.unit),
        Some(why) => format!("{bad}not proven{bad:#}  {}: {why}\n", document.unit),
    };
    for (n, denied) in document.denied.iter().enumerate() {
        if n == 0 {
            let _ = writeln!(out, "\n{bold}Denied{bold:#}");
        }
        let _ = writeln!(
            out,
            "  {}: {} {}\n    {dim}by {}{dim:#}",
            denied.by, denied.what, denied.path, denied.because
        );
    }
    for (n, need) in document.needs.iter().enumerate() {
        if n == 0 {
            let _ = writeln!(out, "\n{bold}What it needs now{bold:#}");
        }
        let _ = writeln!(out, "  {}  {dim}{}{dim:#}", need.line, need.why);
        for evidence in need.evidence.iter().take(3) {
            let _ = writeln!(out, "    {dim}{evidence}{dim:#}");
        }
    }
    if document.drop_in.is_some() {
        let _ = writeln!(
            out,
            "\nringfence harden {unit} --apply, with the same exercise and level, installs that."
        );
    }
    out
}
