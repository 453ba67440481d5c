//! `ringfence harden UNIT`: the tightest drop-in under which the service still works, proven on a shadow of the machine.

mod apply;
mod check;
mod denials;
mod exercise;
mod image;
mod json;
mod output;
mod review;
mod surroundings;
mod template;
mod text;
mod work;

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use apply::Apply;
use ringfence_apply::{NAME, NotInstalled};
use ringfence_unit::Manager;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use work::Work;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file
    unit: String,
    /// A command line that drives the service the way its users do, and exits with 0 when it works
    #[arg(long, value_name = "CMD")]
    exercise: Option<String>,
    /// A recording from production that the result is to satisfy, too
    #[arg(long, value_name = "FILE")]
    profile: Vec<PathBuf>,
    /// How tight
    #[arg(long, value_enum, default_value_t)]
    level: Depth,
    /// The systemd that is to read the drop-in; by default the one that is installed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(183..=999))]
    systemd_version: Option<u16>,
    /// Write the drop-in to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Prove the drop-in that is installed once more, and name what the service needs beyond it
    #[arg(long, conflicts_with_all = ["output", "apply", "explain", "profile", "review"])]
    check: bool,
    /// Go through the grants one by one in the terminal: keep, narrow, widen, drop; and try the result
    #[arg(long)]
    review: bool,
    /// Install the drop-in, restart the service, watch it, and take the drop-in back if anything fails
    #[arg(long)]
    apply: bool,
    /// With --apply: how long the restarted service is watched
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "10s")]
    watch: Duration,
    /// Put the reason and the evidence for each line above it, as comments
    #[arg(long)]
    explain: bool,
    /// Which recorder watches trials
    #[arg(long, value_enum, default_value_t)]
    recorder: crate::recorders::Choice,
    /// How long one run of the exercise may take
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "60s")]
    limit: Duration,
}

/// How tight the result is to be.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Depth {
    /// The tree read-only, everything unneeded off; headroom for what the exercise does not show
    #[default]
    Standard,
    /// Only what was needed is there at all
    Tight,
}

/// What came of `--apply`.
enum Applied {
    Installed,
    /// There is no line to install.
    Nothing,
    Not(NotInstalled),
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if !matches!(context.format, Format::Text | Format::Json) {
        return Err(context.no_such_format("harden"));
    }
    if context.manager == Manager::System && !rustix::process::geteuid().is_root() {
        return Err(Failure::input("harden needs root: services of the system cannot be tried without")
            .hint("run it as root, or in a container where you are root; --user hardens your own services"));
    }
    if args.review {
        review::check_terminal()?;
    }
    let work = Work::begin(args, context)?;
    if args.check {
        return check::run(&work);
    }
    let mut found = work.search()?;
    if args.review && found.proven {
        review::run(&work, &mut found)?;
    }
    let drop_in = found.proposal.drop_in(args.explain);
    let place = work.apply.as_ref().map_or_else(|| Path::new("/").join(NAME), Apply::file);
    let hardened = work.unit.with_drop_in(place, drop_in.clone());
    let (before, after) = (work::score(&work.unit)?, work::score(&hardened)?);
    if let Some(output) = &work.output
        && found.proven
    {
        output.write(&drop_in)?;
    }
    let applied = match &work.apply {
        Some(_) if !found.proven => None,
        Some(_) if found.proposal.lines.is_empty() => Some(Applied::Nothing),
        Some(apply) => Some(match apply.carry_out(&drop_in, &hardened, &work.facts) {
            Ok(()) => Applied::Installed,
            Err(not) => Applied::Not(not),
        }),
        None => None,
    };
    match context.format {
        Format::Json => {
            let document = json::document(work.name(), &found, &before, &after, &drop_in);
            crate::output::json(&document.with_applied(applied.as_ref()))?;
        }
        _ => crate::output::text(&text::summary(work.name(), &found, &before, &after, &drop_in))?,
    }
    if let Some(applied) = &applied {
        text::applied(context, work.name(), applied);
    }
    Ok(ExitCode::from(u8::from(!found.proven || matches!(applied, Some(Applied::Not(_))))))
}
