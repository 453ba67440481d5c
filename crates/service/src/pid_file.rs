//! `PIDFile=`, and finding the main process of a service that forks without one.

use crate::supervisor::Supervisor;
use rustix::process::Pid;

impl Supervisor<'_> {
    /// Takes the main process from the PID file; whether there is one now (systemd: `service_load_pid_file`).
    ///
    /// A process that is none of the service's is taken only if nobody but root can have written the file.
    pub(crate) fn load_pid_file(&mut self) -> bool {
        let Some(path) = &self.settings.service.pid_file.value else { return false };
        let Ok(text) = std::fs::read_to_string(path) else { return false };
        let first = text.lines().next().unwrap_or_default().trim();
        let Some(pid) = first.parse().ok().and_then(Pid::from_raw) else { return false };
        let trusted = std::fs::symlink_metadata(path).is_ok_and(|metadata| {
            use std::os::unix::fs::MetadataExt;
            metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw()
        });
        self.set_main(pid, trusted)
    }

    /// Guesses, unless the main process has been known: if exactly one process is left whose parent is this one now, it is
    /// it (systemd: `unit_search_main_pid`).
    pub(crate) fn guess_main(&mut self) {
        if self.main.is_some() || self.main_exit.is_some() || !self.settings.service.guess_main_pid.value {
            return;
        }
        let orphans = self.processes.orphans();
        if let [only] = orphans[..] {
            self.set_main(only, true);
        }
    }
}
