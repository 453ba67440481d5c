//! One run of a unit, from its first command to its last.

use crate::bus::BusWatch;
use crate::guard::Guard;
use crate::notify::{Message, NotifySocket};
use crate::observer::{Event, Observer};
use crate::processes::Processes;
use crate::spawn::Running;
use crate::{Exit, Outcome, Requests, ServiceResult};
use ringfence_engine::{Failure, Runtime, Shortfall, Step, Streams};
use ringfence_sandbox::facts::Facts;
use ringfence_sandbox::plan::{Bases, Mode};
use ringfence_settings::{BadSetting, Command, NotifyAccess, ServiceType, Settings};
use rustix::fd::BorrowedFd;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How a unit is to be run.
pub struct Options<'a> {
    /// Whether systemd 257's surprises are reproduced.
    pub mode: Mode,
    /// Where `StateDirectory=` and its kin lie.
    pub bases: Bases,
    /// A directory for sockets, for example `/run/ringfence`; made if it is missing.
    pub sockets: PathBuf,
    /// Where output goes that the unit sends to the journal.
    pub streams: Streams<'a>,
    /// What the outside may ask.
    pub requests: Requests,
    /// What the main process gets from who started it.
    pub passed: Passed<'a>,
}

/// What a socket unit hands on to the service that it starts.
#[derive(Clone, Debug, Default)]
pub struct Passed<'a> {
    /// Sockets and pipes, from number 3 on, with their names (sd_listen_fds(3)).
    pub descriptors: Vec<(String, BorrowedFd<'a>)>,
    /// What is said about a connection: `REMOTE_ADDR`, `REMOTE_PORT`.
    pub variables: Vec<(&'static str, String)>,
    /// The instance of the template that the connection is for.
    pub instance: Option<String>,
}

/// Why a unit is not run at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// systemd would refuse it, too.
    Unit(Vec<BadSetting>),
    /// What all commands share could not be set up.
    SetUp(Failure),
}

/// The run.
pub(crate) struct Supervisor<'a> {
    pub settings: &'a Settings,
    pub facts: &'a dyn Facts,
    pub runtime: Runtime,
    pub options: Options<'a>,
    pub observer: &'a mut dyn Observer,
    pub processes: Processes,
    /// Over the service's processes, as soon as there is one.
    pub guard: Option<Guard>,
    pub notify: Option<NotifySocket>,
    /// What was said there before it was known who runs.
    pub unheard: Option<Message>,
    /// Over `BusName=`, for `Type=dbus`.
    pub bus: Option<BusWatch>,
    pub access: NotifyAccess,
    pub main: Option<Running<'a>>,
    pub control: Option<Running<'a>>,
    pub main_exit: Option<Exit>,
    /// Whether the last end of a main process counts as success.
    pub main_clean: bool,
    pub culprit: Option<Exit>,
    pub result: ServiceResult,
    pub was_ready: bool,
    /// The credentials are made for good.
    pub has_credentials: bool,
    pub said: Said,
    pub watchdog: Watchdog,
    /// Until when the service has asked for more time.
    pub extended: Option<Instant>,
    pub told: Vec<Shortfall>,
}

/// What the service has said through its socket, and what the bus says about it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    pub ready: bool,
    pub reloading: bool,
    pub stopping: bool,
    /// Whether `BusName=` is owned; none until the bus has said so.
    pub has_name: Option<bool>,
}

/// How often the service must say that it is alive.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watchdog {
    pub interval: Option<Duration>,
    /// When it last said so; none while nobody waits for it.
    pub last: Option<Instant>,
    /// The service says itself that it is broken.
    pub triggered: bool,
}

/// Runs a unit in the foreground, to its end.
///
/// While it runs this process is the parent of every orphan among its descendants (`PR_SET_CHILD_SUBREAPER`), and other
/// threads should start no processes.
///
/// # Errors
/// When not even the first command can be tried.
pub fn run<'a>(
    settings: &'a Settings,
    facts: &'a dyn Facts,
    options: Options<'a>,
    observer: &'a mut dyn Observer,
) -> Result<Outcome, Refused> {
    if !settings.refused.is_empty() {
        return Err(Refused::Unit(settings.refused.clone()));
    }
    let runtime = Runtime::set_up(settings, facts, options.bases.clone()).map_err(Refused::SetUp)?;
    let name = format!("ringfence-{}", runtime.invocation);
    let processes = Processes::of_a_new_service(&name, facts.mounts()).map_err(|e| {
        Refused::SetUp(Failure::new(Step::Exec, "prepare for the service's processes").errno(e))
    })?;
    let mut supervisor = Supervisor {
        settings,
        facts,
        runtime,
        options,
        observer,
        processes,
        guard: None,
        notify: None,
        unheard: None,
        bus: None,
        access: settings.service.notify_access.value,
        main: None,
        control: None,
        main_exit: None,
        main_clean: true,
        culprit: None,
        result: ServiceResult::default(),
        was_ready: false,
        has_credentials: false,
        said: Said::default(),
        watchdog: Watchdog { interval: settings.service.watchdog.value, ..Watchdog::default() },
        extended: None,
        told: Vec::new(),
    };
    supervisor.open_socket()?;
    Ok(supervisor.run())
}

impl<'a> Supervisor<'a> {
    fn run(mut self) -> Outcome {
        for shortfall in self.runtime.shortfalls.clone() {
            self.tell_shortfall(&shortfall);
        }
        let (ran, down) = match self.start() {
            Ok(()) => (true, self.stay().err()),
            Err(down) => (false, Some(down)),
        };
        self.stop(ran, down);
        if let Some(guard) = &mut self.guard {
            guard.dismiss();
        }
        let outcome = Outcome {
            result: self.result,
            main: self.main_exit,
            culprit: self.culprit,
            was_ready: self.was_ready,
        };
        // Goes last: the guard ends meanwhile.
        let Supervisor { guard: _guard, runtime, notify, bus, observer, processes, .. } = self;
        drop((notify, bus, processes));
        for failure in runtime.clean_up(self.settings) {
            observer.event(Event::NotRemoved(&failure));
        }
        outcome
    }

    fn open_socket(&mut self) -> Result<(), Refused> {
        if self.access == NotifyAccess::None {
            return Ok(());
        }
        let directory = self.options.sockets.join(&self.runtime.invocation);
        let opened = make_directories(&self.options.sockets).and_then(|()| NotifySocket::open(&directory));
        let socket = opened.map_err(|e| {
            let what = format!("make the notification socket in {}", directory.display());
            let failure = Failure::new(Step::Exec, what).errno(e);
            let in_the_way = self.options.sockets.ancestors().find(|above| above.exists() && !above.is_dir());
            Refused::SetUp(match in_the_way {
                Some(file) => failure.path(file).hint(format!(
                    "{} is no directory; move it away, so that a directory can be made there",
                    file.display()
                )),
                None => failure.path(&directory),
            })
        })?;
        self.notify = Some(socket);
        Ok(())
    }

    /// The first `ExecStart=` command.
    pub(crate) fn first_start(&self) -> Option<&'a Command> {
        self.settings.service.exec_start.first()
    }

    pub(crate) fn is_daemon(&self) -> bool {
        self.settings.service.kind.value != ServiceType::Oneshot
    }
}

fn make_directories(path: &std::path::Path) -> rustix::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|e| rustix::io::Errno::from_io_error(&e).unwrap_or(rustix::io::Errno::IO))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Unit(reasons) => {
                f.write_str("systemd would not start this unit")?;
                for (at, reason) in reasons.iter().enumerate() {
                    write!(f, "{} {}", if at == 0 { ":" } else { ";" }, reason.why)?;
                }
                Ok(())
            }
            Refused::SetUp(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}
