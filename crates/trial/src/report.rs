//! What a trial came to.

use ringfence_profile::Profile;
use serde::{Deserialize, Serialize};

/// What happened in the shadow, as its first process tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The service became ready.
    pub ready: bool,
    /// How the exercise ended; `None` when there is none, or when it was not reached.
    pub exercise: Option<i32>,
    /// How it ended after a reload; `None` when the service cannot reload.
    pub after_reload: Option<i32>,
    /// A command of `ExecReload=` failed. The service goes on; whether that is the sandbox's fault is told by a trial without.
    #[serde(default)]
    pub reload_failed: bool,
    /// How the service came out (systemd's word for its result).
    pub result: String,
    /// Set-up steps that failed, each with the line that is to blame; warnings; what could not be enforced.
    pub messages: Vec<String>,
    /// Directives that ringfence enforced less than asked for.
    pub weaker: Vec<String>,
    /// Parts of the machine that the shadow only shows read-only.
    pub shadow: Vec<String>,
}

/// What a trial came to.
#[derive(Debug)]
pub struct Report {
    /// What happened.
    pub told: Told,
    /// What the service's processes did.
    pub profile: Profile,
    /// What went wrong with recording, if anything did.
    pub recording: Vec<String>,
}

impl Report {
    /// Whether the service started, did what the exercise asked of it, before and after a reload, and stopped well.
    pub fn passed(&self) -> bool {
        let told = &self.told;
        let fine = |status: Option<i32>| status.is_none_or(|status| status == 0);
        told.ready && told.result == "success" && fine(told.exercise) && fine(told.after_reload)
    }

    /// What did not go well, in one sentence; `None` when it passed.
    pub fn what_failed(&self) -> Option<String> {
        let told = &self.told;
        match told {
            _ if self.passed() => None,
            Told { ready: false, .. } => Some(match told.messages.first() {
                Some(message) => format!("the service did not start: {message}"),
                None => format!("the service did not become ready (result `{}`)", told.result),
            }),
            Told { exercise: Some(status), .. } if *status != 0 => {
                Some(format!("the exercise ended with status {status}"))
            }
            Told { after_reload: Some(status), .. } if *status != 0 => {
                Some(format!("after a reload the exercise ended with status {status}"))
            }
            _ => Some(format!("the service ended with result `{}`", told.result)),
        }
    }
}
