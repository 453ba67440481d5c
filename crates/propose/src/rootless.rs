//! No root at all: the service started as the user that it would become anyway.

use crate::{Needs, Options};
use ringfence_profile::{Address, IdentityChange, Privilege, Profile};
use ringfence_sandbox::facts::Facts;
use ringfence_settings::{Capability, Settings};
use ringfence_terms::Sourced;
use ringfence_unit::Manager;
use std::collections::BTreeSet;
use std::path::Path;

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

/// Whether the kernel asked for a capability where a refusal changes nothing. A recorder that hears the kernel's questions
/// hears those, too.
fn only_in_passing(needs: &Needs<'_>, capability: Capability) -> bool {
    let asked = |p: &Privilege| matches!(p, Privilege::Capability(n) if *n == capability.number());
    match capability.name().as_str() {
        // Asked at every chmod(2) and chown(2), to know whether the bits may stay (`fs/attr.c: setattr_prepare`).
        "CAP_FSETID" => !needs.privileges().any(|p| matches!(p, Privilege::SetIdBits { .. })),
        // libsystemd makes the buffers of its sockets larger than allowed where it may, and as large as allowed where not
        // (`src/basic/socket-util.c: fd_inc_sndbuf`). Whoever changes networks speaks netlink, or packets.
        "CAP_NET_ADMIN" => {
            let network = |p: &Privilege| matches!(p, Privilege::Socket { family: NETLINK | PACKET, .. });
            let by_libsystemd = |exe: &Path| {
                needs.files().any(|access| {
                    let name = access.path().file_name().map(|name| name.to_string_lossy());
                    access.by().exe == exe && name.is_some_and(|name| name.starts_with("libsystemd.so"))
                })
            };
            !needs.privileges().any(network) && needs.programs_with(asked).into_iter().all(by_libsystemd)
        }
        _ => false,
    }
}

/// `AF_NETLINK` and `AF_PACKET` of linux/socket.h.
const NETLINK: u16 = 16;
const PACKET: u16 = 17;

/// The capabilities that a profile shows to be needed: what was asked for only in passing is not.
pub fn needed_capabilities(profile: &Profile) -> BTreeSet<Capability> {
    capabilities(&Needs::of(profile), false)
}

/// The capabilities that the service was seen to use or need: without root, those that root's own work took are left out.
pub(crate) fn capabilities(needs: &Needs<'_>, rootless: bool) -> BTreeSet<Capability> {
    let mut used: BTreeSet<Capability> = needs
        .privileges()
        .filter_map(|p| if let Privilege::Capability(n) = p { Capability::from_number(*n) } else { None })
        .filter(|capability| !only_in_passing(needs, *capability))
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
