//! What the manager puts into the environment of a command (systemd.exec(5), "Environment Variables in Spawned
//! Processes"; systemd: `service_spawn_internal`).

use crate::supervisor::Supervisor;
use crate::{Role, ServiceResult};
use ringfence_engine::DEFAULT_PATH;
use ringfence_engine::environment::{Variables, parse_file};
use ringfence_settings::NotifyAccess;
use ringfence_unit::Manager;

impl Supervisor<'_> {
    /// The variables of a command, before the unit's own.
    pub(crate) fn variables(&self, role: Role) -> Variables {
        let settings = self.settings;
        let mut all = match settings.manager {
            Manager::System => of_the_system(),
            Manager::User => of_the_caller(),
        };
        if self.hears_from(role)
            && let Some(socket) = &self.notify
        {
            all.set("NOTIFY_SOCKET", socket.path().display().to_string());
        }
        if let Some(main) = &self.main {
            all.set("MAINPID", main.pid.as_raw_nonzero().to_string());
        }
        all.extend(self.options.passed.variables.iter().map(|(name, value)| (*name, value.clone())));
        if settings.manager == Manager::User {
            all.set("MANAGERPID", std::process::id().to_string());
        }
        if let Some(file) = &settings.service.pid_file.value {
            all.set("PIDFILE", file.to_string());
        }
        if matches!(role, Role::Stop | Role::StopPost) {
            all.set("SERVICE_RESULT", self.result.word());
            if let Some(exit) = self.main_exit {
                let (code, status) = exit.variables();
                all.extend([("EXIT_CODE", code.to_owned()), ("EXIT_STATUS", status)]);
            }
        }
        if role == Role::Start
            && let Some(interval) = self.watchdog.interval
        {
            all.set("WATCHDOG_USEC", interval.as_micros().to_string());
        }
        all
    }

    /// Whether a command may talk to the notification socket, as far as the role decides it.
    pub(crate) fn hears_from(&self, role: Role) -> bool {
        match self.access {
            NotifyAccess::None => false,
            NotifyAccess::Main => role == Role::Start,
            NotifyAccess::Exec | NotifyAccess::All => true,
        }
    }

    /// The first failure counts: what follows from it does not hide it.
    pub(crate) fn blame(&mut self, result: ServiceResult) {
        if self.result == ServiceResult::Success {
            self.result = result;
        }
    }
}

/// The system manager's: a path, and the machine's locale (locale.conf(5)), or `C.UTF-8`.
pub(crate) fn of_the_system() -> Variables {
    let mut all: Variables =
        [("PATH", DEFAULT_PATH.join(":")), ("LANG", "C.UTF-8".to_owned())].into_iter().collect();
    if let Ok(text) = std::fs::read("/etc/locale.conf") {
        let locale =
            parse_file(&text).into_iter().filter(|(name, _)| name == "LANG" || name.starts_with("LC_"));
        all.extend(locale);
    }
    all
}

/// A user manager's: all that the user's session has.
fn of_the_caller() -> Variables {
    let mut all: Variables = [("PATH", DEFAULT_PATH.join(":"))].into_iter().collect();
    all.extend(
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    );
    all
}
