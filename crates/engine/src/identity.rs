//! Who the process becomes.

use crate::dynamic_user::DynamicUser;
use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::privileges;
use crate::step::Step;
use ringfence_sandbox::facts::{Facts, User};
use ringfence_settings::{Capability, Settings};
use ringfence_terms::{AbsPath, Errno, Origin, Sourced};
use ringfence_unit::Manager;
use rustix::process::geteuid;

/// The users and groups of a process, looked up.
#[derive(Debug, Default)]
pub struct Identity {
    /// Whose process it will be; none for the caller's own, when nothing names a user.
    pub user: Option<User>,
    /// The user to change to.
    pub uid: Option<u32>,
    /// The group to change to.
    pub gid: Option<u32>,
    /// The supplementary groups to set.
    pub groups: Option<Vec<u32>>,
    /// The user's own groups, which a command has that keeps its caller's user, too.
    pub own_groups: Option<Vec<u32>>,
    /// The shell that root is taken to have.
    pub root_shell: &'static str,
    /// The number that `DynamicUser=` holds while this lives.
    dynamic: Option<DynamicUser>,
}

impl Identity {
    /// Looks up `User=`, `Group=` and `SupplementaryGroups=`, or takes a number for `DynamicUser=` (systemd:
    /// `get_fixed_user`, `get_fixed_group`, `get_supplementary_groups` in `src/core/exec-invoke.c`,
    /// `dynamic_creds_realize` in `src/core/dynamic-user.c`). What an ordinary user cannot have is reported.
    pub fn look_up(
        settings: &Settings,
        facts: &dyn Facts,
        report: &mut dyn FnMut(Shortfall),
    ) -> Result<Identity, Failure> {
        let wanted = &settings.identity;
        let mut identity = Identity { root_shell: root_shell(facts), ..Identity::default() };
        if let Some(name) = &wanted.user.value {
            match account(name, settings, facts) {
                Some(user) => identity.user = Some(user),
                None if wanted.dynamic_user.value => identity.take_dynamic(settings, facts, name)?,
                None => return Err(unknown(Step::User, "user", name, &wanted.user)),
            }
            if let Some(user) = identity.user.as_mut().filter(|_| wanted.dynamic_user.value) {
                // A dynamic user is called as the unit calls it, a number included (systemd: `dynamic_user_acquire`).
                user.name.clone_from(name);
            }
            identity.uid = identity.user.as_ref().map(|user| user.uid);
            identity.gid = identity.user.as_ref().map(|user| user.gid);
        }
        if let Some(name) = &wanted.group.value {
            match facts.group_of_line(name) {
                Some(gid) => identity.gid = Some(gid),
                // A dynamic group has its user's number.
                None if wanted.dynamic_user.value && identity.gid.is_some() => {}
                None => return Err(unknown(Step::Group, "group", name, &wanted.group)),
            }
        }
        if let (Some(user), Some(gid @ 1..)) = (&identity.user, identity.gid) {
            identity.groups = Some([vec![gid], facts.groups_of(&user.name)].concat());
            identity.own_groups.clone_from(&identity.groups);
        }
        for line in &wanted.supplementary_groups {
            let name = &line.value;
            let gid = facts.group_of_line(name).ok_or_else(|| unknown(Step::Group, "group", name, line))?;
            identity.groups.get_or_insert_default().push(gid);
        }
        for groups in [&mut identity.groups, &mut identity.own_groups].into_iter().flatten() {
            let mut seen = std::collections::BTreeSet::new();
            groups.retain(|gid| seen.insert(*gid));
        }
        if !privileges::has(Capability::SETUID) {
            if settings.manager == Manager::User {
                identity.is_the_callers(settings)?;
            }
            identity.stay(settings, facts, report);
        }
        Ok(identity)
    }

    fn take_dynamic(&mut self, settings: &Settings, facts: &dyn Facts, name: &str) -> Result<(), Failure> {
        let origin = settings.identity.dynamic_user.origin.as_ref();
        let itself: Option<u32> = name.parse().ok();
        if itself.is_none() && facts.group(name).is_some() {
            return Err(Failure::new(Step::User, format!("make the dynamic user `{name}`"))
                .errno(Errno::EOPNOTSUPP)
                .origin(origin)
                .hint("a group of that name exists already; name another user with User="));
        }
        let number = match (geteuid().is_root(), itself) {
            (false, _) => geteuid().as_raw(),
            // A number is taken as it is (systemd: `src/core/dynamic-user.c: dynamic_user_realize`).
            (true, Some(number)) => number,
            (true, None) => {
                let held = DynamicUser::take(name, settings, facts)
                    .map_err(|e| Failure::new(Step::User, "take a dynamic user").errno(e).origin(origin))?;
                let number = held.number();
                self.dynamic = Some(held);
                number
            }
        };
        self.user = Some(User {
            name: name.to_owned(),
            uid: number,
            gid: number,
            home: "/".into(),
            shell: "/usr/sbin/nologin".into(),
        });
        Ok(())
    }

    /// A user's manager fails where it would have to become somebody else (systemd: `enforce_groups`, which comes first).
    fn is_the_callers(&self, settings: &Settings) -> Result<(), Failure> {
        let wanted = &settings.identity;
        let own: Vec<u32> = rustix::process::getgroups()
            .unwrap_or_default()
            .into_iter()
            .chain([rustix::process::getegid()])
            .map(|group| group.as_raw())
            .collect();
        let named = [wanted.user.origin.as_ref(), wanted.group.origin.as_ref()];
        let listed = wanted.supplementary_groups.first().and_then(|line| line.origin.as_ref());
        let origin = named.into_iter().chain([listed]).flatten().next();
        let groups = self.groups.iter().flatten().chain(&self.gid);
        if self.uid.is_none_or(|uid| uid == geteuid().as_raw())
            && groups.into_iter().all(|gid| own.contains(gid))
        {
            return Ok(());
        }
        Err(Failure::new(Step::Group, "change to other users and groups")
            .errno(Errno::EPERM)
            .origin(origin)
            .hint("a user's manager runs its services as that user, with that user's groups; leave the line out"))
    }

    /// Without privileges the process stays who it is.
    fn stay(&mut self, settings: &Settings, facts: &dyn Facts, report: &mut dyn FnMut(Shortfall)) {
        let own = geteuid().as_raw();
        let name = facts.user(&own.to_string());
        let called = name.as_ref().map_or_else(|| own.to_string(), |user| user.name.clone());
        let mut not = |directive: &str, origin: Option<&Origin>| {
            report(Shortfall {
                directive: directive.to_owned(),
                origin: origin.cloned(),
                strength: Strength::NotEnforced,
                why: format!("only root can change users and groups, so it runs as {called}"),
            });
        };
        let identity = &settings.identity;
        if identity.dynamic_user.value {
            not("DynamicUser", identity.dynamic_user.origin.as_ref());
        } else if self.uid.is_some_and(|uid| uid != own) {
            not("User", identity.user.origin.as_ref());
        }
        if identity.group.value.is_some() && !identity.dynamic_user.value {
            not("Group", identity.group.origin.as_ref());
        }
        if let Some(line) = identity.supplementary_groups.first() {
            not("SupplementaryGroups", line.origin.as_ref());
        }
        *self = Identity { user: name, root_shell: self.root_shell, ..Identity::default() };
    }

    /// Who files for the service are given to: root where nothing else is said.
    pub fn owner(&self) -> (u32, u32) {
        (self.uid.unwrap_or(0), self.gid.unwrap_or(0))
    }

    /// Whether the user is one that only exists while the unit runs.
    pub fn is_dynamic(&self) -> bool {
        self.dynamic.is_some()
    }
}

/// systemd: `src/basic/user-util.c: default_root_shell`.
fn root_shell(facts: &dyn Facts) -> &'static str {
    let bash = AbsPath::parse("/bin/bash").is_ok_and(|path| facts.node(&path).is_ok());
    if bash { "/bin/bash" } else { "/bin/sh" }
}

/// The account of `User=`. What systemd knows of root and nobody goes before the accounts' file, unless the unit asks for
/// the environment of a login (systemd: `src/basic/user-util.c: synthesize_user_creds`; `prefer_nss` in
/// `src/core/exec-invoke.c: get_fixed_user`).
fn account(name: &str, settings: &Settings, facts: &dyn Facts) -> Option<User> {
    let there = |path: &str| AbsPath::parse(path).is_ok_and(|path| facts.node(&path).is_ok());
    let known = |name: &str, id: u32, home: &str, shell: &str| {
        let (home, shell) = (home.into(), shell.into());
        Some(User { name: name.to_owned(), uid: id, gid: id, home, shell })
    };
    let asks = settings.identity.set_login_environment.value == Some(true);
    match name {
        "root" | "0" if !asks => known("root", 0, "/root", root_shell(facts)),
        "nobody" | "65534" if !asks && !there("/etc/systemd/dont-synthesize-nobody") => {
            known("nobody", 65534, "/", "/usr/sbin/nologin")
        }
        _ => facts.user(name),
    }
}

fn unknown<T>(step: Step, what: &str, name: &str, line: &Sourced<T>) -> Failure {
    Failure::new(step, format!("find the {what} `{name}`"))
        // systemd says "No such process".
        .errno(Errno(3))
        .origin(line.origin.as_ref())
        .hint(format!("make the {what} (systemd-sysusers, {what}add), or name one that exists"))
}
