//! Who the process becomes.

use crate::failure::Failure;
use crate::step::Step;
use ringfence_sandbox::facts::{Facts, User};
use ringfence_settings::Settings;
use ringfence_terms::{Errno, Sourced};

/// The users and groups of a process, looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `User=`, or the dynamic user. None leaves the user as it is.
    pub user: Option<User>,
    /// `Group=`, or the user's own. None leaves the group as it is.
    pub gid: Option<u32>,
    /// Supplementary groups, or none when neither the user nor `SupplementaryGroups=` asks for any.
    pub groups: Option<Vec<u32>>,
}

impl Identity {
    /// Looks up `User=`, `Group=` and `SupplementaryGroups=` (systemd: `get_fixed_user`, `get_fixed_group`,
    /// `get_supplementary_groups` in `src/core/exec-invoke.c`).
    pub fn look_up(settings: &Settings, facts: &dyn Facts) -> Result<Identity, Failure> {
        let identity = &settings.identity;
        let user = match &identity.user.value {
            None => None,
            Some(name) => {
                Some(facts.user(name).ok_or_else(|| unknown(Step::User, "user", name, &identity.user))?)
            }
        };
        let gid = match &identity.group.value {
            Some(name) => {
                Some(facts.group(name).ok_or_else(|| unknown(Step::Group, "group", name, &identity.group))?)
            }
            None => user.as_ref().map(|u| u.gid),
        };
        let mut groups = None;
        if let Some(user) = &user
            && user.uid != 0
        {
            groups = Some(facts.groups_of(&user.name));
        }
        for name in &identity.supplementary_groups {
            let gid =
                facts.group(&name.value).ok_or_else(|| unknown(Step::Group, "group", &name.value, name))?;
            groups.get_or_insert_default().push(gid);
        }
        if let (Some(groups), Some(gid)) = (&mut groups, gid) {
            groups.insert(0, gid);
            let mut seen = std::collections::BTreeSet::new();
            groups.retain(|g| seen.insert(*g));
        }
        Ok(Identity { user, gid, groups })
    }

    /// The user's number, if the user changes.
    pub fn uid(&self) -> Option<u32> {
        self.user.as_ref().map(|u| u.uid)
    }
}

fn unknown<T>(step: Step, what: &str, name: &str, line: &Sourced<T>) -> Failure {
    Failure::new(step, format!("find the {what} `{name}`"))
        // systemd says "No such process".
        .errno(Errno(3))
        .origin(line.origin.as_ref())
        .hint(format!("make the {what} (systemd-sysusers, {what}add), or name one that exists"))
}
