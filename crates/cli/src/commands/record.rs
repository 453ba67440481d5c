//! `ringfence record`: watch a service, a process or a command, and write what it did to a profile.

use crate::context::Context;
use crate::failure::Failure;
use ringfence_record::{
    Command, Ended, Progress, PtraceRecorder, RecordError, Recorder, RecorderKind, Report, Session, Stop,
    Target,
};
use rustix::process::Pid;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What to record, and how.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("target").required(true)))]
pub struct Args {
    /// Record the running process PID and its descendants
    #[arg(long, value_name = "PID", group = "target")]
    pid: Option<i32>,
    /// Record the processes of the control group whose directory is PATH
    #[arg(long, value_name = "PATH", group = "target")]
    cgroup: Option<PathBuf>,
    /// Run CMD and record it
    #[arg(last = true, value_name = "CMD", group = "target")]
    command: Vec<OsString>,
    /// Where the profile goes
    #[arg(short, long, value_name = "FILE", default_value = "profile.json")]
    output: PathBuf,
    /// Stop after this time, such as 30s or 5m
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    limit: Option<Duration>,
}

/// Records until the target has ended or it is enough.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let target = target(args)?;
    let stop = Stop::new().map_err(failure)?;
    stop_on_signals(&stop)?;
    let recorder: Box<dyn Recorder> = Box::new(PtraceRecorder::new().map_err(failure)?);
    let session =
        Session { name: String::new(), target, limit: args.limit, output: Some(args.output.clone()) };
    let mut last = Progress::default();
    let outcome = session
        .run(recorder, &stop, &mut |report| {
            if let Report::Progress(progress) = report {
                last = progress;
            }
        })
        .map_err(|error| Failure::input(chain(&error)))?;
    let ended = outcome.ended.map_err(failure)?;
    context.note(format_args!(
        "{} paths, {} events, {} lost in {}: {}",
        last.paths,
        last.events,
        last.lost,
        humantime::format_duration(Duration::from_secs(last.elapsed.as_secs())),
        args.output.display()
    ));
    Ok(match ended {
        Ended::Command(status) => {
            let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
        }
        Ended::Gone | Ended::Stopped => ExitCode::SUCCESS,
    })
}

fn target(args: &Args) -> Result<Target, Failure> {
    if let Some(pid) = args.pid {
        let pid = Pid::from_raw(pid).filter(|_| pid > 0);
        return pid
            .map(Target::Process)
            .ok_or_else(|| Failure::input("--pid takes a process number above 0"));
    }
    if let Some(cgroup) = &args.cgroup {
        return Ok(Target::Cgroup(cgroup.clone()));
    }
    let mut words = args.command.iter().cloned();
    let program = words.next().ok_or_else(|| Failure::input("there is no command after --"))?;
    Ok(Target::Command(Command { program, arguments: words.collect() }))
}

/// SIGINT and SIGTERM end the recording; what was recorded is saved in any case, however many there are.
fn stop_on_signals(stop: &Stop) -> Result<(), Failure> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let stop = stop.clone();
    std::thread::spawn(move || signals.forever().for_each(|_| stop.set()));
    Ok(())
}

fn failure(error: RecordError) -> Failure {
    let failure = Failure::input(chain(&error));
    match error {
        RecordError::Unavailable { kind: RecorderKind::Ebpf, .. } => failure.hint("try --recorder ptrace"),
        _ => failure,
    }
}

/// An error with its causes, as one sentence.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
