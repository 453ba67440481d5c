//! `--reproduce`: the service on a shadow of the machine, under a recorder.

use super::Args;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_diagnose::Case;
use ringfence_record::{PtraceRecorder, Recorder};
use ringfence_reproduce::{Notebook, Reproduction, Seen, reproduce};
use ringfence_settings::Settings;
use ringfence_trial::{Trial, TrialError};
use rustix::fd::AsFd;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

/// A service that nobody drives and that goes on is left alone for so long.
const SETTLE: Duration = Duration::from_secs(2);

/// Runs the trials.
pub fn run(case: &Case<'_>, name: &str, args: &Args, context: &Context) -> Result<Reproduction, Failure> {
    if context.root.is_some() {
        return Err(Failure::input(
            "--reproduce runs services on a shadow of this machine, not of a tree below --root",
        ));
    }
    if !rustix::process::geteuid().is_root() {
        return Err(Failure::input("--reproduce needs root: a shadow of the machine cannot be made without")
            .hint("run it as root, or in a container where you are root"));
    }
    let directory = std::env::current_dir()?;
    let sockets = context.sockets(&context.units_around(name)?, case.unit, case.settings);
    let mut count = 0;
    let mut trial = |settings: &Settings| -> Result<Seen, TrialError> {
        count += 1;
        context.note(match count {
            1 => "trying the service in its sandbox, on a shadow of the machine".to_owned(),
            2 => "trying it outside of its sandbox".to_owned(),
            _ => format!("trying a fix ({})", count - 2),
        });
        let mut log = tempfile::tempfile().map_err(TrialError::output)?;
        let notebook = Notebook::default();
        let notes = notebook.clone();
        let make = move || {
            PtraceRecorder::new().map(|recorder| notes.noting(Box::new(recorder) as Box<dyn Recorder>))
        };
        let report = ringfence_trial::run(&Trial {
            left_behind: &[],
            settings,
            of_instance: &|_| None,
            sockets: &sockets,
            bus: ringfence_trial::bus::is_wanted(case.unit, settings),
            exercise: args.exercise.as_deref(),
            directory: &directory,
            limit: args.limit,
            patience: None,
            settle: SETTLE,
            recorder: Some(&make),
            output: log.as_fd(),
        })?;
        let mut output = Vec::new();
        log.seek(SeekFrom::Start(0))
            .and_then(|_| log.read_to_end(&mut output))
            .map_err(TrialError::output)?;
        Ok(Seen { report, events: notebook.events(), output })
    };
    let found = reproduce(case, &mut trial).map_err(Failure::input)?;
    for problem in &found.problems {
        context.note(format_args!("recording: {problem}"));
    }
    context.note(verdict(&found));
    Ok(found)
}

/// What the trials say, in one sentence.
fn verdict(found: &Reproduction) -> String {
    match (&found.inside, &found.outside) {
        (None, _) => {
            "it works in its sandbox here; if it should not, drive it with --exercise CMD".to_owned()
        }
        (Some(why), Some(also)) => {
            format!("in its sandbox: {why}. Outside of it: {also}. So its sandbox is not all that is wrong")
        }
        (Some(why), None) if found.proven => {
            format!("in its sandbox: {why}. Outside of it, and with the first fix of each finding, it works")
        }
        (Some(why), None) => {
            format!("in its sandbox: {why}. Outside of it, it works; no fix was found that is enough")
        }
    }
}
