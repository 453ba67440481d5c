//! A service that runs: until it ends, is asked to reload or to stop, or no longer says that it is alive.

use crate::bus::BusWatch;
use crate::control::Request;
use crate::observer::{Event, Role};
use crate::start::Down;
use crate::supervisor::Supervisor;
use crate::wait::Wake;
use crate::{Exit, ServiceResult};
use ringfence_settings::{ExitType, ServiceType, TimeoutMode};
use rustix::process::{Signal, kill_process};
use std::time::Instant;

impl<'a> Supervisor<'a> {
    /// Waits while the service runs. It ends by itself (`Ok`), or has to be ended.
    pub(crate) fn stay(&mut self) -> Result<(), Down> {
        let runtime_max = self.settings.service.runtime_max.value;
        let since = Instant::now();
        loop {
            if self.result != ServiceResult::Success {
                return Err(Down::Failed);
            }
            let alive = self.is_alive();
            if !alive && !self.settings.service.remain_after_exit.value {
                return Ok(());
            }
            let deadline = runtime_max.map(|limit| since + limit);
            // Nobody reports the end of a process that is no child of this one.
            let ticks = alive && self.main.is_none();
            match self.wait(self.extend(deadline), ticks) {
                Wake::Asked(Request::Stop) => return Err(Down::Asked),
                Wake::Asked(Request::Reload) => self.reload()?,
                Wake::TimedOut => {
                    if let Some(limit) = runtime_max {
                        self.observer.event(Event::TimedOut { what: "RuntimeMaxSec", limit });
                    }
                    self.blame(ServiceResult::Timeout);
                    return Err(Down::TimedOut(TimeoutMode::Terminate));
                }
                Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                _ => {}
            }
        }
    }

    /// Whether the service still runs (systemd: `service_good`).
    fn is_alive(&self) -> bool {
        let service = &self.settings.service;
        if service.kind.value == ServiceType::Dbus && self.said.has_name == Some(false) {
            return false;
        }
        if self.main.is_some() {
            return true;
        }
        let knows_main = self.main_exit.is_some() || service.kind.value != ServiceType::Forking;
        (service.exit_type.value == ExitType::Cgroup || !knows_main) && !self.processes.all().is_empty()
    }

    /// `ExecReload=`, or the signal of `Type=notify-reload`.
    fn reload(&mut self) -> Result<(), Down> {
        let service = &self.settings.service;
        let by_signal = service.kind.value == ServiceType::NotifyReload;
        if service.exec_reload.is_empty() && !by_signal {
            self.note("the service cannot reload: it has no ExecReload= and is not of Type=notify-reload");
            return Ok(());
        }
        self.observer.event(Event::Reload { done: false });
        let deadline = service.timeout_start.value.map(|limit| Instant::now() + limit);
        if by_signal && let Some(main) = &self.main {
            self.said.reloading = false;
            self.said.ready = false;
            if let Some(signal) = Signal::from_named_raw(service.reload_signal.value) {
                let _ = kill_process(main.pid, signal);
            }
        }
        for command in &service.exec_reload {
            match self.run_to_end(command, Role::Reload, deadline) {
                Ok(exit) => {
                    if !self.judge_reload(command, exit) {
                        break;
                    }
                }
                // A reload that takes too long is given up; the service stays as it is.
                Err(Down::TimedOut(_)) => {
                    self.result = ServiceResult::Success;
                    if let Some(control) = self.control.take() {
                        let _ = kill_process(control.pid, Signal::KILL);
                        let _ = control.ended();
                    }
                    return Ok(());
                }
                Err(down) => return Err(down),
            }
        }
        if by_signal {
            self.await_reloaded(deadline)?;
        }
        self.observer.event(Event::Reload { done: true });
        Ok(())
    }

    /// A reload that fails is told, and the service goes on.
    fn judge_reload(&mut self, command: &'a ringfence_settings::Command, exit: Exit) -> bool {
        let clean =
            command.ignore_failure || exit.is_clean(false, &self.settings.service.success_exit_status);
        self.observer.event(Event::Ended { role: Role::Reload, command, exit, clean });
        clean
    }

    fn await_reloaded(&mut self, deadline: Option<Instant>) -> Result<(), Down> {
        while !self.said.ready && self.main.is_some() {
            match self.wait(self.extend(deadline), false) {
                Wake::Asked(Request::Stop) => return Err(Down::Asked),
                Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                Wake::TimedOut => {
                    self.note("the service has not said that it has reloaded; it is left as it is");
                    return Ok(());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// From now on the service has to say that it is alive.
    pub(crate) fn arm_watchdog(&mut self) {
        self.watchdog.last = self.watchdog.interval.map(|_| Instant::now());
    }

    pub(crate) fn watchdog_expired(&mut self) -> Down {
        if let Some(limit) = self.watchdog.interval {
            self.observer.event(Event::TimedOut { what: "WatchdogSec", limit });
        }
        self.watchdog.last = None;
        self.watchdog.triggered = false;
        self.blame(ServiceResult::Watchdog);
        Down::TimedOut(TimeoutMode::Abort)
    }

    /// `Type=dbus`: waits until the bus says that `BusName=` is owned (systemd: `service_bus_name_owner_change`).
    pub(crate) fn await_bus_name(&mut self) -> Result<(), Down> {
        let deadline = self.start_deadline();
        let mut runs = false;
        loop {
            if self.said.has_name == Some(true) || (self.bus.is_none() && runs) {
                return Ok(());
            }
            match self.wait(self.extend(deadline), false) {
                Wake::Executed(Role::Start) => runs = true,
                Wake::MainEnded(_) if !self.main_clean => return Err(Down::Failed),
                // Nothing has failed, but what was to be started is over (systemd: `service_good`).
                Wake::MainEnded(_) => return Err(Down::Asked),
                Wake::Asked(Request::Stop) => return Err(Down::Asked),
                Wake::TimedOut => return Err(self.start_timed_out("BusName")),
                Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                _ => {}
            }
        }
    }

    /// Has the bus tell when the name is owned. Before the service starts, so that nothing is missed.
    pub(crate) fn watch_bus_name(&mut self) {
        let Some(name) = &self.settings.service.bus_name.value else { return };
        match BusWatch::over(name, self.settings) {
            Ok(watch) => {
                self.processes.leave_out(watch.pid());
                self.bus = Some(watch);
            }
            Err(e) => self.note(&format!("nobody can watch the bus for BusName= ({e})")),
        }
    }
}
