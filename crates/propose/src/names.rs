//! What a service's own directories are called.

use crate::Case;
use ringfence_terms::AbsPath;
use std::collections::BTreeSet;

impl Case<'_> {
    /// The service's name, what it starts with (`php` of `php8.4-fpm`), and its users' names.
    pub fn names(&self) -> BTreeSet<String> {
        let unit = self.settings.unit.prefix();
        let ends = unit.char_indices().filter(|(at, c)| *at >= SHORTEST && !c.is_ascii_alphabetic());
        let mut names: BTreeSet<String> = ends.map(|(at, _)| unit[..at].to_owned()).collect();
        names.insert(unit.to_owned());
        let users = self.needs.users().into_iter().filter_map(|uid| self.facts.user(&uid.to_string()));
        names.extend(users.map(|user| user.name));
        names
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

/// Shorter beginnings of a name say little.
const SHORTEST: usize = 3;
