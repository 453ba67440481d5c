//! `ringfence diagnose [UNIT]`: from a log to the true cause, the line responsible, and the narrowest fix.

mod journal;
mod json;
mod reproduce;
mod text;

pub use journal::{ask, entries};

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use crate::programs::TreeFiles;
use json::Document;
use ringfence_diagnose::{Case, Finding, diagnose};
use ringfence_settings::Settings;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file; without it: every failed service
    unit: Option<String>,
    /// A log instead of this machine's journal: a saved export, JSON, or plain text; `-` is standard input
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Run the service on a shadow of the machine, in its sandbox and outside of it, and find what makes the difference
    #[arg(long, requires = "unit")]
    reproduce: bool,
    /// With --reproduce: a command line that drives the service the way its users do, and exits with 0 when it works
    #[arg(long, value_name = "CMD", requires = "reproduce")]
    exercise: Option<String>,
    /// With --reproduce: how long one run of the exercise may take
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "60s", requires = "reproduce")]
    limit: Duration,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let documents = match (&args.unit, journal::given(args)?) {
        (None, Some(entries)) => vec![Document::of("", &diagnose(&entries, None), None)],
        (Some(unit), given) => vec![one(unit, args, given.as_deref(), context)?],
        (None, None) => failed(args, context)?,
    };
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

/// Every service that has failed. One that cannot be looked at does not keep the others from being.
fn failed(args: &Args, context: &Context) -> Result<Vec<Document>, Failure> {
    let names = journal::failed_services(context.manager)?;
    if names.is_empty() {
        context.note("no service has failed");
    }
    let mut documents = Vec::new();
    for name in names {
        match one(&name, args, None, context) {
            Ok(document) => documents.push(document),
            Err(failure) => {
                failure.report();
            }
        }
    }
    Ok(documents)
}

/// One unit. A log that was sent in may be about a unit that this machine does not have: then the log alone must do.
fn one(
    name: &str,
    args: &Args,
    given: Option<&[ringfence_diagnose::Entry]>,
    context: &Context,
) -> Result<Document, Failure> {
    let unit = match (context.unit(name), given) {
        (Ok(unit), _) => unit,
        (Err(_), Some(entries)) if !args.reproduce => {
            context.note(format_args!("there is no unit {name} here: this is what the log alone tells"));
            let own: Vec<_> = entries
                .iter()
                .filter(|e| e.unit.as_deref().is_none_or(|unit| is_named(unit, name)))
                .cloned()
                .collect();
            return Ok(Document::of(name, &diagnose(&own, None), None));
        }
        (Err(failure), _) => return Err(failure),
    };
    let (settings, _) = Settings::from_unit(&unit);
    let facts = context.facts()?;
    let tree = context.tree()?;
    let programs = TreeFiles(&tree);
    let case = Case {
        unit: &unit,
        settings: &settings,
        facts: &facts,
        run: context.main_command(),
        programs: &programs,
    };
    let reproduction = args.reproduce.then(|| reproduce::run(&case, name, args, context)).transpose()?;
    let mut findings: Vec<Finding> = reproduction.iter().flat_map(|made| made.findings.clone()).collect();
    let logged = match given {
        Some(entries) => diagnose(entries, Some(&case)),
        None if args.reproduce => Vec::new(),
        None => diagnose(&journal::of_unit(&case)?, Some(&case)),
    };
    let is_new = |finding: &Finding| {
        !findings.iter().any(|known| known.cause == finding.cause && known.path == finding.path)
    };
    let new: Vec<Finding> = logged.into_iter().filter(is_new).collect();
    findings.extend(new);
    Ok(Document::of(unit.id.as_str(), &findings, reproduction.as_ref()))
}

fn is_named(unit: &str, name: &str) -> bool {
    unit == name || unit.strip_suffix(".service") == Some(name)
}
