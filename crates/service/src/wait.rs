//! The one place where the service waits: for its processes, for what they say, for the outside, for time to pass.

use crate::bus::{BusNews, BusWatch};
use crate::control::Request;
use crate::notify::Message;
use crate::observer::{Event, Role};
use crate::spawn::Running;
use crate::supervisor::Supervisor;
use crate::{Exit, ServiceResult};
use ringfence_engine::{Progress, Shortfall};
use ringfence_settings::NotifyAccess;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::time::{Duration, Instant};

/// Why waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The outside asks for something.
    Asked(Request),
    /// A process's program runs.
    Executed(Role),
    /// The main process has ended, and how is noted.
    MainEnded(Exit),
    /// The other process has ended.
    ControlEnded(Exit),
    /// The service has said something, which is noted.
    Notified,
    /// The time that was given is over.
    TimedOut,
    /// The service has not said that it is alive for too long.
    WatchdogExpired,
    /// Some time has passed: what nobody reports may have changed.
    Tick,
}

/// How often what nobody reports is looked at: orphans, files.
const TICK: Duration = Duration::from_millis(100);

impl<'a> Supervisor<'a> {
    /// Waits until something happens, at most until `deadline`; with `ticks` at most for a moment.
    pub(crate) fn wait(&mut self, deadline: Option<Instant>, ticks: bool) -> Wake {
        loop {
            if let Some(wake) = self.look() {
                return wake;
            }
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Wake::TimedOut;
            }
            let watchdog = self.watchdog_deadline();
            if watchdog.is_some_and(|deadline| deadline <= now) {
                return Wake::WatchdogExpired;
            }
            // Orphans are reaped now and then even when nobody waits for them.
            let tick = now + if ticks { TICK } else { TICK * 10 };
            let next = [deadline, watchdog, Some(tick)].into_iter().flatten().min().unwrap_or(tick);
            self.sleep(next.saturating_duration_since(now));
            let running = || [&self.main, &self.control].into_iter().flatten();
            // One that is starting may go on under a number that has not been heard of yet.
            if running().all(|running| running.starting.is_none()) {
                let awaited: Vec<Pid> = running().map(|running| running.pid).collect();
                self.processes.reap_orphans(&awaited);
            }
            if ticks && Instant::now() >= tick {
                return Wake::Tick;
            }
        }
    }

    /// What has happened already.
    fn look(&mut self) -> Option<Wake> {
        while let Some(message) = self.unheard.take().or_else(|| self.notify.as_ref()?.receive()) {
            // Who says something runs its program: that came first, and with it perhaps the number that it goes by.
            if let Some(wake) = self.hear_who_starts() {
                self.unheard = Some(message);
                return Some(wake);
            }
            if self.take(&message) {
                return Some(Wake::Notified);
            }
        }
        if self.hear_from_bus() {
            return Some(Wake::Notified);
        }
        if let Some(mut control) = self.control.take() {
            match self.look_at(&mut control) {
                Some(Wake::ControlEnded(exit)) => return Some(Wake::ControlEnded(exit)),
                wake => {
                    self.control = Some(control);
                    if wake.is_some() {
                        return wake;
                    }
                }
            }
        }
        if let Some(mut main) = self.main.take() {
            match self.look_at(&mut main) {
                // A daemon may go on under another number, if its file says so in time (systemd: `service_sigchld_event`).
                Some(Wake::ControlEnded(_)) if self.load_pid_file() => return Some(Wake::Notified),
                Some(Wake::ControlEnded(exit)) => {
                    self.main_ended(&main, exit);
                    return Some(Wake::MainEnded(exit));
                }
                wake => {
                    self.main = Some(main);
                    if wake.is_some() {
                        return wake;
                    }
                }
            }
        }
        self.options.requests.next().map(Wake::Asked)
    }

    /// Whether the bus has said something, which is noted.
    fn hear_from_bus(&mut self) -> bool {
        let Some(news) = self.bus.as_ref().and_then(BusWatch::next) else { return false };
        match news {
            BusNews::Owned => self.said.has_name = Some(true),
            BusNews::Free => self.said.has_name = Some(false),
            BusNews::Unreachable(why) => {
                self.bus = None;
                self.note(&format!(
                    "the bus cannot be asked about BusName= ({why}): the service counts as started when its program runs"
                ));
            }
        }
        true
    }

    /// What a process has come to.
    fn look_at(&mut self, process: &mut Running<'a>) -> Option<Wake> {
        // First what it says, then whether it lives: what it says may be that it goes on under another number.
        if let Some(wake) = self.hear(process) {
            return Some(wake);
        }
        let pid = process.pid;
        let exit = process.ended()?;
        if let Some(wake) = self.hear(process) {
            // Its end is found again the next time.
            return Some(wake);
        }
        // Its last word was that it goes on as another process.
        (process.pid == pid).then_some(Wake::ControlEnded(exit))
    }

    /// How the processes get on that are not executing their programs yet.
    fn hear_who_starts(&mut self) -> Option<Wake> {
        if let Some(mut control) = self.control.take() {
            let wake = self.hear(&mut control);
            self.control = Some(control);
            if wake.is_some() {
                return wake;
            }
        }
        let mut main = self.main.take()?;
        let wake = self.hear(&mut main);
        self.main = Some(main);
        wake
    }

    /// How a process gets on that is not executing its program yet.
    fn hear(&mut self, process: &mut Running<'a>) -> Option<Wake> {
        let role = process.role;
        loop {
            let starting = process.starting.as_mut()?;
            let progress = starting.advance();
            let pid = starting.pid();
            if pid != process.pid
                && let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty())
            {
                // The first process is an orphan now, to be reaped.
                process.pid = pid;
                process.pidfd = pidfd;
            }
            match progress {
                Ok(None) => return None,
                Ok(Some(Progress::Waiting)) => {
                    self.observer.about_to_execute(role, pid);
                    if let Err(failure) = starting.go() {
                        process.failure = Some(failure);
                    }
                }
                Ok(Some(Progress::Started(started))) => {
                    process.starting = None;
                    for shortfall in &started.enforcement.shortfalls {
                        self.tell_shortfall(shortfall);
                    }
                    if let Some(command) = process.command {
                        self.observer.event(Event::Started { role, command, pid });
                    }
                    return Some(Wake::Executed(role));
                }
                Ok(Some(Progress::Failed(_, failure))) | Err(failure) => {
                    process.starting = None;
                    if let Some(command) = process.command {
                        self.observer.event(Event::NotStarted { role, command, failure: &failure });
                    }
                    process.failure = Some(failure);
                }
                Ok(Some(Progress::Vanished(_))) => process.starting = None,
            }
        }
    }

    /// Says once what falls short.
    pub(crate) fn tell_shortfall(&mut self, shortfall: &Shortfall) {
        if !self.told.contains(shortfall) {
            self.told.push(shortfall.clone());
            self.observer.event(Event::Shortfall(shortfall));
        }
    }

    fn sleep(&self, at_most: Duration) {
        let mut fds = Vec::new();
        for running in [&self.main, &self.control].into_iter().flatten() {
            fds.push(PollFd::new(&running.pidfd, PollFlags::IN));
            if let Some(starting) = &running.starting {
                fds.push(PollFd::from_borrowed_fd(starting.channel(), PollFlags::IN));
            }
        }
        if let Some(socket) = &self.notify {
            fds.push(PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN));
        }
        fds.extend(self.bus.iter().map(|bus| PollFd::from_borrowed_fd(bus.news(), PollFlags::IN)));
        let requests = self.options.requests.descriptors();
        fds.extend(requests.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        // Rounded up, so that the time is really over afterwards.
        let at_most = at_most + Duration::from_micros(1);
        let timeout =
            Timespec { tv_sec: at_most.as_secs() as i64, tv_nsec: i64::from(at_most.subsec_nanos()) };
        // An interrupted poll is as good as a short one.
        let _ = poll(&mut fds, Some(&timeout));
    }

    /// Takes in what the service says; whether it may say anything (systemd: `service_notify_message_authorized`).
    fn take(&mut self, message: &Message) -> bool {
        let main = self.main.as_ref().map(|main| main.pid);
        let control = self.control.as_ref().map(|control| control.pid);
        let allowed = match self.access {
            NotifyAccess::None => false,
            NotifyAccess::Main => main == Some(message.sender),
            NotifyAccess::Exec => main == Some(message.sender) || control == Some(message.sender),
            NotifyAccess::All => {
                main == Some(message.sender)
                    || control == Some(message.sender)
                    || self.processes.contains(message.sender)
            }
        };
        if !allowed {
            return false;
        }
        if let Some(pid) = message.get("MAINPID").and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw) {
            self.set_main(pid, message.from_root);
        }
        if let Some(status) = message.get("STATUS").filter(|status| !status.is_empty()) {
            self.observer.event(Event::Status(status));
        }
        if let Some(micros) = message.get("EXTEND_TIMEOUT_USEC").and_then(|text| text.parse().ok()) {
            self.extended = Some(Instant::now() + Duration::from_micros(micros));
        }
        if let Some(micros) = message.get("WATCHDOG_USEC").and_then(|text| text.parse().ok()) {
            self.watchdog.interval =
                Some(Duration::from_micros(micros)).filter(|interval| !interval.is_zero());
        }
        match message.get("WATCHDOG") {
            Some("1") => self.watchdog.last = Some(Instant::now()),
            Some("trigger") => self.watchdog.triggered = true,
            _ => {}
        }
        match message.get("NOTIFYACCESS").and_then(NotifyAccess::from_word) {
            Some(NotifyAccess::None) | None => {}
            Some(access) => self.access = access,
        }
        if message.get("FDSTORE").is_some() {
            self.note("the service hands descriptors over to be kept (FDSTORE=1); they are not kept");
        }
        // One message may say several of these; stopping goes before ready, and ready before reloading.
        if message.says("STOPPING") {
            self.said.stopping = true;
        } else if message.says("READY") {
            self.said.ready = true;
            self.said.reloading = false;
        } else if message.says("RELOADING") {
            self.said.reloading = true;
        }
        true
    }

    /// The service names its main process: one of its own, or root says so.
    pub(crate) fn set_main(&mut self, pid: Pid, trusted: bool) -> bool {
        if self.main.as_ref().is_some_and(|main| main.pid == pid) {
            return true;
        }
        let is_control = self.control.as_ref().is_some_and(|control| control.pid == pid);
        if is_control || pid == rustix::process::getpid() || !(trusted || self.processes.contains(pid)) {
            self.note("the service names a main process that is none of its own; that is ignored");
            return false;
        }
        match Running::found(Role::Start, pid) {
            Some(found) => {
                self.main = Some(found);
                true
            }
            None => false,
        }
    }

    fn main_ended(&mut self, main: &Running<'a>, exit: Exit) {
        self.main_exit = Some(exit);
        let ignored = main.command.or(self.first_start()).is_some_and(|command| command.ignore_failure);
        let clean = ignored || exit.is_clean(self.is_daemon(), &self.settings.service.success_exit_status);
        self.main_clean = clean;
        if let Some(command) = main.command.or(self.first_start()) {
            self.observer.event(Event::Ended { role: Role::Start, command, exit, clean });
        }
        if !clean {
            self.blame(ServiceResult::of(exit));
        }
    }

    pub(crate) fn note(&mut self, text: &str) {
        self.observer.event(Event::Note(text));
    }

    fn watchdog_deadline(&self) -> Option<Instant> {
        if self.watchdog.triggered {
            return Some(Instant::now());
        }
        Some(self.watchdog.last? + self.watchdog.interval?)
    }
}
