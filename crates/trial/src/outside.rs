//! The recording side of a trial.

use crate::report::{Report, Told};
use crate::{inside, link};
use ringfence_host::HostFacts;
use ringfence_profile::Profile;
use ringfence_record::{RecordError, Recorder, Session, Stop, Target};
use ringfence_settings::Settings;
use ringfence_sockets::SocketUnit;
use ringfence_sys::fork::{become_first_of_pid_namespace, fork_process};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, geteuid, kill_process, waitpid};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A trial to run.
pub struct Trial<'a> {
    /// The unit's settings, a proposal included.
    pub settings: &'a Settings,
    /// The settings of an instance of its template, where connections make those; none where they are the same.
    pub of_instance: &'a OfInstance<'a>,
    /// The socket units that start it.
    pub sockets: &'a [SocketUnit],
    /// There is to be a message bus in the shadow.
    pub bus: bool,
    /// What is not to be there when it starts: what the service left below `/run` since the last boot.
    pub left_behind: &'a [PathBuf],
    /// How the service is driven: a line for the shell, which exits with 0 when all works.
    pub exercise: Option<&'a str>,
    /// Where the exercise runs, so that it finds what it names relative to that.
    pub directory: &'a Path,
    /// How long the exercise may take.
    pub limit: Duration,
    /// How long start and stop may take each, where the unit allows more.
    pub patience: Option<Duration>,
    /// How long a service is left alone where nothing tells that it is done: after a reload, or without an exercise.
    pub settle: Duration,
    /// Makes a recorder for each of the service's commands; without one nothing is recorded.
    pub recorder: Option<&'a MakeRecorder<'a>>,
    /// Where the service's output goes.
    pub output: BorrowedFd<'a>,
}

/// How long a recorder may take to get ready: the kernel checks its programs first, and the machine may be busy.
const READY: Duration = Duration::from_secs(60);

/// The settings of an instance.
pub type OfInstance<'o> = dyn Fn(&str) -> Option<Settings> + 'o;

/// Makes a recorder.
pub type MakeRecorder<'r> = dyn Fn() -> Result<Box<dyn Recorder>, RecordError> + 'r;

/// Why a trial could not be run at all.
#[derive(Debug)]
pub struct TrialError {
    doing: &'static str,
    why: String,
}

impl TrialError {
    /// The service's output could not be kept.
    pub fn output(error: std::io::Error) -> TrialError {
        TrialError { doing: "keep the service's output", why: error.to_string() }
    }
}

impl fmt::Display for TrialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.why)
    }
}

impl std::error::Error for TrialError {}

fn cannot(doing: &'static str) -> impl Fn(Errno) -> TrialError {
    move |errno| TrialError { doing, why: errno.to_string() }
}

/// Runs a trial to its end. The calling process should have one thread.
///
/// # Errors
/// When the machine cannot be looked at, or no process can be made. Whatever goes wrong in the shadow is in the report.
pub fn run(trial: &Trial<'_>) -> Result<Report, TrialError> {
    let facts = HostFacts::of_this_machine()
        .map_err(|error| TrialError { doing: "look at the machine", why: error.to_string() })?;
    let user = (!geteuid().is_root()).then(|| places(trial.directory));
    let (outside, inside) = link::pair().map_err(cannot("make a socket for the trial"))?;
    let first = fork_process(|| {
        let mut told = Told::default();
        let users = if user.is_some() { ringfence_shadow::own_users() } else { Ok(()) };
        match users.map(|()| become_first_of_pid_namespace(|_| ())) {
            Ok(Ok(())) => told = inside::run(trial, &facts, user.as_deref(), inside.as_fd()),
            Ok(Err(errno)) => {
                told.messages.push(format!("cannot make a PID namespace: {errno}; a trial needs root"))
            }
            Err(error) => told.messages.push(error.to_string()),
        }
        let bytes = serde_json::to_vec(&told).unwrap_or_default();
        u8::from(link::conclude(&inside, &bytes).is_err())
    })
    .map_err(cannot("make a process for the trial"))?;
    drop(inside);
    let report = listen(trial, &outside);
    // The process that made the namespace exits at once; its first process is ours too, and ends with its namespace.
    let mut ended = Vec::new();
    while ended.len() < 2 {
        match waitpid(None, WaitOptions::empty()) {
            Ok(Some((pid, _))) => ended.push(pid),
            Ok(None) | Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    // Where something went wrong so early that nobody ends it. The number of one that was waited for may be another's.
    if !ended.contains(&first) {
        let _ = kill_process(first, Signal::KILL);
    }
    report
}

/// Where an ordinary user's service writes: the user's own directories, those for temporary files, and where the exercise runs.
fn places(directory: &Path) -> Vec<PathBuf> {
    let own = ["HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];
    let own = own.into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let everybodys = ["/tmp", "/var/tmp"].map(PathBuf::from);
    own.chain(everybodys).chain([directory.to_path_buf()]).filter(|place| place.is_absolute()).collect()
}

/// Attaches recorders until all is told.
fn listen(trial: &Trial<'_>, outside: &OwnedFd) -> Result<Report, TrialError> {
    let stop =
        Stop::new().map_err(|error| TrialError { doing: "prepare recording", why: error.to_string() })?;
    let mut recordings: Vec<JoinHandle<Result<Profile, String>>> = Vec::new();
    let mut problems = Vec::new();
    let told = loop {
        match link::hear(outside).map_err(cannot("hear from the trial"))? {
            link::Heard::Waiting(pid) => {
                match trial.recorder.map(|make| make()) {
                    Some(Ok(recorder)) => match attach(recorder, pid, &stop) {
                        Ok(recording) => recordings.push(recording),
                        Err(why) => problems.push(why),
                    },
                    Some(Err(error)) => problems.push(error.to_string()),
                    None => {}
                }
                // The process waits for one byte. When it is gone there is nobody to tell.
                let _ = rustix::net::send(outside, b"g", rustix::net::SendFlags::NOSIGNAL);
            }
            link::Heard::Told(bytes) => break serde_json::from_slice(&bytes).unwrap_or_default(),
            link::Heard::Gone => {
                problems.push("the shadow ended without a word".to_owned());
                break Told::default();
            }
        }
    };
    stop.set();
    let mut profile = Profile::new();
    for recording in recordings {
        match recording.join() {
            Ok(Ok(part)) => profile.merge(&part),
            Ok(Err(why)) => problems.push(why),
            Err(_) => problems.push("a recorder panicked".to_owned()),
        }
    }
    // Until it executes its command a process is this program's, and takes its privileges off.
    if let Some(own) = std::env::current_exe().ok().as_deref().and_then(Path::file_name) {
        profile.forget_capabilities_of(own);
    }
    Ok(Report { told, profile, recording: problems })
}

/// Starts recording a process; returns once it is watched.
fn attach(
    recorder: Box<dyn Recorder>,
    pid: Pid,
    stop: &Stop,
) -> Result<JoinHandle<Result<Profile, String>>, String> {
    let (ready, is_ready) = mpsc::channel();
    let stop = stop.clone();
    let recording = std::thread::spawn(move || {
        let session = Session::new(Target::Process(pid));
        let outcome = session
            .run(recorder, &stop, &mut |report| {
                if report == ringfence_record::Report::Ready {
                    // The other side may have given up waiting.
                    let _ = ready.send(());
                }
            })
            .map_err(|error| error.to_string())?;
        match outcome.ended {
            Ok(_) => Ok(outcome.profile),
            Err(error) => Err(format!("recording process {}: {error}", pid.as_raw_nonzero())),
        }
    });
    match is_ready.recv_timeout(READY) {
        Ok(()) => Ok(recording),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            Err(format!("a recorder did not get ready within {} s", READY.as_secs()))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => match recording.join() {
            Ok(Err(why)) => Err(why),
            _ => Err("a recorder ended before it was ready".to_owned()),
        },
    }
}
