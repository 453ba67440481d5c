//! Conditions, start, readiness.

use crate::control::Request;
use crate::observer::{Event, Role};
use crate::supervisor::Supervisor;
use crate::wait::Wake;
use crate::{Exit, ServiceResult};
use ringfence_settings::{Command, ExitType, NotifyAccess, ServiceType, TimeoutMode};
use std::time::{Duration, Instant};

/// Why the start does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Down {
    /// Somebody asked for it.
    Asked,
    /// Something failed, which is noted.
    Failed,
    /// It failed by taking too long: how it is ended.
    TimedOut(TimeoutMode),
}

impl<'a> Supervisor<'a> {
    /// Everything up to the service being ready and `ExecStartPost=` done.
    pub(crate) fn start(&mut self) -> Result<(), Down> {
        let service = &self.settings.service;
        for command in &service.exec_condition {
            self.condition(command)?;
        }
        for command in &service.exec_start_pre {
            self.control(command, Role::StartPre)?;
        }
        match service.kind.value {
            ServiceType::Oneshot => self.start_in_turn()?,
            ServiceType::Forking => self.start_forking()?,
            kind => self.start_main(kind)?,
        }
        for command in &service.exec_start_post {
            self.control(command, Role::StartPost)?;
        }
        if !service.exec_start_post.is_empty() {
            self.settle_main()?;
        }
        self.was_ready = true;
        let main = self.main.as_ref().map(|main| main.pid);
        self.observer.event(Event::Ready(main));
        Ok(())
    }

    /// How long a step of the start may take.
    pub(crate) fn start_deadline(&mut self) -> Option<Instant> {
        self.extended = None;
        self.settings.service.timeout_start.value.map(|limit| Instant::now() + limit)
    }

    pub(crate) fn start_timed_out(&mut self, what: &'static str) -> Down {
        let limit = self.settings.service.timeout_start.value.unwrap_or(Duration::ZERO);
        self.observer.event(Event::TimedOut { what, limit });
        self.blame(ServiceResult::Timeout);
        Down::TimedOut(self.settings.service.timeout_start_failure.value)
    }

    /// The later of a deadline and what the service has asked for with `EXTEND_TIMEOUT_USEC=`.
    pub(crate) fn extend(&self, deadline: Option<Instant>) -> Option<Instant> {
        deadline.map(|deadline| self.extended.map_or(deadline, |extended| extended.max(deadline)))
    }

    fn fail(&mut self, result: ServiceResult) -> Down {
        self.blame(result);
        Down::Failed
    }

    /// Runs one command to its end; how it ended.
    pub(crate) fn run_to_end(
        &mut self,
        command: &'a Command,
        role: Role,
        deadline: Option<Instant>,
    ) -> Result<Exit, Down> {
        let running = self.spawn(command, role).map_err(|result| self.fail(result))?;
        self.control = Some(running);
        loop {
            match self.wait(self.extend(deadline), false) {
                Wake::ControlEnded(exit) => return Ok(exit),
                Wake::Asked(Request::Stop) => return Err(Down::Asked),
                Wake::TimedOut => return Err(self.start_timed_out(role.directive())),
                Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                _ => {}
            }
        }
    }

    /// Tells how a command ended; whether that counts as success.
    pub(crate) fn judge(&mut self, command: &'a Command, role: Role, exit: Exit, daemon: bool) -> bool {
        let success = &self.settings.service.success_exit_status;
        let clean = command.ignore_failure || exit.is_clean(daemon, success);
        self.observer.event(Event::Ended { role, command, exit, clean });
        if !clean {
            self.accuse(exit);
        }
        clean
    }

    /// A command other than the main process ended so. What fails after the first failure is not why the whole did.
    pub(crate) fn accuse(&mut self, exit: Exit) {
        if self.result == ServiceResult::Success {
            self.culprit.get_or_insert(exit);
        }
    }

    fn control(&mut self, command: &'a Command, role: Role) -> Result<(), Down> {
        let deadline = self.start_deadline();
        let exit = self.run_to_end(command, role, deadline)?;
        match self.judge(command, role, exit, false) {
            true => Ok(()),
            false => Err(self.fail(ServiceResult::of(exit))),
        }
    }

    /// An exit status from 1 to 254 means that the service is not to run now; anything else that is no success is a
    /// failure.
    fn condition(&mut self, command: &'a Command) -> Result<(), Down> {
        let deadline = self.start_deadline();
        let exit = self.run_to_end(command, Role::Condition, deadline)?;
        let clean =
            command.ignore_failure || exit.is_clean(false, &self.settings.service.success_exit_status);
        if clean {
            self.observer.event(Event::Ended { role: Role::Condition, command, exit, clean });
            return Ok(());
        }
        match exit {
            Exit::Status(status) if status < 255 => {
                self.observer.event(Event::Skipped { command, exit });
                Err(self.fail(ServiceResult::ExecCondition))
            }
            _ => {
                self.judge(command, Role::Condition, exit, false);
                Err(self.fail(ServiceResult::of(exit)))
            }
        }
    }

    /// `Type=oneshot`: one command after the other, each to its end.
    fn start_in_turn(&mut self) -> Result<(), Down> {
        for command in &self.settings.service.exec_start {
            let deadline = self.start_deadline();
            let running = self.spawn(command, Role::Start).map_err(|result| self.fail(result))?;
            self.main = Some(running);
            self.arm_watchdog();
            loop {
                match self.wait(self.extend(deadline), false) {
                    Wake::MainEnded(_) if self.main_clean => break,
                    Wake::MainEnded(_) => return Err(Down::Failed),
                    Wake::Asked(Request::Stop) => return Err(Down::Asked),
                    Wake::TimedOut => return Err(self.start_timed_out("ExecStart")),
                    Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// `Type=forking`: the first process ends when the service is ready.
    fn start_forking(&mut self) -> Result<(), Down> {
        let Some(command) = self.first_start() else { return Err(self.fail(ServiceResult::Resources)) };
        let deadline = self.start_deadline();
        let exit = self.run_to_end(command, Role::Start, deadline)?;
        if !self.judge(command, Role::Start, exit, true) {
            return Err(self.fail(ServiceResult::of(exit)));
        }
        if self.settings.service.exec_start_post.is_empty() {
            self.settle_main()
        } else {
            // A command of ExecStartPost= may be what writes the file.
            if self.settings.service.pid_file.value.is_none() {
                self.guess_main();
            } else {
                self.load_pid_file();
            }
            Ok(())
        }
    }

    /// Waits for the PID file, or guesses. After `ExecStartPost=` whatever the type (systemd: `service_sigchld_event`, at
    /// `SERVICE_START_POST`): a file that is asked for has to come.
    fn settle_main(&mut self) -> Result<(), Down> {
        if self.settings.service.pid_file.value.is_none() {
            self.guess_main();
            return Ok(());
        }
        let deadline = self.start_deadline();
        if self.load_pid_file() {
            return Ok(());
        }
        let mut nobody = self.processes.all().is_empty();
        loop {
            if nobody {
                self.note("no process is left, and PIDFile= names none");
                return Err(self.fail(ServiceResult::Protocol));
            }
            match self.wait(self.extend(deadline), true) {
                // What was to be started is over (systemd: `service_enter_stop` with how it ended).
                Wake::MainEnded(_) if !self.goes_on_without_main() => {
                    return Err(if self.main_clean { Down::Asked } else { Down::Failed });
                }
                Wake::Asked(Request::Stop) => return Err(Down::Asked),
                Wake::TimedOut => return Err(self.start_timed_out("PIDFile")),
                Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                _ => {}
            }
            if self.load_pid_file() {
                return Ok(());
            }
            nobody = self.main.is_none() && self.processes.all().is_empty();
        }
    }

    /// `ExitType=cgroup`, and a process is left.
    fn goes_on_without_main(&self) -> bool {
        self.settings.service.exit_type.value == ExitType::Cgroup && !self.processes.all().is_empty()
    }

    fn start_main(&mut self, kind: ServiceType) -> Result<(), Down> {
        if kind == ServiceType::Dbus {
            self.watch_bus_name();
        }
        let Some(command) = self.first_start() else { return Err(self.fail(ServiceResult::Resources)) };
        let running = self.spawn(command, Role::Start).map_err(|result| self.fail(result))?;
        self.main = Some(running);
        self.arm_watchdog();
        match kind {
            ServiceType::Exec => self.await_program(),
            ServiceType::Notify | ServiceType::NotifyReload => self.await_ready(),
            ServiceType::Dbus => self.await_bus_name(),
            _ => Ok(()),
        }
    }

    pub(crate) fn await_program(&mut self) -> Result<(), Down> {
        let deadline = self.start_deadline();
        loop {
            match self.wait(self.extend(deadline), false) {
                Wake::Executed(Role::Start) => return Ok(()),
                Wake::MainEnded(_) if !self.main_clean => return Err(Down::Failed),
                // So quick that its end came with its beginning.
                Wake::MainEnded(_) => return Ok(()),
                Wake::Asked(Request::Stop) => return Err(Down::Asked),
                Wake::TimedOut => return Err(self.start_timed_out("ExecStart")),
                Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                _ => {}
            }
        }
    }

    fn await_ready(&mut self) -> Result<(), Down> {
        let deadline = self.start_deadline();
        loop {
            if self.said.ready {
                return Ok(());
            }
            match self.wait(self.extend(deadline), false) {
                Wake::MainEnded(_) if !self.main_clean => return Err(Down::Failed),
                Wake::MainEnded(_) => {
                    let others =
                        self.settings.service.remain_after_exit.value && self.access != NotifyAccess::Main;
                    let goes_on = others || self.goes_on_without_main();
                    if !goes_on && !self.said.ready {
                        self.note("the main process ended before it said that it is ready (READY=1)");
                        return Err(self.fail(ServiceResult::Protocol));
                    }
                }
                Wake::Asked(Request::Stop) => return Err(Down::Asked),
                Wake::TimedOut => return Err(self.start_timed_out("READY=1 of ExecStart")),
                Wake::WatchdogExpired => return Err(self.watchdog_expired()),
                _ => {}
            }
        }
    }
}
