//! No root at all: the service started as the user that it would become anyway.

use crate::{Needs, Options};
use ringfence_profile::{Address, IdentityChange, Privilege};
use ringfence_sandbox::facts::Facts;
use ringfence_settings::{Capability, Settings};
use ringfence_terms::Sourced;
use ringfence_unit::Manager;
use std::collections::BTreeSet;

/// Whom the service is started as.
pub(crate) struct Rootless {
    /// `User=`.
    pub user: String,
    /// `Group=`, where it is not the user's own.
    pub group: Option<u32>,
}

/// What becoming the user took, and what root needs to reach that user's files and processes: as the user itself, neither
/// is needed.
pub(crate) static OF_ROOT: &[&str] = &[
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
];

impl Rootless {
    /// The one user that everything but the start runs as; `None` where there is none, or more than one, or where the
    /// unit says already whom it runs as.
    pub fn of(
        needs: &Needs<'_>,
        settings: &Settings,
        facts: &dyn Facts,
        options: &Options,
    ) -> Option<Rootless> {
        let identity = &settings.identity;
        // A user's manager has no other user to start it as.
        if settings.manager == Manager::User {
            return None;
        }
        if !options.rootless || identity.user.value.is_some() || identity.dynamic_user.value {
            return None;
        }
        let users = needs.users();
        let [uid] = users.iter().copied().collect::<Vec<_>>()[..] else { return None };
        let user = facts.user(&uid.to_string())?;
        let groups: BTreeSet<u32> = needs
            .privileges()
            .filter_map(|p| match p {
                Privilege::Identity(IdentityChange::Group(gid)) if *gid != 0 => Some(*gid),
                _ => None,
            })
            .collect();
        let group = groups.into_iter().find(|gid| *gid != user.gid);
        Some(Rootless { user: user.name, group })
    }

    /// The unit's settings, were it started as that user.
    pub fn settings(&self, settings: &Settings) -> Settings {
        let mut changed = settings.clone();
        changed.identity.user = Sourced::built_in(Some(self.user.clone()));
        if let Some(group) = self.group {
            changed.identity.group = Sourced::built_in(Some(group.to_string()));
        }
        changed
    }
}

/// The capabilities that the service was seen to use or need: without root, those that root's own work took are left out.
pub(crate) fn capabilities(needs: &Needs<'_>, rootless: bool) -> BTreeSet<Capability> {
    let mut used: BTreeSet<Capability> = needs
        .privileges()
        .filter_map(|p| if let Privilege::Capability(n) = p { Capability::from_number(*n) } else { None })
        .collect();
    // Where capabilities could only be inferred, a low port may be all that shows this one (ip(7)).
    let low_port = |p: &Privilege| matches!(p, Privilege::Bind(Address::Inet { port: 1..1024, .. }));
    if needs.privileges().any(low_port) {
        used.extend(Capability::parse("CAP_NET_BIND_SERVICE"));
    }
    if rootless {
        used.retain(|capability| !OF_ROOT.contains(&capability.name().as_str()));
    }
    used
}
