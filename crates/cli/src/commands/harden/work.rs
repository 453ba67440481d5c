//! What hardening one unit starts from, and the trials.

use super::apply::Apply;
use super::output::Output;
use super::template::Tried;
use super::{Args, Depth, image, surroundings, text};
use crate::commands::profile;
use crate::context::Context;
use crate::failure::Failure;
use crate::recorders::{self, Choice};
use ringfence_apply::NAME;
use ringfence_exposure::{Mode, Policy, Score, Subject, assess};
use ringfence_harden::{Found, Step, search};
use ringfence_host::HostFacts;
use ringfence_profile::Profile;
use ringfence_propose::{Level, Options, Proposal};
use ringfence_seccomp::Machine;
use ringfence_settings::{Settings, catalogue};
use ringfence_sockets::SocketUnit;
use ringfence_trial::{Report, Trial, TrialError};
use ringfence_unit::{Unit, UnitName};
use rustix::fd::AsFd;
use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A service that cannot be told to be done is left alone for so long.
const SETTLE: Duration = Duration::from_secs(2);

/// A trial under a proposal may take three times as long as the one without, and at least so long, before it counts as
/// failed: a service that waits for something that it will never get would else cost minutes.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(10);

/// A unit, and all that is needed to try it.
pub struct Work<'a> {
    pub args: &'a Args,
    pub context: &'a Context,
    /// The unit as it is, what ringfence installed included.
    pub installed: Unit,
    /// The unit without that: a new proposal takes that one's place.
    pub unit: Unit,
    pub settings: Settings,
    /// The socket units that start it.
    sockets: Vec<SocketUnit>,
    pub facts: HostFacts,
    pub apply: Option<Apply<'a>>,
    recorder: Cell<Choice>,
    pub output: Option<Output>,
    /// The template that is to be hardened, where `unit` is an instance of one.
    template: Option<UnitName>,
    recorded: Profile,
    options: Options,
    /// Trials start as after a boot: without what the service left below `/run` since.
    as_after_a_boot: Cell<bool>,
    /// What services and exercises print.
    log: File,
    /// Where exercises run.
    directory: PathBuf,
}

impl<'a> Work<'a> {
    /// Looks at everything; what cannot work is said before the first trial.
    pub fn begin(args: &'a Args, context: &'a Context) -> Result<Work<'a>, Failure> {
        let recorded = profile::read_all(&args.profile)?;
        let output = args.output.as_deref().map(Output::open).transpose()?;
        let mut directory = std::env::current_dir()?;
        let log = tempfile::tempfile()?;
        let tried = Tried::of(args, context)?;
        let installed = context.unit(&tried.text)?;
        let unit = before_ringfence(&installed);
        let (settings, complaints) = Settings::from_unit(&unit);
        context.complain(&complaints);
        let prepare = || Apply::prepare(args, context, &unit, &settings, tried.template.as_ref());
        let apply = args.apply.then(prepare).transpose()?;
        let sockets = match context.root {
            Some(_) => Vec::new(),
            None => context.sockets(&context.units_around(&tried.text)?, &unit, &settings),
        };
        let recorder = recorder(args, &sockets, context)?;
        let mut work = Work {
            args,
            context,
            facts: context.facts()?,
            options: options(args, context)?,
            installed,
            unit,
            settings,
            sockets,
            apply,
            recorder: Cell::new(recorder),
            output,
            template: tried.template,
            recorded,
            as_after_a_boot: Cell::new(true),
            log,
            directory: directory.clone(),
        };
        if let Some(root) = &context.root {
            image::enter(root)?;
            let inside = context.inside_root();
            directory = PathBuf::from("/");
            let installed = inside.unit(&tried.text)?;
            let unit = before_ringfence(&installed);
            let (settings, _) = Settings::from_unit(&unit);
            let sockets = inside.sockets(&inside.units_around(&tried.text)?, &unit, &settings);
            work = Work { installed, unit, settings, sockets, facts: inside.facts()?, directory, ..work };
        }
        if ringfence_trial::bus::is_wanted(&work.unit, &work.settings)
            && !Path::new(ringfence_trial::bus::DAEMON).exists()
        {
            context.note(format_args!(
                "{} uses the message bus, and there will be none in trials: {} is not installed",
                work.unit.id,
                ringfence_trial::bus::DAEMON
            ));
        }
        Ok(work)
    }

    /// What is hardened: the unit, or the template.
    pub fn name(&self) -> &UnitName {
        self.template.as_ref().unwrap_or(&self.unit.id)
    }

    /// Searches for the tightest drop-in.
    pub fn search(&self) -> Result<Found, Failure> {
        self.search_at(self.options.level)
    }

    /// Searches at a level.
    pub fn search_at(&self, level: Level) -> Result<Found, Failure> {
        let mut patience = None;
        let mut run = |unit: &Unit| {
            let begun = Instant::now();
            let mut report = self.try_within(patience, unit);
            if report.as_ref().is_ok_and(is_incomplete)
                && self.recorder.replace(Choice::Ptrace) != Choice::Ptrace
            {
                self.context.note("  eBPF could not keep up; trials are recorded with ptrace from now on");
                report = self.try_within(patience, unit);
            }
            let is_first = patience.is_none();
            if is_first
                && report.as_ref().is_ok_and(|report| !report.passed())
                && self.as_after_a_boot.replace(false)
            {
                // What no configuration of a boot makes, another service may make.
                report = self.try_within(patience, unit);
            }
            patience.get_or_insert_with(|| (begun.elapsed() * 3).max(SHORTEST_PATIENCE));
            report
        };
        let options = Options {
            level,
            made_at_boot: ringfence_host::boot::runtime_directories(Path::new("/")),
            of_sockets: self.sockets.iter().flat_map(SocketUnit::directories).collect(),
            ..self.options.clone()
        };
        let mut hear = |step: Step<'_>| text::step(self.context, &step);
        let machine = ringfence_harden::Machine {
            facts: &self.facts,
            read: &surroundings::text,
            packages: &surroundings::packages,
        };
        let mut found = search(&self.unit, &machine, &self.recorded, options, &mut run, &mut hear)
            .map_err(Failure::input)?;
        if self.template.is_some() {
            found.proposal.for_template_of(&self.unit.id);
        }
        Ok(found)
    }

    /// One trial of the unit with a proposal.
    pub fn try_proposal(&self, proposal: &Proposal) -> Result<Report, TrialError> {
        let tried = self.unit.with_drop_in(Path::new("/").join(NAME), proposal.drop_in(false));
        self.try_out(&tried)
    }

    /// One trial.
    pub fn try_out(&self, unit: &Unit) -> Result<Report, TrialError> {
        self.try_within(None, unit)
    }

    /// One trial, in which start and stop may take so long each.
    fn try_within(&self, patience: Option<Duration>, unit: &Unit) -> Result<Report, TrialError> {
        let (settings, _) = Settings::from_unit(unit);
        let of_instance = |name: &str| Some(Settings::from_unit(&unit.as_instance(name).ok()?).0);
        let make = || recorders::choose(self.recorder.get(), self.context);
        let left_behind = match self.as_after_a_boot.get() {
            true => ringfence_host::boot::left_behind(Path::new("/"), self.unit.id.prefix()),
            false => Vec::new(),
        };
        ringfence_trial::run(&Trial {
            settings: &settings,
            of_instance: &of_instance,
            sockets: &self.sockets,
            bus: ringfence_trial::bus::is_wanted(&self.unit, &settings),
            left_behind: &left_behind,
            exercise: self.args.exercise.as_deref(),
            directory: &self.directory,
            limit: patience.map_or(self.args.limit, |patience| self.args.limit.min(patience)),
            patience,
            settle: SETTLE,
            recorder: Some(&make),
            output: self.log.as_fd(),
        })
    }
}

/// Whether events were lost: what a service needs is not all known then.
fn is_incomplete(report: &Report) -> bool {
    report.profile.recordings().any(|(_, recording)| recording.lost > 0)
}

/// Which recorder watches trials. Each process that is started is a recording of its own, and starting one with eBPF takes a
/// while and memory: too much where every connection starts one. Inside an image, ptrace needs nothing of the machine.
fn recorder(args: &Args, sockets: &[SocketUnit], context: &Context) -> Result<Choice, Failure> {
    let choice = match args.recorder {
        Choice::Auto if context.root.is_some() || sockets.iter().any(SocketUnit::accepts) => Choice::Ptrace,
        choice => choice,
    };
    recorders::for_trials(choice, context)
}

/// The unit without what ringfence installed for it.
fn before_ringfence(unit: &Unit) -> Unit {
    match ours(unit) {
        Some(file) => unit.with_drop_in(file, ""),
        None => unit.clone(),
    }
}

/// The drop-in that ringfence installed.
pub fn ours(unit: &Unit) -> Option<&Path> {
    unit.drop_ins.iter().map(|file| &**file).find(|file| file.file_name().is_some_and(|name| name == NAME))
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

/// A unit's exposure.
pub fn score(unit: &Unit) -> Result<Score, Failure> {
    let (settings, _) = Settings::from_unit(unit);
    let machine = Machine::HERE.unwrap_or(Machine::X86_64);
    assess(&Subject { settings: &settings, mode: Mode::Manager, machine }, &Policy::default())
        .map_err(Failure::input)
}
