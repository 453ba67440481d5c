//! Starting a service by its sockets (systemd.socket(5)): once for all that comes, or once for each connection.

use crate::control::{Controls, Request, Requests};
use crate::supervisor::Passed;
use ringfence_settings::{ServiceType, Settings};
use ringfence_sockets::{Connection, Listener, Opened};
use ringfence_sys::fork::fork_process;
use ringfence_sys::signal::ignore_signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, waitid};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// When the service is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At once; when it has ended, again when something comes.
    AtOnce,
    /// When something comes.
    OnTraffic,
}

impl Start {
    /// A service of `Type=oneshot` would find nothing to do before something comes; every other is started as when it is
    /// enabled itself.
    pub fn of(settings: &Settings) -> Start {
        match settings.service.kind.value {
            ServiceType::Oneshot => Start::OnTraffic,
            _ => Start::AtOnce,
        }
    }
}

/// How a service is to be started by its sockets.
pub struct Activation<'a> {
    /// What is listened on.
    pub opened: &'a Opened,
    /// When a service that takes what comes itself is started.
    pub start: Start,
    /// How many starts there may be, where the socket unit says so.
    pub trigger_limit: Option<u32>,
    /// In which time; 0 is no limit.
    pub trigger_interval: Duration,
    /// How long those that serve a connection may go on when all is to stop, before they are asked to.
    pub grace: Duration,
    /// What the outside may ask.
    pub requests: Requests,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activated {
    /// It was asked to stop.
    Stopped,
    /// A service that takes what comes itself has failed.
    Failed,
    /// The service was started too often in a short time: it does not take what waits for it.
    TriggerLimit,
}

/// Runs the service once with what it is passed; what that has to tell, and whether it ended well.
pub type RunOnce<'r> = dyn Fn(Passed<'_>, Requests) -> (Vec<u8>, bool) + 'r;

/// Starts the service whenever its sockets ask for it, until it is asked to stop.
///
/// `run` runs it, in a process of its own; `ended` hears here what that had to tell. The calling process must have one thread.
///
/// # Errors
/// When no process can be made, or the kernel gives no connection.
pub fn activate(
    activation: Activation<'_>,
    run: &RunOnce<'_>,
    ended: &mut dyn FnMut(&[u8]),
) -> io::Result<Activated> {
    let limit = activation.trigger_limit.unwrap_or(20);
    let of_connections = activation.trigger_limit.unwrap_or(200);
    let interval = activation.trigger_interval;
    let mut manager =
        Manager { activation, run, ended, instances: Vec::new(), accepted: 0, stopping: None, end: None };
    let mut starts = Starts { limit, interval, times: VecDeque::new() };
    let mut connections = Starts { limit: of_connections, interval, times: VecDeque::new() };
    if manager.activation.start == Start::AtOnce && manager.has_own() {
        manager.start(None)?;
    }
    loop {
        if let Some(end) = manager.end.filter(|_| manager.instances.is_empty()) {
            return Ok(end);
        }
        manager.wait()?;
        manager.hear();
        manager.collect();
        for index in manager.ready() {
            let listener = &manager.activation.opened.listeners[index];
            let (connection, starts) = match listener.accepts {
                true => (listener.accept()?, &mut connections),
                false => (None, &mut starts),
            };
            // Meanwhile another socket has started it, or the connection is gone again.
            if connection.is_none() && (listener.accepts || manager.runs_own()) {
                continue;
            }
            match starts.one_more() {
                true => manager.start(connection.map(|connection| (index, connection)))?,
                false => manager.give_up(Activated::TriggerLimit),
            }
        }
    }
}

/// When there were starts.
struct Starts {
    limit: u32,
    interval: Duration,
    times: VecDeque<Instant>,
}

impl Starts {
    /// Counts a start; whether it is within the limit.
    fn one_more(&mut self) -> bool {
        let now = Instant::now();
        self.times.push_back(now);
        self.times.retain(|time| now.duration_since(*time) < self.interval);
        self.limit == 0 || self.times.len() <= usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

/// One run of the service.
struct Instance {
    /// Which listener its connection came from; none for the service that takes what comes itself.
    listener: Option<usize>,
    pidfd: OwnedFd,
    pipe: OwnedFd,
    told: Vec<u8>,
    controls: Controls,
}

struct Manager<'a> {
    activation: Activation<'a>,
    run: &'a RunOnce<'a>,
    ended: &'a mut dyn FnMut(&[u8]),
    instances: Vec<Instance>,
    /// How many connections were taken.
    accepted: u64,
    /// Since when all is to stop, and whether everybody was told.
    stopping: Option<(Instant, bool)>,
    /// What it comes to when the last instance has ended.
    end: Option<Activated>,
}

impl Manager<'_> {
    /// Whether there is anything that the service takes itself.
    fn has_own(&self) -> bool {
        self.activation.opened.listeners.iter().any(|listener| !listener.accepts)
    }

    fn runs_own(&self) -> bool {
        self.instances.iter().any(|instance| instance.listener.is_none())
    }

    /// Nothing is started any more, and what runs is stopped.
    fn give_up(&mut self, end: Activated) {
        self.end.get_or_insert(end);
        self.stop_all();
    }

    /// Starts the service, for a connection or for all that comes.
    fn start(&mut self, connection: Option<(usize, Connection)>) -> io::Result<()> {
        let (controls, requests) = Controls::new()?;
        let (pipe, tell) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&pipe, true)?;
        let (opened, run) = (self.activation.opened, self.run);
        let of_connection = connection.as_ref().map(|(_, connection)| connection);
        let number = self.accepted;
        self.accepted += u64::from(of_connection.is_some());
        let pid = fork_process(|| {
            // What a terminal sends to all is for the first process, which passes it on.
            for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
                ignore_signal(signal.as_raw());
            }
            let passed = match of_connection {
                Some(connection) => Passed {
                    descriptors: vec![connection.passed()],
                    variables: connection.variables(),
                    instance: Some(connection.instance(number)),
                },
                None => Passed { descriptors: opened.passed(), ..Passed::default() },
            };
            let (told, well) = run(passed, requests);
            let written = File::from(tell).write_all(&told);
            u8::from(!well || written.is_err())
        })?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        let listener = connection.map(|(listener, _)| listener);
        self.instances.push(Instance { listener, pidfd, pipe, told: Vec::new(), controls });
        Ok(())
    }

    /// Whether more connections of a listener may be served.
    fn has_room(&self, index: usize, listener: &Listener) -> bool {
        let serving = self.instances.iter().filter(|instance| instance.listener == Some(index)).count();
        u32::try_from(serving).is_ok_and(|serving| serving < listener.max_connections)
    }

    /// The listeners that are watched now.
    fn watched(&self) -> Vec<usize> {
        if self.end.is_some() {
            return Vec::new();
        }
        let is_watched = |(index, listener): (usize, &Listener)| match listener.accepts {
            true => self.has_room(index, listener),
            false => !self.runs_own(),
        };
        let all = self.activation.opened.listeners.iter().enumerate();
        all.filter(|entry| is_watched(*entry)).map(|(index, _)| index).collect()
    }

    /// Those of them at which something waits.
    fn ready(&self) -> Vec<usize> {
        let watched = self.watched();
        let listeners = &self.activation.opened.listeners;
        let mut fds: Vec<PollFd<'_>> = watched
            .iter()
            .map(|index| PollFd::from_borrowed_fd(listeners[*index].fd.as_fd(), PollFlags::IN))
            .collect();
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut fds, Some(&at_once)).is_err() {
            return Vec::new();
        }
        let has_news = |fd: &PollFd<'_>| !fd.revents().is_empty();
        fds.iter().zip(watched).filter(|(fd, _)| has_news(fd)).map(|(_, index)| index).collect()
    }

    /// Waits until anything happens.
    fn wait(&self) -> io::Result<()> {
        let listeners = &self.activation.opened.listeners;
        let of_instances = self.instances.iter().flat_map(|i| [i.pidfd.as_fd(), i.pipe.as_fd()]);
        let mut fds: Vec<PollFd<'_>> = self
            .activation
            .requests
            .descriptors()
            .into_iter()
            .chain(self.watched().into_iter().map(|index| listeners[index].fd.as_fd()))
            .chain(of_instances)
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let patience = match self.stopping {
            Some((since, false)) => Some(self.activation.grace.saturating_sub(since.elapsed())),
            _ => None,
        };
        let timeout = patience.map(|patience| Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// What is asked for is passed on.
    fn hear(&mut self) {
        while let Some(request) = self.activation.requests.next() {
            match request {
                Request::Reload => self.instances.iter().for_each(|instance| instance.controls.reload()),
                Request::Stop if self.stopping.is_some() => self.stop_all(),
                Request::Stop => {
                    let own = self.instances.iter().filter(|instance| instance.listener.is_none());
                    own.for_each(|instance| instance.controls.stop());
                    self.stopping = Some((Instant::now(), false));
                    self.end.get_or_insert(Activated::Stopped);
                }
            }
        }
        if let Some((since, false)) = self.stopping
            && since.elapsed() >= self.activation.grace
        {
            let serving = self.instances.iter().filter(|instance| instance.listener.is_some());
            serving.for_each(|instance| instance.controls.stop());
            self.stopping = Some((since, true));
        }
    }

    fn stop_all(&self) {
        self.instances.iter().for_each(|instance| instance.controls.stop());
    }

    /// Takes what instances tell, and those that have ended out.
    fn collect(&mut self) {
        let mut at = 0;
        while at < self.instances.len() {
            let instance = &mut self.instances[at];
            let exited = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            // Asked before the last words are read, so that none can come afterwards.
            let status = waitid(WaitId::PidFd(instance.pidfd.as_fd()), exited);
            read_available(&instance.pipe, &mut instance.told);
            match status {
                Ok(None) | Err(Errno::INTR) => at += 1,
                Ok(Some(_)) | Err(_) => {
                    let well = matches!(&status, Ok(Some(status)) if status.exit_status() == Some(0));
                    let instance = self.instances.remove(at);
                    (self.ended)(&instance.told);
                    if instance.listener.is_none() && !well {
                        self.give_up(Activated::Failed);
                    }
                }
            }
        }
    }
}

fn read_available(pipe: &OwnedFd, told: &mut Vec<u8>) {
    let mut chunk = [0; 4096];
    loop {
        match rustix::io::read(pipe, &mut chunk) {
            Ok(0) => return,
            Ok(length) => told.extend_from_slice(&chunk[..length]),
            Err(Errno::INTR) => {}
            // No more for now.
            Err(_) => return,
        }
    }
}
