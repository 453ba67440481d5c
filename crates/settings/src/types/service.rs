//! systemd.service(5) and systemd.kill(5).

use super::Command;
use super::sandbox::words;
use ringfence_terms::{AbsPath, Origin, Sourced};
use std::collections::BTreeSet;
use std::time::Duration;

/// Type, commands and time-outs of a service.
#[derive(Clone, Debug)]
pub struct Service {
    /// `Type=`, or what follows from the other directives when it is not set (systemd: `service_fix_type…`).
    pub kind: Sourced<ServiceType>,
    /// `ExitType=`.
    pub exit_type: Sourced<ExitType>,
    /// `RemainAfterExit=`.
    pub remain_after_exit: Sourced<bool>,
    /// `GuessMainPID=`.
    pub guess_main_pid: Sourced<bool>,
    /// `PIDFile=`.
    pub pid_file: Sourced<Option<AbsPath>>,
    /// `BusName=`.
    pub bus_name: Sourced<Option<String>>,
    /// `NotifyAccess=`, as written or as the type implies.
    pub notify_access: Sourced<NotifyAccess>,
    /// `ExecCondition=`.
    pub exec_condition: Vec<Command>,
    /// `ExecStartPre=`.
    pub exec_start_pre: Vec<Command>,
    /// `ExecStart=`.
    pub exec_start: Vec<Command>,
    /// `ExecStartPost=`.
    pub exec_start_post: Vec<Command>,
    /// `ExecReload=`.
    pub exec_reload: Vec<Command>,
    /// `ExecStop=`.
    pub exec_stop: Vec<Command>,
    /// `ExecStopPost=`.
    pub exec_stop_post: Vec<Command>,
    /// `PermissionsStartOnly=`.
    pub permissions_start_only: Sourced<bool>,
    /// `ReloadSignal=`, a signal's number.
    pub reload_signal: Sourced<i32>,
    /// `TimeoutStartSec=`; `None` is never. For `Type=oneshot` the default is never.
    pub timeout_start: Sourced<Option<Duration>>,
    /// `TimeoutStopSec=`; `None` is never.
    pub timeout_stop: Sourced<Option<Duration>>,
    /// `TimeoutAbortSec=`; `None` means as `TimeoutStopSec=`, and [`Duration::MAX`] never.
    pub timeout_abort: Sourced<Option<Duration>>,
    /// `TimeoutStartFailureMode=`.
    pub timeout_start_failure: Sourced<TimeoutMode>,
    /// `TimeoutStopFailureMode=`.
    pub timeout_stop_failure: Sourced<TimeoutMode>,
    /// `RuntimeMaxSec=`; `None` is never.
    pub runtime_max: Sourced<Option<Duration>>,
    /// `WatchdogSec=`; `None` is off.
    pub watchdog: Sourced<Option<Duration>>,
    /// `Restart=`.
    pub restart: Sourced<RestartPolicy>,
    /// `SuccessExitStatus=`.
    pub success_exit_status: ExitStatusSet,
    /// `FileDescriptorStoreMax=`.
    pub fd_store_max: Sourced<u32>,
    /// `Sockets=`.
    pub sockets: Vec<Sourced<String>>,
    /// `NonBlocking=`.
    pub non_blocking: Sourced<bool>,
    /// `OpenFile=`, raw: `PATH[:NAME[:OPTIONS]]`.
    pub open_files: Vec<Sourced<String>>,
}

impl Service {
    /// Every command, in the order in which a service's life runs them.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        let lists = [
            &self.exec_condition,
            &self.exec_start_pre,
            &self.exec_start,
            &self.exec_start_post,
            &self.exec_reload,
            &self.exec_stop,
            &self.exec_stop_post,
        ];
        lists.into_iter().flatten()
    }
}

impl Default for Service {
    fn default() -> Self {
        Service {
            kind: Sourced::default(),
            exit_type: Sourced::default(),
            remain_after_exit: Sourced::default(),
            guess_main_pid: Sourced::built_in(true),
            pid_file: Sourced::default(),
            bus_name: Sourced::default(),
            notify_access: Sourced::default(),
            exec_condition: Vec::new(),
            exec_start_pre: Vec::new(),
            exec_start: Vec::new(),
            exec_start_post: Vec::new(),
            exec_reload: Vec::new(),
            exec_stop: Vec::new(),
            exec_stop_post: Vec::new(),
            permissions_start_only: Sourced::default(),
            reload_signal: Sourced::built_in(1),
            timeout_start: Sourced::built_in(Some(Duration::from_secs(90))),
            timeout_stop: Sourced::built_in(Some(Duration::from_secs(90))),
            timeout_abort: Sourced::default(),
            timeout_start_failure: Sourced::default(),
            timeout_stop_failure: Sourced::default(),
            runtime_max: Sourced::default(),
            watchdog: Sourced::default(),
            restart: Sourced::default(),
            success_exit_status: ExitStatusSet::default(),
            fd_store_max: Sourced::default(),
            sockets: Vec::new(),
            non_blocking: Sourced::default(),
            open_files: Vec::new(),
        }
    }
}

words! {
    /// `Type=`.
    ServiceType {
        /// Started when it is forked.
        #[default] Simple = "simple",
        /// Started when execve(2) has worked.
        Exec = "exec",
        /// Started when the first process has exited.
        Forking = "forking",
        /// Started when every command has ended.
        Oneshot = "oneshot",
        /// Started when it owns its bus name.
        Dbus = "dbus",
        /// Started when it says so.
        Notify = "notify",
        /// As notify, and reloads on a signal.
        NotifyReload = "notify-reload",
        /// As simple, after other jobs.
        Idle = "idle",
    }
}
words! {
    /// `ExitType=`.
    ExitType {
        /// The main process decides.
        #[default] Main = "main",
        /// The last process of the control group decides.
        Cgroup = "cgroup",
    }
}
words! {
    /// `NotifyAccess=`.
    NotifyAccess {
        /// Nobody.
        #[default] None = "none",
        /// The main process.
        Main = "main",
        /// The main and the control processes.
        Exec = "exec",
        /// Every process of the unit.
        All = "all",
    }
}
words! {
    /// `Restart=`; only its consistency is checked, `ringfence run` never restarts.
    RestartPolicy {
        /// Never.
        #[default] No = "no",
        /// After a clean exit.
        OnSuccess = "on-success",
        /// After a failure.
        OnFailure = "on-failure",
        /// After a signal or time-out.
        OnAbnormal = "on-abnormal",
        /// After a watchdog time-out.
        OnWatchdog = "on-watchdog",
        /// After an unclean signal.
        OnAbort = "on-abort",
        /// Always.
        Always = "always",
    }
}
words! {
    /// `TimeoutStartFailureMode=`, `TimeoutStopFailureMode=`.
    TimeoutMode {
        /// Stop it properly.
        #[default] Terminate = "terminate",
        /// With the watchdog's signal.
        Abort = "abort",
        /// At once.
        Kill = "kill",
    }
}
words! {
    /// `KillMode=`.
    KillMode {
        /// Every process.
        #[default] ControlGroup = "control-group",
        /// The main process first; the rest with the final signal.
        Mixed = "mixed",
        /// The main process only.
        Process = "process",
        /// Nobody: only `ExecStop=` runs.
        None = "none",
    }
}

/// How a service is stopped (systemd.kill(5)).
#[derive(Clone, Debug)]
pub struct Kill {
    /// `KillMode=`.
    pub mode: Sourced<KillMode>,
    /// `KillSignal=`, a signal's number.
    pub signal: Sourced<i32>,
    /// `RestartKillSignal=`; `None` is as `KillSignal=`.
    pub restart_signal: Sourced<Option<i32>>,
    /// `SendSIGHUP=`.
    pub send_sighup: Sourced<bool>,
    /// `SendSIGKILL=`.
    pub send_sigkill: Sourced<bool>,
    /// `FinalKillSignal=`.
    pub final_signal: Sourced<i32>,
    /// `WatchdogSignal=`.
    pub watchdog_signal: Sourced<i32>,
}

impl Default for Kill {
    fn default() -> Self {
        Kill {
            mode: Sourced::default(),
            signal: Sourced::built_in(15),
            restart_signal: Sourced::default(),
            send_sighup: Sourced::default(),
            send_sigkill: Sourced::built_in(true),
            final_signal: Sourced::built_in(9),
            watchdog_signal: Sourced::built_in(6),
        }
    }
}

/// Exit statuses and signals that count as success besides 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitStatusSet {
    /// Exit statuses.
    pub statuses: BTreeSet<u8>,
    /// Signals' numbers.
    pub signals: BTreeSet<i32>,
    /// The lines that make up the set.
    pub lines: Vec<Origin>,
}
