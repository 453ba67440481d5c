//! `ringfence record`: watch a service, a process or a command, and write what it did to a profile.

mod live;
mod what;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{count, profile_output};
use crate::recorders::{self, Choice};
use live::Live;
use ringfence_record::{Ended, Outcome, RecordError, Recorder, RecorderKind, Report, Session, Stop};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::JoinHandle;
use std::time::Duration;
use what::What;

// What to record, and how.
#[derive(clap::Args)]
#[command(
    group(clap::ArgGroup::new("target").required(true)),
    override_usage = "ringfence record [OPTIONS] <UNIT | --pid <PID> | --cgroup <PATH> | -- <CMD>...>"
)]
pub struct Args {
    /// Record the running service UNIT
    #[arg(value_name = "UNIT", group = "target")]
    unit: Option<String>,
    /// Record the running process PID and its descendants
    #[arg(long, value_name = "PID", group = "target", allow_negative_numbers = true)]
    pid: Option<i32>,
    /// Record the processes of the control group whose directory is PATH
    #[arg(long, value_name = "PATH", group = "target")]
    cgroup: Option<PathBuf>,
    /// Run CMD and record it
    #[arg(last = true, value_name = "CMD", group = "target")]
    command: Vec<OsString>,
    /// Where the profile goes; - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "profile.json", value_parser = profile_output())]
    output: PathBuf,
    /// Stop after this time, such as 30s or 5m
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    limit: Option<Duration>,
    /// Restart UNIT first, to record its start-up too; without a service manager, run it here
    #[arg(long, requires = "unit")]
    restart: bool,
    /// Which recorder
    #[arg(long, value_enum, default_value_t, value_name = "RECORDER")]
    recorder: Choice,
}

/// Records until the target has ended or it is enough.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let what = What::of(args, context)?;
    let stop = Stop::new().map_err(failure)?;
    stop_on_signals(&stop)?;
    let session = Session {
        name: what.name.clone(),
        limit: args.limit,
        output: Some(args.output.clone()),
        starters: what.starters.clone(),
        starts: what.restart.is_some(),
        ..Session::new(what.target.clone())
    };
    let mut choice = args.recorder;
    loop {
        let recorder = recorders::choose(choice, context).map_err(|error| recorders::failure(&error))?;
        let outcome = watch(&session, recorder, &what, &stop, context)?;
        match outcome.ended {
            // Whether the kernel takes the programs is only known when it is asked.
            Err(error) if choice == Choice::Auto && is_ebpfs(&error) => {
                recorders::note_fallback(&error, context);
                choice = Choice::Ptrace;
            }
            _ => return conclude(outcome, args, context),
        }
    }
}

/// One recording, with its live line, and the restart that was asked for.
fn watch(
    session: &Session,
    recorder: Box<dyn Recorder>,
    what: &What,
    stop: &Stop,
    context: &Context,
) -> Result<Outcome, Failure> {
    if what.restart.is_some() && recorder.kind() == RecorderKind::Ptrace {
        return Err(Failure::input("ptrace cannot watch what the service manager starts")
            .hint("without --restart, ptrace attaches to the running service")
            .hint("recording a start-up through the service manager needs root and the eBPF recorder"));
    }
    let live = Live::new(context, &what.target);
    let mut restarting = None;
    let outcome = session.clone().run(recorder, stop, &mut |report| match report {
        Report::Ready => {
            live.ready();
            restarting = what.restart.clone().map(|unit| {
                let stop = stop.clone();
                // When that fails there is nothing to record.
                std::thread::spawn(move || what::restart(&unit).inspect_err(|_| stop.set()))
            });
        }
        Report::Progress(progress) => live.show(&progress),
    });
    live.end();
    let outcome = outcome.map_err(|error| Failure::input(recorders::chain(&error)))?;
    // A restart that is still going on is the manager's business.
    if let Some(Ok(restarted)) = restarting.filter(|thread| thread.is_finished()).map(JoinHandle::join) {
        restarted?;
    }
    Ok(outcome)
}

/// Tells what came of it.
fn conclude(outcome: Outcome, args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    for (_, recording) in outcome.profile.recordings().filter(|_| outcome.began) {
        context.note(format_args!(
            "{}: {} from {} in {}",
            args.output.display(),
            count(outcome.profile.paths() as u64, "path"),
            count(recording.events, "event"),
            humantime::format_duration(Duration::from_secs(recording.seconds))
        ));
        for spot in &recording.blind_spots {
            context.note(format_args!("note: {}", spot.sentence()));
        }
    }
    Ok(match outcome.ended.map_err(failure)? {
        Ended::Command(status) => {
            let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
        }
        Ended::Gone | Ended::Stopped => ExitCode::SUCCESS,
    })
}

/// Whether another recorder may do what the eBPF recorder cannot.
fn is_ebpfs(error: &RecordError) -> bool {
    use RecordError::{Unavailable, Unsuitable};
    matches!(
        error,
        Unavailable { kind: RecorderKind::Ebpf, .. } | Unsuitable { kind: RecorderKind::Ebpf, .. }
    )
}

/// SIGINT and SIGTERM end the recording; what was recorded is saved in any case, however many there are.
fn stop_on_signals(stop: &Stop) -> Result<(), Failure> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let stop = stop.clone();
    std::thread::spawn(move || signals.forever().for_each(|_| stop.set()));
    Ok(())
}

fn failure(error: RecordError) -> Failure {
    recorders::failure(&error)
}
