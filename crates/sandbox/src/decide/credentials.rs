//! Who the service's main process is when it runs (capabilities(7), "Transformation of capabilities during execve()").

use crate::facts::Facts;
use crate::plan::ids;
use ringfence_settings::{CapabilitySet, PrivateUsers, Settings};
use ringfence_unit::Manager;

/// Bit of `SECBIT_NOROOT` in the securebits: being root grants nothing.
const NO_ROOT: u32 = 1;

/// Who asks: the service's process when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// File-system user.
    pub uid: u32,
    /// File-system group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Effective capabilities.
    pub capabilities: CapabilitySet,
    /// The owners of files over which the capabilities hold.
    pub mapped: Mapped,
}

/// Which owners a user namespace knows. Capabilities do not hold over the files of the others (user_namespaces(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// Everybody: the host's own namespace.
    All,
    /// Root, and the service's own user and group.
    Own {
        /// The user.
        uid: u32,
        /// The group.
        gid: u32,
    },
    /// The first 65536.
    First65536,
}

impl Mapped {
    /// Whether user and group of a file are both known.
    pub fn has(self, uid: u32, gid: u32) -> bool {
        match self {
            Mapped::All => true,
            Mapped::Own { uid: own, gid: own_group } => {
                (uid == 0 || uid == own) && (gid == 0 || gid == own_group)
            }
            Mapped::First65536 => uid < 65536 && gid < 65536,
        }
    }
}

impl Credentials {
    /// The main process of a unit. A `User=` that does not exist yields a user that owns nothing: the unit does not
    /// start.
    pub fn of(settings: &Settings, facts: &dyn Facts) -> Credentials {
        let (uid, gid) = ids(settings, facts);
        let sandbox = &settings.sandbox;
        let is_root = uid == 0 && sandbox.secure_bits.value & NO_ROOT == 0;
        let bounding = sandbox.bounding_set.value.0;
        let privileged = settings.manager == Manager::System || facts.features().caller.uid == 0;
        let capabilities = match (is_root, privileged) {
            (true, true) => CapabilitySet(bounding),
            (false, true) => CapabilitySet(sandbox.ambient.value.0 & bounding),
            (_, false) => CapabilitySet::EMPTY,
        };
        let mapped = match sandbox.private_users.value {
            PrivateUsers::No if privileged => Mapped::All,
            PrivateUsers::No | PrivateUsers::OwnUser => Mapped::Own { uid, gid },
            PrivateUsers::Identity => Mapped::First65536,
        };
        Credentials { uid, gid, groups: groups(settings, facts), capabilities, mapped }
    }
}

/// Supplementary groups: the user manager's own; else those that list the user, and `SupplementaryGroups=`.
fn groups(settings: &Settings, facts: &dyn Facts) -> Vec<u32> {
    if settings.manager == Manager::User {
        return facts.features().caller.groups.clone();
    }
    let identity = &settings.identity;
    let user = identity.user.value.as_deref().and_then(|name| facts.user(name));
    let mut all = user.map(|user| facts.groups_of(&user.name)).unwrap_or_default();
    all.extend(identity.supplementary_groups.iter().filter_map(|name| facts.group(&name.value)));
    all.sort_unstable();
    all.dedup();
    all
}
