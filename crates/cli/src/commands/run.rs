//! `ringfence run UNIT`.

use crate::commands::narrator::Narrator;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_engine::Streams;
use ringfence_host::HostFacts;
use ringfence_sandbox::plan::Mode;
use ringfence_service::{
    Activated, Activation, Controls, Options, Outcome, Passed, Refused, Requests, ServiceResult, Start,
    activate, own_bases, own_runtime_directory,
};
use ringfence_settings::Settings;
use ringfence_sockets::{SocketUnit, Taken, trigger_interval};
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file
    unit: String,
    /// Enforce what systemd's manual promises, without the surprises of systemd 257
    #[arg(long)]
    as_documented: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if context.root.is_some() {
        return Err(Failure::input("run starts services of this machine, not of a tree below --root")
            .hint("leave --root out, and give the unit's path"));
    }
    let (units, unit, settings) = context.settings_among_units(&args.unit)?;
    if let Some(status) = conditions(&settings, context) {
        return Ok(status);
    }
    let facts = context.facts_for_one_unit()?;
    let (_controls, requests) = Controls::new()?;
    let requests = requests.with_signals()?;
    let sockets = context.sockets(&units, &unit, &settings);
    let run_once = |mut passed: Passed<'_>, requests: Requests| {
        // What only its name tells apart is in its settings.
        let instance = passed.instance.take();
        let options = Options {
            mode: if args.as_documented { Mode::Documented } else { Mode::Faithful },
            bases: own_bases(),
            sockets: own_runtime_directory().join("ringfence"),
            streams: Streams::of_the_caller(),
            requests,
            passed,
        };
        let own = instance.and_then(|instance| unit.as_instance(&instance).ok());
        let own = own.map(|unit| Settings::from_unit(&unit).0);
        let settings = own.as_ref().unwrap_or(&settings);
        let mut narrator = Narrator::new(context, settings.unit.as_str());
        let outcome = ringfence_service::run(settings, &facts, options, &mut narrator).map_err(refused)?;
        narrator.outcome(&outcome);
        Ok(outcome)
    };
    if sockets.is_empty() {
        return Ok(status(&run_once(Passed::default(), requests)?));
    }
    serve(&sockets, &settings, &facts, context, requests, &run_once)
}

/// Listens as the socket units say, and runs the service when it is asked for: at once where it takes what comes itself
/// (one of `Type=oneshot` when something comes), and for each connection with `Accept=yes`.
fn serve(
    sockets: &[SocketUnit],
    settings: &Settings,
    facts: &HostFacts,
    context: &Context,
    requests: Requests,
    run_once: &dyn Fn(Passed<'_>, Requests) -> Result<Outcome, Failure>,
) -> Result<ExitCode, Failure> {
    let opened = ringfence_sockets::open(sockets, facts, Taken::Respect).map_err(Failure::input)?;
    for listener in &opened.listeners {
        context.note(format_args!("listening on {} for {}", listener.place, settings.unit));
    }
    let in_process = |passed: Passed<'_>, requests: Requests| match run_once(passed, requests) {
        Ok(outcome) => (vec![outcome.status()], outcome.result == ServiceResult::Success),
        Err(failure) => {
            failure.report();
            (vec![failure.exit_status()], false)
        }
    };
    let mut status = 0;
    let activation = Activation {
        opened: &opened,
        start: Start::of(settings),
        trigger_limit: sockets.iter().filter_map(|unit| unit.settings.socket.trigger_limit.value).min(),
        grace: Duration::ZERO,
        trigger_interval: trigger_interval(sockets),
        requests,
    };
    let activated =
        activate(activation, &in_process, &mut |told| status = told.first().copied().unwrap_or(1));
    opened.close();
    match activated? {
        Activated::Stopped | Activated::Failed => Ok(ExitCode::from(status)),
        Activated::TriggerLimit => Err(Failure::input(format!(
            "{} was started again and again: it does not take what waits in its sockets",
            settings.unit
        ))
        .hint("with Accept=no the service itself must accept, read, or receive what comes")
        .status(1)),
    }
}

/// Checks `Condition…=` and `Assert…=`; the exit status when they keep the unit from starting. An unmet condition skips
/// it, which is no failure; an unmet assert is one.
fn conditions(settings: &Settings, context: &Context) -> Option<ExitCode> {
    let checked = ringfence_host::conditions::check(&settings.unit_section.conditions);
    for (condition, why) in checked.unknown {
        context.note(format_args!("{}: {}: {why}; taken to hold", settings.unit, condition.origin));
    }
    let unmet = checked.unmet?;
    let word = if unmet.is_assert { "failed" } else { "skipped" };
    context.note(format_args!("{word}: {}: {} does not hold here", settings.unit, unmet.origin));
    Some(ExitCode::from(u8::from(unmet.is_assert)))
}

/// A unit that is not run at all. systemd gives such a start no exit status; usage and input mistakes are 2.
pub fn refused(refused: Refused) -> Failure {
    match refused {
        Refused::Unit(reasons) => {
            let mut failure = Failure::input("systemd would refuse this unit");
            for reason in reasons {
                failure = failure.hint(match reason.origin {
                    Some(origin) => format!("{}: {origin}", reason.why),
                    None => reason.why,
                });
            }
            failure
        }
        Refused::SetUp(failure) => {
            let mut told = Failure::input(&failure).status(failure.status());
            if let Some(origin) = &failure.origin {
                told = told.hint(format!("because of {origin}"));
            }
            if let Some(hint) = &failure.hint {
                told = told.hint(hint);
            }
            told
        }
    }
}

fn status(outcome: &Outcome) -> ExitCode {
    ExitCode::from(outcome.status())
}
