//! The shadow's side of a trial.
//!
//! Its first process drives the service: it runs the exercise, asks for reload and stop. The service itself belongs to a
//! second process, which is the parent of all that the service starts, so that the exercise is never taken for a part
//! of the service.

use crate::outside::Trial;
use crate::report::Told;
use crate::{bus, exercise, link, sockets};
use ringfence_engine::{Streams, own_bases, own_runtime_directory};
use ringfence_host::HostFacts;
use ringfence_sandbox::facts::Facts;
use ringfence_sandbox::plan::Mode;
use ringfence_service::{Controls, Event, Observer, Options, Outcome, Passed, Refused, Requests, Role};
use ringfence_settings::{BindMount, DirectoryKind, Preserve, ServiceType, Settings};
use ringfence_sockets::Taken;
use ringfence_sys::fork::fork_process;
use ringfence_terms::{AbsPath, Sourced};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{FlockOperation, MemfdFlags, fcntl_lock, memfd_create};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs the trial; the calling process is the first of a new PID namespace. An ordinary user's shadow is made with the places
/// where that user writes.
pub fn run(trial: &Trial<'_>, facts: &HostFacts, user: Option<&[PathBuf]>, link: BorrowedFd<'_>) -> Told {
    let mut told = Told::default();
    let entered = match user {
        None => ringfence_shadow::enter(facts.mounts()),
        Some(places) => ringfence_shadow::enter_as_user(facts.mounts(), places),
    };
    match entered {
        Ok(report) => {
            told.shadow = report.weaknesses.iter().map(|w| format!("{}: {}", w.path, w.why)).collect();
        }
        Err(error) => {
            told.messages.push(error.to_string());
            return told;
        }
    }
    match drive(trial, link, told.clone()) {
        Ok(told) => told,
        Err(errno) => {
            told.messages.push(format!("the trial itself failed: {errno}"));
            told
        }
    }
}

/// Starts the service in a process of its own, and drives it.
fn drive(trial: &Trial<'_>, link: BorrowedFd<'_>, mut told: Told) -> Result<Told, Errno> {
    forget_runtime_directories(trial.settings);
    for path in trial.left_behind {
        // One of these two it is; what is gone already is as good as removed.
        let _ = std::fs::remove_dir_all(path);
        let _ = std::fs::remove_file(path);
    }
    if trial.bus
        && let Err(why) = bus::start(trial.output)
    {
        told.messages.push(format!("there is no message bus in the shadow: {why}"));
    }
    let settings = adapted(trial, trial.settings);
    let (controls, requests) = Controls::new().map_err(|_| Errno::NFILE)?;
    let (ready_read, ready_write) = pipe_with(PipeFlags::CLOEXEC)?;
    let (told_read, told_write) = pipe_with(PipeFlags::CLOEXEC)?;
    let told_write = File::from(told_write);
    let mut requests = Some(requests);
    let opened = match HostFacts::of_this_machine() {
        Ok(facts) => ringfence_sockets::open(trial.sockets, &facts, Taken::Replace),
        Err(_) => return Err(Errno::IO),
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            told.messages.push(error.to_string());
            told.result = "resources".to_owned();
            return Ok(told);
        }
    };
    // Processes that are about to execute speak through one link, one after the other.
    let turn = memfd_create("turn", MemfdFlags::CLOEXEC)?;
    let run_once = |mut passed: Passed<'_>, requests: Requests| {
        let instance = passed.instance.take().and_then(|instance| (trial.of_instance)(&instance));
        let instance = instance.map(|settings| adapted(trial, &settings));
        let Ok(facts) = HostFacts::of_this_machine() else {
            return Told { messages: vec!["the shadow cannot be looked at".to_owned()], ..Told::default() };
        };
        let options = Options {
            mode: Mode::Faithful,
            bases: own_bases(),
            sockets: own_runtime_directory().join("ringfence"),
            streams: Streams { output: trial.output, error: trial.output, terminal: None },
            requests,
            passed,
        };
        let (ready, turn) = (ready_write.as_fd(), turn.as_fd());
        let mut watcher = Watcher { link, ready, turn, told: Told::default(), trial };
        let outcome =
            ringfence_service::run(instance.as_ref().unwrap_or(&settings), &facts, options, &mut watcher);
        conclude(watcher.told, outcome)
    };
    let supervisor = fork_process(|| {
        let Some(requests) = requests.take() else { return 1 };
        let told = match opened.listeners.is_empty() {
            true => run_once(Passed::default(), requests),
            false => {
                if opened.listeners.iter().all(|listener| sockets::is_awaited(listener, trial)) {
                    // That it listens is all that can be waited for.
                    let _ = rustix::io::write(&ready_write, b"r");
                }
                sockets::serve(trial, &opened, requests, &run_once)
            }
        };
        let written = serde_json::to_vec(&told).map(|bytes| (&told_write).write_all(&bytes));
        u8::from(!matches!(written, Ok(Ok(()))))
    })?;
    drop((ready_write, told_write));
    let ready_read = File::from(ready_read);
    if !all_of((&ready_read).take(1))?.is_empty() {
        let ready = Instant::now();
        match trial.exercise {
            Some(line) => told.exercise = Some(exercise::run(line, trial.directory, trial.limit)),
            None => {
                for listener in opened.listeners.iter().filter(|l| sockets::is_awaited(l, trial)) {
                    // What the service does about it is recorded; that it hangs up is no failure.
                    let _ = sockets::knock(listener, trial.settle);
                }
            }
        }
        if told.exercise.is_none_or(|status| status == 0) && can_reload(trial.settings) {
            controls.reload();
            std::thread::sleep(trial.settle);
            if let Some(line) = trial.exercise {
                told.after_reload = Some(exercise::run(line, trial.directory, trial.limit));
            }
        }
        // A service that does not tell that it is ready may have done nothing yet when a quick exercise is over.
        if trial.exercise.is_none() || !tells_readiness(&settings) {
            std::thread::sleep(trial.settle.saturating_sub(ready.elapsed()));
        }
        controls.stop();
    }
    let service: Told = serde_json::from_slice(&all_of(File::from(told_read))?).unwrap_or_else(|_| Told {
        messages: vec!["the process that ran the service ended before its time".to_owned()],
        ..Told::default()
    });
    reap(supervisor);
    let messages = told.messages.into_iter().chain(service.messages).collect();
    Ok(Told {
        exercise: told.exercise,
        after_reload: told.after_reload,
        shadow: told.shadow,
        messages,
        ..service
    })
}

/// The settings as the trial needs them: it does not wait for longer than its caller would, and a hidden tree shows its
/// notification socket as it would show systemd's.
fn adapted(trial: &Trial<'_>, settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    if let Some(patience) = trial.patience {
        for timeout in [&mut settings.service.timeout_start, &mut settings.service.timeout_stop] {
            timeout.value = Some(timeout.value.map_or(patience, |limit| limit.min(patience)));
        }
    }
    let shown = |bind: &Sourced<BindMount>| bind.value.source.as_path() == Path::new("/run/systemd/notify");
    if settings.paths.binds.iter().any(shown)
        && let Ok(path) = AbsPath::parse(own_runtime_directory().join("ringfence"))
    {
        settings.paths.binds.push(Sourced::built_in(BindMount {
            source: path.clone(),
            destination: path,
            read_only: true,
            recursive: true,
            optional: true,
        }));
    }
    settings
}

/// The machine's service may be running, and a shadow has its files. With a restart, `RuntimeDirectory=` is made anew.
fn forget_runtime_directories(settings: &Settings) {
    if settings.directories.preserve_runtime.value != Preserve::No {
        return;
    }
    let Some(base) = own_bases().of(DirectoryKind::Runtime).cloned() else { return };
    for directory in settings.directories.all.iter().filter(|d| d.value.kind == DirectoryKind::Runtime) {
        // One that is not there is as good as removed.
        let _ = std::fs::remove_dir_all(base.as_path().join(&directory.value.path));
    }
}

fn tells_readiness(settings: &Settings) -> bool {
    !matches!(settings.service.kind.value, ServiceType::Simple | ServiceType::Exec | ServiceType::Idle)
}

fn can_reload(settings: &Settings) -> bool {
    !settings.service.exec_reload.is_empty() || settings.service.kind.value == ServiceType::NotifyReload
}

/// As the first process of its namespace this one inherits orphans; nothing is to be left of any.
fn reap(supervisor: Pid) {
    let _ = waitpid(Some(supervisor), WaitOptions::empty());
}

fn conclude(mut told: Told, outcome: Result<Outcome, Refused>) -> Told {
    match outcome {
        Ok(outcome) => {
            told.ready |= outcome.was_ready;
            told.result = outcome.result.word().to_owned();
        }
        Err(Refused::Unit(reasons)) => {
            told.result = "refused".to_owned();
            told.messages.extend(reasons.into_iter().map(|reason| reason.why));
        }
        Err(Refused::SetUp(failure)) => {
            told.result = "resources".to_owned();
            told.messages.push(failure.to_string());
        }
    }
    told
}

/// Hears what happens to the service, and holds each of its processes until a recorder watches it.
struct Watcher<'a> {
    link: BorrowedFd<'a>,
    ready: BorrowedFd<'a>,
    /// Locked by the process whose turn it is to speak through the link.
    turn: BorrowedFd<'a>,
    told: Told,
    trial: &'a Trial<'a>,
}

impl Observer for Watcher<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Ready(_) => {
                self.told.ready = true;
                // Nobody reads any more when the trial is over already.
                let _ = rustix::io::write(self.ready, b"r");
            }
            Event::NotStarted { role, command, failure } => {
                let because = failure
                    .origin
                    .as_ref()
                    .map_or_else(String::new, |origin| format!(", because of {origin}"));
                self.told.messages.push(format!("{}={}: {failure}{because}", role.directive(), command.path));
            }
            Event::Ended { role, command, exit, clean: false } => {
                self.told.reload_failed |= role == Role::Reload;
                self.told.messages.push(format!("{}={} ended: {exit:?}", role.directive(), command.path));
            }
            Event::Shortfall(shortfall) => self.told.weaker.push(shortfall.to_string()),
            Event::TimedOut { what, limit } => {
                self.told.messages.push(format!("{what} took longer than {} s", limit.as_secs_f64()));
            }
            _ => {}
        }
    }

    fn wants_to_see(&self, role: Role) -> bool {
        let _ = role;
        self.trial.recorder.is_some()
    }

    fn about_to_execute(&mut self, _: Role, pid: Pid) {
        // Without an answer the process goes on unwatched; the other side tells what went wrong.
        let _ = fcntl_lock(self.turn, FlockOperation::LockExclusive);
        if link::announce(self.link, pid).is_ok() {
            let mut answer = [0; 1];
            let _ = rustix::io::read(self.link, &mut answer);
        }
        let _ = fcntl_lock(self.turn, FlockOperation::Unlock);
    }
}

/// What there is to read.
fn all_of(mut from: impl Read) -> Result<Vec<u8>, Errno> {
    let mut all = Vec::new();
    from.read_to_end(&mut all).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(all)
}
