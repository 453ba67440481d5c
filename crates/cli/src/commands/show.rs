//! `ringfence show UNIT`.

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_draw::{Page, Show, mount_list, page};
use ringfence_sandbox::plan::{Mode, Plan};
use ringfence_sandbox::view::View;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file
    unit: String,
    /// The flat list of mounts, in the order in which they are made
    #[arg(long)]
    mounts: bool,
    /// What systemd's manual promises, without the surprises of systemd 257
    #[arg(long)]
    as_documented: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let (unit, settings) = context.settings(&args.unit)?;
    let facts = context.facts()?;
    let mode = if args.as_documented { Mode::Documented } else { Mode::Faithful };
    let plan = Plan::of(&settings, &facts, &context.main_command(), mode);
    let drawn = Page { unit: &unit, settings: &settings, view: View::of(&plan, &facts) };
    match context.format {
        Format::Json => crate::output::json(&Show::of(&drawn))?,
        Format::Text if args.mounts => crate::output::text(&mount_list(&drawn))?,
        Format::Text => crate::output::text(&page(&drawn))?,
        Format::Prometheus | Format::Sarif => return Err(context.no_such_format("show")),
    }
    Ok(ExitCode::SUCCESS)
}
