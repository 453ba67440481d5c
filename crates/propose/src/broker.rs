//! Services whose job is to run other people's programs.
//!
//! What such a service starts (a cron job, a login shell) needs whatever its users need, and every restriction is
//! inherited. No recording shows that; therefore such services are recognised and left nearly alone.

use crate::{Evidence, Needs};
use ringfence_profile::{IdentityChange, Operation, Privilege};
use ringfence_settings::{KillMode, Settings};

/// What makes the service one of these; empty for an ordinary one.
///
/// Two signs, both needed for none alone is proof: it outlives its restarts or authenticates people, and it is able to
/// become other users or runs shells.
pub fn evidence(needs: &Needs<'_>, settings: &Settings) -> Vec<Evidence> {
    let authenticates = needs.file_evidence(|access| access.path().starts_with("/etc/pam.d"));
    let outlived = settings.kill.mode.value == KillMode::Process;
    if authenticates.is_empty() && !outlived {
        return Vec::new();
    }
    let shells = needs.file_evidence(|access| {
        access.operations().contains(Operation::Exec)
            && access.path().file_name().is_some_and(|name| {
                ["sh", "dash", "bash", "zsh", "ksh", "fish"].iter().any(|shell| name == *shell)
            })
    });
    let changes_user = needs.privilege_evidence(|privilege| {
        matches!(privilege, Privilege::Identity(IdentityChange::User(_) | IdentityChange::Groups))
    });
    let mut all = authenticates;
    if outlived && let Some(origin) = &settings.kill.mode.origin {
        all.push(Evidence(format!("{origin}: what it started outlives it")));
    }
    if shells.is_empty() && changes_user.is_empty() && !outlived {
        return Vec::new();
    }
    all.extend(shells);
    all.extend(changes_user);
    all
}
