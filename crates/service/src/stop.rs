//! Ending a service: `ExecStop=`, signals, `ExecStopPost=`, and what is left (systemd.kill(5)).

use crate::ServiceResult;
use crate::control::Request;
use crate::observer::{Event, Role};
use crate::start::Down;
use crate::supervisor::Supervisor;
use crate::wait::Wake;
use ringfence_settings::{KillMode, TimeoutMode};
use rustix::process::{Pid, Signal, kill_process};
use std::time::{Duration, Instant};

impl<'a> Supervisor<'a> {
    /// Ends the service, whatever state it is in. `ran` says that it had started, and `down` why it is ended if it did not
    /// end by itself.
    pub(crate) fn stop(&mut self, ran: bool, down: Option<Down>) {
        self.watchdog.last = None;
        self.observer.event(Event::Stopping(self.result));
        // A service that failed is not asked to stop.
        let mut hurry = false;
        if ran && matches!(down, None | Some(Down::Asked)) {
            hurry = self.run_stop_commands();
        }
        let signal = match down {
            Some(Down::TimedOut(TimeoutMode::Abort)) => self.settings.kill.watchdog_signal.value,
            Some(Down::TimedOut(TimeoutMode::Kill)) => self.settings.kill.final_signal.value,
            _ => self.settings.kill.signal.value,
        };
        let abort = matches!(down, Some(Down::TimedOut(TimeoutMode::Abort)));
        self.end_processes(signal, abort, hurry);
        self.run_stop_post_commands();
        self.end_processes(self.settings.kill.signal.value, false, hurry);
        self.end_left_over();
    }

    fn stop_deadline(&mut self) -> Option<Instant> {
        self.extended = None;
        self.settings.service.timeout_stop.value.map(|limit| Instant::now() + limit)
    }

    /// Whether it was asked to hurry.
    fn run_stop_commands(&mut self) -> bool {
        for command in &self.settings.service.exec_stop {
            let deadline = self.stop_deadline();
            match self.run_stopping(command, Role::Stop, deadline) {
                Stopped::Clean => {}
                Stopped::Failed => break,
                Stopped::Hurry => return true,
            }
        }
        false
    }

    fn run_stop_post_commands(&mut self) {
        for command in &self.settings.service.exec_stop_post {
            let deadline = self.stop_deadline();
            match self.run_stopping(command, Role::StopPost, deadline) {
                Stopped::Clean => {}
                Stopped::Failed | Stopped::Hurry => break,
            }
        }
    }

    fn run_stopping(
        &mut self,
        command: &'a ringfence_settings::Command,
        role: Role,
        deadline: Option<Instant>,
    ) -> Stopped {
        let running = match self.spawn(command, role) {
            Ok(running) => running,
            Err(result) => {
                self.blame(result);
                return Stopped::Failed;
            }
        };
        self.control = Some(running);
        loop {
            match self.wait(self.extend(deadline), false) {
                Wake::ControlEnded(exit) => {
                    if self.judge(command, role, exit, false) {
                        return Stopped::Clean;
                    }
                    self.blame(ServiceResult::of(exit));
                    return Stopped::Failed;
                }
                Wake::Asked(Request::Stop) => return Stopped::Hurry,
                Wake::TimedOut => {
                    let limit = self.settings.service.timeout_stop.value.unwrap_or(Duration::ZERO);
                    self.observer.event(Event::TimedOut { what: role.directive(), limit });
                    self.blame(ServiceResult::Timeout);
                    return Stopped::Failed;
                }
                _ => {}
            }
        }
    }

    /// Asks the processes to end, waits, and kills those that do not.
    fn end_processes(&mut self, signal: i32, abort: bool, hurry: bool) {
        let mode = self.settings.kill.mode.value;
        if mode == KillMode::None {
            return;
        }
        if !hurry && self.ask_to_end(signal, mode) {
            let service = &self.settings.service;
            let limit = match service.timeout_abort.value {
                Some(Duration::MAX) if abort => None,
                Some(limit) if abort => Some(limit),
                _ => service.timeout_stop.value,
            };
            self.extended = None;
            let deadline = limit.map(|limit| Instant::now() + limit);
            if self.await_end(deadline, mode) == Awaited::TooLong
                && let Some(limit) = limit
            {
                self.observer.event(Event::TimedOut { what: "the stop", limit });
                self.blame(ServiceResult::Timeout);
            }
        }
        if !self.settings.kill.send_sigkill.value {
            return;
        }
        let known = self.signal_known(Signal::KILL);
        let killed = match mode {
            // One that is still being set up is not in the group yet.
            KillMode::ControlGroup | KillMode::Mixed => known.max(self.processes.kill()),
            _ => known,
        };
        if killed > 0 {
            // With KillMode=mixed that is how the rest is meant to end.
            if mode != KillMode::Mixed {
                self.observer.event(Event::Killed { processes: killed });
            }
            let deadline = self.stop_deadline();
            self.await_end(deadline, if mode == KillMode::Mixed { KillMode::ControlGroup } else { mode });
        }
    }

    /// Sends the signal to those that the mode names; whether there are any to wait for.
    fn ask_to_end(&mut self, signal: i32, mode: KillMode) -> bool {
        let Some(signal) = Signal::from_named_raw(signal) else { return false };
        let mut asked = 0;
        for signal in
            [Some(signal), self.settings.kill.send_sighup.value.then_some(Signal::HUP)].into_iter().flatten()
        {
            asked = match mode {
                KillMode::ControlGroup => self.processes.signal(signal, &[]) + self.signal_outsiders(signal),
                _ => self.signal_known(signal),
            };
        }
        asked > 0
    }

    /// The main and the control process.
    fn known(&self) -> Vec<Pid> {
        [&self.main, &self.control].into_iter().flatten().map(|running| running.pid).collect()
    }

    fn signal_known(&self, signal: Signal) -> usize {
        let known = self.known();
        for pid in &known {
            let _ = kill_process(*pid, signal);
            let _ = kill_process(*pid, Signal::CONT);
        }
        known.len()
    }

    /// A main process that a PID file names need not be one of the service's own.
    fn signal_outsiders(&self, signal: Signal) -> usize {
        let outsiders: Vec<Pid> =
            self.known().into_iter().filter(|pid| !self.processes.contains(*pid)).collect();
        for pid in &outsiders {
            let _ = kill_process(*pid, signal);
        }
        outsiders.len()
    }

    /// Waits until those that the mode names are gone.
    fn await_end(&mut self, deadline: Option<Instant>, mode: KillMode) -> Awaited {
        loop {
            let all = mode == KillMode::ControlGroup;
            if self.main.is_none() && self.control.is_none() && (!all || self.processes.all().is_empty()) {
                return Awaited::Gone;
            }
            match self.wait(self.extend(deadline), true) {
                Wake::TimedOut => return Awaited::TooLong,
                // Asked again: no more patience.
                Wake::Asked(Request::Stop) => return Awaited::Hurry,
                _ => {}
            }
        }
    }

    /// Nothing stays behind, even where systemd would leave it running.
    fn end_left_over(&mut self) {
        let left = self.processes.kill().max(self.signal_known(Signal::KILL));
        if left > 0 {
            self.observer.event(Event::LeftOver { processes: left });
        }
        let patience = Instant::now() + Duration::from_secs(10);
        self.await_end(Some(patience), KillMode::ControlGroup);
    }
}

/// What waiting for processes came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Gone,
    TooLong,
    /// Somebody is out of patience.
    Hurry,
}

/// What a command of the stop came to.
enum Stopped {
    Clean,
    Failed,
    /// Somebody is out of patience.
    Hurry,
}
