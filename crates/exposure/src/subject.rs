//! What is scored.

use ringfence_seccomp::Machine;
use ringfence_settings::Settings;
use ringfence_unit::Manager;

/// Which of the real tool's two answers is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What the running manager answers for the unit: `systemd-analyze security UNIT`.
    #[default]
    Manager,
    /// What is computed from files: `systemd-analyze security --offline=yes FILE`.
    Offline,
}

/// A unit's settings, and how they are to be scored.
pub struct Subject<'a> {
    /// The settings, with what one implies of another worked in.
    pub settings: &'a Settings,
    /// Which answer is wanted.
    pub mode: Mode,
    /// Whose system calls are native.
    pub machine: Machine,
}

impl Subject<'_> {
    /// Whether the process is root, as the real tool sees it (`analyze-security.c: security_info_runs_privileged`): an
    /// empty user name is root, and so is a dynamic user of that name.
    pub(crate) fn runs_privileged(&self) -> bool {
        match &self.settings.identity.user.value {
            Some(user) => user == "root" || user == "0",
            None => !self.settings.identity.dynamic_user.value,
        }
    }

    /// Whether the unit's processes are those of a user's own manager, which never has privileges to give.
    pub(crate) fn is_users_own(&self) -> bool {
        self.settings.manager == Manager::User
    }

    /// Whether units of this type have commands, and with them the settings of systemd.exec(5).
    pub(crate) fn has_commands(&self) -> bool {
        ["service", "socket", "mount", "swap"].contains(&self.settings.unit.suffix())
    }
}
