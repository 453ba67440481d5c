//! `ringfence harden UNIT`: the tightest drop-in under which the service still works, proven on a shadow of the machine.

mod apply;
mod denials;
mod exercise;
mod json;
mod text;

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use apply::Apply;
use ringfence_apply::NAME;
use ringfence_exposure::{Mode, Policy, Score, Subject, assess};
use ringfence_harden::{Step, search};
use ringfence_profile::Profile;
use ringfence_propose::{Level, Options};
use ringfence_record::{PtraceRecorder, Recorder};
use ringfence_seccomp::Machine;
use ringfence_settings::{Settings, catalogue};
use ringfence_trial::Trial;
use ringfence_unit::Unit;
use rustix::fd::AsFd;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

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
    /// Install the drop-in, restart the service, watch it, and take the drop-in back if anything fails
    #[arg(long)]
    apply: bool,
    /// With --apply: how long the restarted service is watched
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "10s")]
    watch: Duration,
    /// Put the reason and the evidence for each line above it, as comments
    #[arg(long)]
    explain: bool,
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

/// A service that cannot be told to be done is left alone for so long.
const SETTLE: Duration = Duration::from_secs(2);

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if context.root.is_some() {
        return Err(Failure::input(
            "harden tries services on a shadow of this machine, not of a tree below --root",
        ));
    }
    if !rustix::process::geteuid().is_root() {
        return Err(Failure::input("harden needs root: a shadow of the machine cannot be made without")
            .hint("run it as root, or in a container where you are root"));
    }
    let unit = before_ringfence(context.unit(&args.unit)?);
    let (settings, complaints) = Settings::from_unit(&unit);
    context.complain(&complaints);
    let facts = context.facts()?;
    let apply = args.apply.then(|| Apply::prepare(args, context, &unit, &settings)).transpose()?;
    let found = {
        let log = tempfile::tempfile()?;
        let directory = std::env::current_dir()?;
        let make: Box<ringfence_trial::MakeRecorder> =
            Box::new(|| PtraceRecorder::new().map(|recorder| Box::new(recorder) as Box<dyn Recorder>));
        let mut run = |settings: &Settings| {
            ringfence_trial::run(&Trial {
                settings,
                exercise: args.exercise.as_deref(),
                directory: &directory,
                limit: args.limit,
                settle: SETTLE,
                recorder: Some(&*make),
                output: log.as_fd(),
            })
        };
        let mut hear = |step: Step<'_>| text::step(context, &step);
        search(&unit, &facts, &recorded(&args.profile)?, options(args, context)?, &mut run, &mut hear)
            .map_err(Failure::input)?
    };
    let drop_in = found.proposal.drop_in(args.explain);
    let place = apply.as_ref().map_or_else(|| Path::new("/").join(NAME), Apply::file);
    let hardened = unit.with_drop_in(place, drop_in.clone());
    let (before, after) = (score(&unit)?, score(&hardened)?);
    if let Some(path) = &args.output
        && found.proven
    {
        write(path, &drop_in)?;
    }
    let applied = apply.filter(|_| found.proven).map(|apply| apply.carry_out(&drop_in, &hardened, &facts));
    match context.format {
        Format::Json => {
            let document = json::document(&settings, &found, &before, &after, &drop_in);
            crate::output::json(&document.with_applied(applied.as_ref()))?;
        }
        Format::Text => crate::output::text(&text::summary(&settings, &found, &before, &after, &drop_in))?,
        _ => return Err(context.no_such_format("harden")),
    }
    if let Some(applied) = &applied {
        text::applied(context, &settings, applied);
    }
    Ok(ExitCode::from(u8::from(!found.proven || applied.is_some_and(|applied| applied.is_err()))))
}

/// The unit without what ringfence installed for it: a new proposal takes that one's place.
fn before_ringfence(unit: Unit) -> Unit {
    let ours = unit.drop_ins.iter().find(|file| file.file_name().is_some_and(|name| name == NAME)).cloned();
    match ours {
        Some(file) => unit.with_drop_in(file, ""),
        None => unit,
    }
}

fn options(args: &Args, context: &Context) -> Result<Options, Failure> {
    let installed = crate::installed_systemd::installed(&context.tree()?);
    Ok(Options {
        level: match args.level {
            Depth::Standard => Level::Standard,
            Depth::Tight => Level::Tight,
        },
        systemd: args.systemd_version.or(installed).unwrap_or(catalogue::VERSION),
        exercised: args.exercise.is_some() || !args.profile.is_empty(),
        ..Options::default()
    })
}

fn recorded(paths: &[PathBuf]) -> Result<Profile, Failure> {
    let mut all = Profile::new();
    for path in paths {
        let file =
            File::open(path).map_err(|e| Failure::input(format!("cannot open {}: {e}", path.display())))?;
        let profile = Profile::read(std::io::BufReader::new(file)).map_err(|e| {
            Failure::input(format!("{}: {e}", path.display())).hint("give a file that ringfence record wrote")
        })?;
        all.merge(&profile);
    }
    Ok(all)
}

fn score(unit: &Unit) -> Result<Score, Failure> {
    let (settings, _) = Settings::from_unit(unit);
    let machine = Machine::HERE.unwrap_or(Machine::X86_64);
    assess(&Subject { settings: &settings, mode: Mode::Manager, machine }, &Policy::default())
        .map_err(Failure::input)
}

/// Writes beside the file and renames, so that nobody ever reads half a drop-in.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |e: std::io::Error| Failure::input(format!("cannot write {}: {e}", path.display()));
    let mut file = tempfile::Builder::new().prefix(".ringfence-").tempfile_in(directory).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .map_err(failed)?;
    file.persist(path).map(drop).map_err(|e| failed(e.error))
}
