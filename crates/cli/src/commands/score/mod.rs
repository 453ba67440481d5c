//! `ringfence score`: the exposure of units.

mod compare;
mod json;
mod prometheus;
mod scoring;
mod text;

pub use json::{Number, number};

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_exposure::Score;
use scoring::Scorer;
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
    let (scores, mut failed) =
        if args.units.is_empty() { (scorer.every_service()?, false) } else { scorer.named(&args.units)? };
    match context.format {
        Format::Json => crate::output::json(&json::units(&scores))?,
        Format::Prometheus => crate::output::text(&prometheus::metrics(&scores))?,
        Format::Sarif => return Err(context.no_such_format("score")),
        Format::Text if args.units.is_empty() => {
            let colours = crate::output::has_colours();
            crate::output::at_once(text::overview(&scores, colours, started.elapsed()).as_bytes())?;
        }
        Format::Text => {
            let colours = crate::output::has_colours();
            let mut text = text::Pages::new(scorer.policy(), colours).of(&scores, args.all);
            if scores.len() > 1 {
                text.push('\n');
                text += &text::overview(&scores, colours, started.elapsed());
            }
            crate::output::at_once(text.as_bytes())?;
        }
    }
    failed |= scores.iter().any(|score| score.overall.0 > args.threshold);
    Ok(ExitCode::from(u8::from(failed)))
}

/// Worst first, then by name.
fn sort(scores: &mut [Score]) {
    scores.sort_by(|a, b| b.overall.cmp(&a.overall).then_with(|| a.unit.cmp(&b.unit)));
}
