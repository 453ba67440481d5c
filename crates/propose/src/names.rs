//! What a service's own directories are called.

use crate::{Case, Needs};
use ringfence_profile::{Operation, Profile};
use ringfence_sandbox::facts::Facts;
use ringfence_settings::Settings;
use ringfence_terms::AbsPath;
use std::collections::BTreeSet;

impl Case<'_> {
    /// The service's name, what it starts with (`php` of `php8.4-fpm`), and its users' names.
    pub fn names(&self) -> BTreeSet<String> {
        names(&self.needs, self.settings, self.facts)
    }

    /// Its users' homes.
    pub fn homes(&self) -> BTreeSet<AbsPath> {
        let users = self.needs.users().into_iter().filter_map(|uid| self.facts.user(&uid.to_string()));
        users.filter_map(|user| AbsPath::parse(&user.home).ok()).collect()
    }

    /// Whether a directory below a base such as `/var/lib` is the service's by its name or its owner.
    pub fn owns(&self, directory: &AbsPath) -> bool {
        let name = directory.as_path().file_name().map(|name| name.to_string_lossy());
        let named = name.is_some_and(|name| self.names().contains(&*name));
        let users = self.needs.users();
        named || self.facts.node(directory).map_or(true, |node| users.contains(&node.uid))
    }
}

/// The names that a service goes by.
pub(crate) fn names(needs: &Needs<'_>, settings: &Settings, facts: &dyn Facts) -> BTreeSet<String> {
    let mut names = beginnings(settings.unit.prefix());
    let users = needs.users().into_iter().filter_map(|uid| facts.user(&uid.to_string()));
    names.extend(users.map(|user| user.name));
    names
}

/// The programs of the service itself: what its unit starts, and what bears its name among all that ran.
pub fn own_programs(profile: &Profile, settings: &Settings, facts: &dyn Facts) -> BTreeSet<String> {
    let needs = Needs::of(profile);
    let names = names(&needs, settings, facts);
    let ran = needs.files().filter(|access| access.operations().contains(Operation::Exec));
    let own = ran.filter_map(|access| {
        let name = access.path().file_name()?.to_str()?;
        beginnings(name).iter().any(|name| names.contains(name)).then(|| access.path().display().to_string())
    });
    own.chain(settings.service.exec_start.iter().map(|command| command.path.clone())).collect()
}

/// A name, and what it starts with before a digit or a sign: `php`, `php8` and `php8.4` of `php8.4-fpm`.
pub(crate) fn beginnings(name: &str) -> BTreeSet<String> {
    let ends = name.char_indices().filter(|(at, c)| *at >= SHORTEST && !c.is_ascii_alphabetic());
    ends.map(|(at, _)| name[..at].to_owned()).chain([name.to_owned()]).collect()
}

/// Shorter beginnings of a name say little.
const SHORTEST: usize = 3;
