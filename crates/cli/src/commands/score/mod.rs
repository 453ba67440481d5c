//! `ringfence score`: the exposure of units.

mod compare;
mod json;
mod parallel;
mod prometheus;
mod scoring;
mod text;

pub use json::{Number, number};

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_exposure::{Score, Tenths};
use ringfence_unit::UnitName;
use scoring::Scorer;
use std::cmp::Ordering;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    /// Units, by name or by the path of a file; without any: every service
    #[arg(value_name = "UNIT")]
    units: Vec<String>,
    /// What the running manager would answer, or what the files alone give; systemd's two answers differ
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Show the checks that are closed too
    #[arg(long)]
    all: bool,
    /// Exit with 1 when a unit's overall exposure is above N tenths (0 to 100)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=100), default_value_t = 100)]
    threshold: u64,
    /// Weights and exceptions, in the format of systemd-analyze's --security-policy=
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Score the units as if this drop-in were installed
    #[arg(long, value_name = "DROP-IN")]
    with: Option<PathBuf>,
    /// What changed between two states: unit files, directories of them, REVISION:FILE of a git repository, or, as
    /// NEW, a drop-in to be tried on OLD
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["units", "with"])]
    compare: Option<Vec<String>>,
}

/// Which of systemd's two answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// As `systemd-analyze security UNIT` asks the manager
    #[default]
    Manager,
    /// As `systemd-analyze security --offline=yes FILE` computes it
    Offline,
}

impl From<Mode> for ringfence_exposure::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Manager => ringfence_exposure::Mode::Manager,
            Mode::Offline => ringfence_exposure::Mode::Offline,
        }
    }
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let scorer = Scorer::new(context, args.mode.into(), args.policy.as_deref(), args.with.as_deref())?;
    if let Some([old, new]) = args.compare.as_deref() {
        return compare::run(&scorer, context, old, new, args.threshold);
    }
    let failed = match context.format {
        Format::Text => as_text(&scorer, args, started)?,
        Format::Json => {
            let (scores, failed) = all(&scorer, args)?;
            as_json(&scores)?;
            failed
        }
        Format::Prometheus => {
            let (scores, failed) = all(&scorer, args)?;
            crate::output::text(&prometheus::metrics(&scores))?;
            failed
        }
        Format::Sarif => return Err(context.no_such_format("score")),
    };
    Ok(ExitCode::from(u8::from(failed)))
}

/// The scores of all units that are meant, and whether one could not be scored or is above the threshold.
fn all(scorer: &Scorer<'_>, args: &Args) -> Result<(Vec<Score>, bool), Failure> {
    let mut scores = Vec::new();
    let failed = if args.units.is_empty() {
        scorer.every_service(|score| score, |score| scores.push(score))?;
        scores.sort_by(|a, b| worst_first((&a.unit, a.overall), (&b.unit, b.overall)));
        false
    } else {
        let keep = |score| {
            scores.push(score);
            Ok(())
        };
        scorer.named(&args.units, |score| score, keep)?
    };
    let above = scores.iter().any(|score| score.overall.0 > args.threshold);
    Ok((scores, failed || above))
}

/// Every score in one document. Nothing is printed before all are known, so that a document is whole.
fn as_json(scores: &[Score]) -> Result<(), Failure> {
    let mut out = json::Document::new();
    parallel::in_parallel(scores, json::unit, |unit| {
        out.add(&unit?);
        flush(out.text(), ENOUGH)
    })?;
    flush(out.end(), 0)
}

/// For people: a page for each unit that was named, and if there are several, or none was named, all in a table.
fn as_text(scorer: &Scorer<'_>, args: &Args, started: Instant) -> Result<bool, Failure> {
    let colours = crate::output::has_colours();
    let mut table = Vec::new();
    let mut failed = false;
    let are_named = !args.units.is_empty();
    if are_named {
        let pages = text::Pages::new(scorer.policy(), args.all, colours);
        let several = args.units.len() > 1;
        let page = |score: Score| {
            let mut page = pages.of(&score);
            if several {
                page.push('\n');
            }
            (page, (score.unit, score.overall))
        };
        failed = scorer.named(&args.units, page, |(page, row)| {
            table.push(row);
            crate::output::at_once(page.as_bytes())
        })?;
    } else {
        scorer.every_service(|score| (score.unit, score.overall), |row| table.push(row))?;
        table.sort_by(|a, b| worst_first((&a.0, a.1), (&b.0, b.1)));
    }
    if !are_named || table.len() > 1 {
        let mut out = String::new();
        text::overview(&table, colours, started.elapsed(), &mut out);
        crate::output::at_once(out.as_bytes())?;
    }
    Ok(failed || table.iter().any(|(_, overall)| overall.0 > args.threshold))
}

/// As much as is printed at a time; memory that is used again is quicker than more of it.
const ENOUGH: usize = 48 * 1024;

/// Prints what is ready if it is more than that.
fn flush(out: &mut String, more_than: usize) -> Result<(), Failure> {
    if out.len() > more_than {
        crate::output::at_once(out.as_bytes())?;
        out.clear();
    }
    Ok(())
}

fn worst_first(a: (&UnitName, Tenths), b: (&UnitName, Tenths)) -> Ordering {
    b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0))
}
