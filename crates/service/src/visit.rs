//! Another command in a unit's sandbox: a shell, to look around.

use crate::Exit;
use crate::environment::of_the_system;
use ringfence_engine::{
    Failure, Launch, Progress, Runtime, Shortfall, Starting, Step, Streams, Wait, filter_devices,
};
use ringfence_sandbox::facts::Facts;
use ringfence_sandbox::plan::{Bases, For, Mode, Plan};
use ringfence_settings::{BindMount, Command, Privileges, Settings};
use ringfence_terms::{AbsPath, Sourced, Written};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use signal_hook::consts::{SIGINT, SIGQUIT};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A command to run where a unit's main process would run.
pub struct Visit<'a> {
    /// The command and its arguments.
    pub argv: Vec<String>,
    /// Host paths that are shown in addition, read-only and at the same place, for example a static shell.
    pub bring: Vec<AbsPath>,
    /// Whether systemd 257's surprises are reproduced.
    pub mode: Mode,
    /// Where `StateDirectory=` and its kin lie.
    pub bases: Bases,
    /// The command's standard streams.
    pub streams: Streams<'a>,
}

/// What a visit came to.
#[derive(Debug)]
pub struct Visited {
    /// How the command ended.
    pub exit: Exit,
    /// What the sandbox lacked.
    pub shortfalls: Vec<Shortfall>,
}

/// Runs a command in the sandbox of a unit's main process: as its user, with its view, its limits and its filters. What the
/// unit's start would make, its directories and credentials, is made. Nothing is left but what was there before.
///
/// # Errors
/// When the sandbox cannot be set up, or the command is not in it.
pub fn visit(settings: &Settings, facts: &dyn Facts, visit: &Visit<'_>) -> Result<Visited, Failure> {
    let mut settings = settings.clone();
    let bring = visit.bring.iter().map(|path| {
        Sourced::built_in(BindMount {
            source: path.clone(),
            destination: path.clone(),
            read_only: true,
            recursive: true,
            optional: false,
        })
    });
    settings.paths.binds.extend(bring);
    // A visitor's streams are the visitor's.
    let command = command(&visit.argv);
    let run = For { bases: visit.bases.clone(), ..For::starting(&command) };
    let runtime = Runtime::for_guest(&settings, facts, visit.bases.clone())?;
    let plan = Plan::of(&settings, facts, &run, visit.mode);
    let mut environment = of_the_system();
    if let Ok(term) = std::env::var("TERM") {
        environment.set("TERM", term);
    }
    let group = runtime.device_group(&settings, facts);
    let of_devices = filter_devices(&settings, group.as_ref().map(AsFd::as_fd));
    let launch = Launch {
        settings: &settings,
        facts,
        runtime: &runtime,
        command: &command,
        run: &run,
        plan: &plan,
        environment: &environment,
        streams: visit.streams,
        descriptors: &[],
        opens_files: false,
        cgroup: group.as_ref().map(AsFd::as_fd),
        stores_credentials: true,
        wait: Wait::No,
    };
    // Keys that interrupt are for the command, which is in the foreground with this process.
    let ignored = Arc::new(AtomicBool::new(false));
    let handlers: Vec<_> = [SIGINT, SIGQUIT]
        .into_iter()
        .filter_map(|signal| signal_hook::flag::register(signal, Arc::clone(&ignored)).ok())
        .collect();
    let visited = launch.fork().and_then(|mut starting| wait(&mut starting));
    for handler in handlers {
        signal_hook::low_level::unregister(handler);
    }
    let mut shortfalls = runtime.shortfalls.clone();
    shortfalls.extend(of_devices);
    if let Some(group) = group {
        group.end();
    }
    runtime.clean_up(&settings);
    visited.map(|mut visited| {
        shortfalls.append(&mut visited.shortfalls);
        Visited { shortfalls, ..visited }
    })
}

fn wait(starting: &mut Starting) -> Result<Visited, Failure> {
    loop {
        match starting.progress()? {
            Progress::Waiting => starting.go()?,
            Progress::Started(started) => {
                return Ok(Visited { exit: reap(started.pid)?, shortfalls: started.enforcement.shortfalls });
            }
            Progress::Failed(pid, failure) => {
                reap(pid)?;
                return Err(failure);
            }
            Progress::Vanished(pid) => return Ok(Visited { exit: reap(pid)?, shortfalls: Vec::new() }),
        }
    }
}

fn reap(pid: Pid) -> Result<Exit, Failure> {
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED) {
            Ok(Some(status)) => return Ok(Exit::of(&status)),
            Ok(None) | Err(Errno::INTR) => {}
            Err(e) => return Err(Failure::new(Step::Exec, "wait for the command").errno(e)),
        }
    }
}

/// What stands for a directive where a command is asked for that no unit's line names.
pub const COMMAND: &str = "CMD";

fn command(argv: &[String]) -> Command {
    Command {
        path: argv.first().cloned().unwrap_or_default(),
        argv: argv.to_vec(),
        ignore_failure: false,
        no_variables: true,
        privileges: Privileges::Sandboxed,
        origin: Written {
            directive: COMMAND.into(),
            value: argv.join(" ").into(),
            file: Path::new("(command line)").into(),
            line: 0,
            column: 0,
        }
        .into(),
    }
}
