//! `ringfence diagnose [UNIT]`: from a log to the true cause, the line responsible, and the narrowest fix.

mod programs;
mod text;

pub use programs::OnDisk;

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_diagnose::{Case, Entry, Finding, diagnose, read_log};
use ringfence_draw::JsonOrigin;
use ringfence_settings::Settings;
use serde::Serialize;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file; without it: every failed service
    unit: Option<String>,
    /// A log instead of this machine's journal: a saved export, JSON, or plain text; `-` is standard input
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let units = match &args.unit {
        Some(unit) => vec![unit.clone()],
        None if args.journal.is_some() => Vec::new(),
        None => failed_services()?,
    };
    let mut documents = Vec::new();
    if units.is_empty() && args.journal.is_some() {
        let entries = log(args, None)?;
        documents.push(Document::of("", &diagnose(&entries, None)));
    }
    for name in &units {
        documents.push(one(name, args, context)?);
    }
    let found = documents.iter().any(|document| !document.findings.is_empty());
    match context.format {
        Format::Json if documents.len() == 1 => crate::output::json(&documents[0])?,
        Format::Json => crate::output::json(&documents)?,
        Format::Text => {
            let pages: Vec<String> = documents.iter().map(text::page).collect();
            crate::output::text(&pages.join("\n"))?;
        }
        _ => return Err(context.no_such_format("diagnose")),
    }
    Ok(ExitCode::from(u8::from(found)))
}

/// One unit. A log that was sent in may be about a unit that this machine does not have: then the log alone must do.
fn one(name: &str, args: &Args, context: &Context) -> Result<Document, Failure> {
    let unit = match context.unit(name) {
        Ok(unit) => unit,
        Err(failure) if args.journal.is_none() => return Err(failure),
        Err(_) => {
            context.note(format_args!("there is no unit {name} here: this is what the log alone tells"));
            return Ok(Document::of(name, &diagnose(&log(args, Some(name))?, None)));
        }
    };
    let (settings, _) = Settings::from_unit(&unit);
    let facts = context.facts()?;
    let entries = log(args, Some(unit.id.as_str()))?;
    let programs = OnDisk::below(context.root.as_deref());
    let case = Case {
        unit: &unit,
        settings: &settings,
        facts: &facts,
        run: context.main_command(),
        programs: &programs,
    };
    Ok(Document::of(unit.id.as_str(), &diagnose(&entries, Some(&case))))
}

fn log(args: &Args, unit: Option<&str>) -> Result<Vec<Entry>, Failure> {
    let bytes = match (&args.journal, unit) {
        (Some(path), _) if path.as_os_str() == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            bytes
        }
        (Some(path), _) => {
            std::fs::read(path).map_err(|e| Failure::input(format!("cannot read {}: {e}", path.display())))?
        }
        (None, Some(unit)) => journal(unit, "--boot")?,
        (None, None) => Vec::new(),
    };
    Ok(read_log(&bytes))
}

/// What the journal has about a unit, its last lines, from where an option of journalctl says on.
pub fn journal(unit: &str, from: &str) -> Result<Vec<u8>, Failure> {
    // Not --unit: of what systemd's executor says, that leaves out the lines whose process was gone before the
    // journal could look up its unit, which are those that tell why a start failed.
    let (about, by) = (format!("UNIT={unit}"), format!("_SYSTEMD_UNIT={unit}"));
    let options = [from, "--output=json", "--no-pager", "--lines=2000"];
    ask("journalctl", &[&options[..], &[&about, "_UID=0", "+", &by]].concat())
}

fn failed_services() -> Result<Vec<String>, Failure> {
    let arguments = ["list-units", "--failed", "--type=service", "--plain", "--no-legend"];
    let output = ask("systemctl", &arguments)?;
    let text = String::from_utf8_lossy(&output);
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

pub fn ask(program: &str, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let output = Command::new(program).args(arguments).output().map_err(|e| {
        Failure::input(format!("cannot run {program}: {e}"))
            .hint("give a saved log with --journal FILE, or - for standard input")
    })?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::input(format!("{program} failed: {}", why.trim()))
            .hint("give a saved log with --journal FILE"));
    }
    Ok(output.stdout)
}

/// The JSON (documented in `docs/json.md`).
#[derive(Serialize)]
pub struct Document {
    version: u32,
    unit: String,
    findings: Vec<JsonFinding>,
}

#[derive(Serialize)]
struct JsonFinding {
    cause: &'static str,
    path: Option<String>,
    detail: Option<String>,
    origin: Option<JsonOrigin>,
    explanation: String,
    evidence: String,
    fixes: Vec<JsonFix>,
}

#[derive(Serialize)]
struct JsonFix {
    lines: Vec<String>,
    why: String,
}

impl Document {
    fn of(unit: &str, findings: &[Finding]) -> Document {
        Document {
            version: 1,
            unit: unit.to_owned(),
            findings: findings.iter().map(JsonFinding::from).collect(),
        }
    }
}

impl From<&Finding> for JsonFinding {
    fn from(finding: &Finding) -> JsonFinding {
        JsonFinding {
            cause: finding.cause.word(),
            path: finding.path.as_ref().map(ToString::to_string),
            detail: finding.detail.clone(),
            origin: finding.origin.as_ref().map(JsonOrigin::from),
            explanation: finding.explanation.clone(),
            evidence: finding.evidence.clone(),
            fixes: finding
                .fixes
                .iter()
                .map(|fix| JsonFix { lines: fix.lines.clone(), why: fix.why.clone() })
                .collect(),
        }
    }
}
