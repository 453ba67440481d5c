//! Starting one command.

use crate::guard::Guard;
use crate::observer::{Event, Role};
use crate::supervisor::Supervisor;
use crate::{Exit, ServiceResult};
use ringfence_engine::{Failure, Launch, Starting, Step, Wait, filter_devices};
use ringfence_sandbox::decide::{Credentials, Verdict, decide};
use ringfence_sandbox::plan::{For, Plan};
use ringfence_sandbox::view::View;
use ringfence_settings::{Command, ServiceType};
use ringfence_terms::{AbsPath, Access, AccessKind};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};

/// A process that is waited for.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    /// Which of the unit's commands it is.
    pub role: Role,
    /// Its command; none for a main process that was not started here (a PID file, `MAINPID=`).
    pub command: Option<&'a Command>,
    pub pid: Pid,
    pub pidfd: OwnedFd,
    /// Until its program runs.
    pub starting: Option<Starting>,
    /// Why its program does not run.
    pub failure: Option<Failure>,
}

impl<'a> Running<'a> {
    /// A process that is there already, and lives (systemd: `service_is_suitable_main_pid`).
    pub fn found(role: Role, pid: Pid) -> Option<Running<'a>> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        let running = Running { role, command: None, pid, pidfd, starting: None, failure: None };
        (!running.is_gone()).then_some(running)
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<Exit> {
        use rustix::fd::AsFd;
        match waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(Some(status)) => Some(Exit::of(&status)),
            Ok(None) => None,
            // It is nobody's child here; whether it lives is told by its descriptor.
            Err(_) => self.is_gone().then_some(Exit::Unknown),
        }
    }

    fn is_gone(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(poll(&mut fds, Some(&now)), Ok(1))
    }
}

impl<'a> Supervisor<'a> {
    /// Forks a command. It is set up on its own; [`wait`](Self::wait) hears how it gets on.
    pub(crate) fn spawn(&mut self, command: &'a Command, role: Role) -> Result<Running<'a>, ServiceResult> {
        let run = self.for_command(command, role);
        let plan = Plan::of(self.settings, self.facts, &run, self.options.mode);
        if role == Role::Start {
            self.tell_hidden_socket(&plan);
        }
        let mut environment = self.variables(role);
        self.tell_pressure_file(role, command.privileges, &mut environment);
        let wait = match self.guard {
            _ if self.observer.wants_to_see(role) => Wait::ToBeSeen,
            None => Wait::ForCaller,
            Some(_) => Wait::No,
        };
        // Anew for each command before the first main process, and for that; then they stay (systemd: `service_exec_flags`).
        let stores_credentials = match role {
            Role::StartPre => true,
            Role::Start => !std::mem::replace(&mut self.has_credentials, true),
            _ => false,
        };
        let launch = Launch {
            settings: self.settings,
            facts: self.facts,
            runtime: &self.runtime,
            command,
            run: &run,
            plan: &plan,
            environment: &environment,
            streams: self.options.streams,
            descriptors: if role == Role::Start { &self.options.passed.descriptors } else { &[] },
            opens_files: role == Role::Start,
            cgroup: self.processes.cgroup(),
            stores_credentials,
            wait,
        };
        let starting = launch.fork().and_then(|starting| {
            let pid = starting.pid();
            let starting = self.guarded(starting)?;
            if wait == Wait::ForCaller {
                starting.go()?;
            }
            let pidfd = pidfd_open(pid, PidfdFlags::empty())
                .map_err(|e| Failure::new(Step::Exec, "hold on to the process").errno(e))?;
            Ok(Running { role, command: Some(command), pid, pidfd, starting: Some(starting), failure: None })
        });
        starting.map_err(|failure| {
            self.observer.event(Event::NotStarted { role, command, failure: &failure });
            self.accuse(Exit::Status(failure.status()));
            ServiceResult::Resources
        })
    }

    /// Sets the guard over the service and filters its devices while its first process builds its sandbox, so that nobody
    /// waits for the one or the other. That process runs nothing of the service's before both are there; if this one dies
    /// first, it ends too.
    fn guarded(&mut self, starting: Starting) -> Result<Starting, Failure> {
        if self.guard.is_none() {
            match Guard::over(&self.runtime.invocation, self.processes.cgroup_path()) {
                Ok(guard) => {
                    self.processes.leave_out(guard.pid());
                    self.guard = Some(guard);
                    for shortfall in filter_devices(self.settings, self.processes.cgroup()) {
                        self.tell_shortfall(&shortfall);
                    }
                }
                Err(e) => {
                    let pid = starting.pid();
                    drop(starting);
                    let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED);
                    return Err(Failure::new(Step::Exec, "make a guard process").errno(e));
                }
            }
        }
        Ok(starting)
    }

    /// A service that is to say that it is ready cannot when its sandbox hides the socket, which systemd does not tell
    /// either: the start only takes too long.
    fn tell_hidden_socket(&mut self, plan: &Plan) {
        if !matches!(self.settings.service.kind.value, ServiceType::Notify | ServiceType::NotifyReload) {
            return;
        }
        let Some(path) = self.notify.as_ref().and_then(|socket| AbsPath::parse(socket.path()).ok()) else {
            return;
        };
        let access = Access { path, kind: AccessKind::Stat };
        let who = Credentials::of(self.settings, self.facts);
        if let Verdict::Denied { because, .. } = decide(&View::of(plan, self.facts), &who, &access) {
            self.note(&format!(
                "the service cannot say that it is ready: {} BindReadOnlyPaths={} brings the socket back here, and \
                 BindReadOnlyPaths=/run/systemd/notify under systemd",
                because.reason,
                self.options.sockets.display()
            ));
        }
    }

    /// Which of the unit's settings hold for a command.
    fn for_command(&self, command: &Command, role: Role) -> For {
        let base = match role {
            Role::StartPre
            | Role::StartPost
            | Role::Condition
            | Role::Reload
            | Role::Stop
            | Role::StopPost => For::control(command, self.settings),
            Role::Start => For::starting(command),
        };
        For {
            memory_pressure: self.pressure_file(base.sandboxed),
            // systemd: `service_exec_flags`, `EXEC_SETUP_CREDENTIALS`.
            credentials: matches!(role, Role::StartPre | Role::Start | Role::StartPost),
            notify_socket: self
                .notify
                .as_ref()
                .filter(|_| self.hears_from(role))
                .and_then(|socket| AbsPath::parse(socket.path()).ok()),
            bases: self.runtime.bases.clone(),
            ..base
        }
    }
}
