//! Where unit files are looked for (systemd: `src/libsystemd/sd-path/path-lookup.c: lookup_paths_init`).

use super::Root;
use crate::Manager;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The environment variables that decide where things are: those of this process, or invented ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(Variables);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Variables {
    OfProcess,
    These(BTreeMap<OsString, OsString>),
}

impl Default for Environment {
    /// None at all.
    fn default() -> Self {
        Environment(Variables::These(BTreeMap::new()))
    }
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Environment {
        Environment(Variables::OfProcess)
    }

    /// One variable's value.
    pub fn get(&self, name: &str) -> Option<OsString> {
        match &self.0 {
            Variables::OfProcess => std::env::var_os(name),
            Variables::These(all) => all.get(OsStr::new(name)).cloned(),
        }
    }

    /// One variable's value where that is an absolute path, which systemd asks of all its directory variables.
    pub(super) fn absolute(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Environment(Variables::These(variables))
    }
}

/// The directories that unit files and drop-ins are looked for in, first hit first, and whose manager looks there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath {
    pub(super) root: Root,
    pub(super) manager: Manager,
    pub(super) dirs: Vec<PathBuf>,
}

/// The system manager's own directories.
const SYSTEM: [&str; 12] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// The directories that the managers of all users share (`RUNTIME_SCOPE_GLOBAL`).
const ALL_USERS: [&str; 6] = [
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
];

/// What comes last but for late generators in one user's list; what of it `$XDG_DATA_DIRS` names too comes sooner.
const USER_DATA: [&str; 4] = [
    "/usr/local/lib/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/lib/systemd/user",
    "/usr/share/systemd/user",
];

impl SearchPath {
    /// The directories in which systemd looks. `$SYSTEMD_UNIT_PATH` replaces them all; where it ends in a colon, they
    /// follow it.
    ///
    /// With [`Manager::User`] in a tree that is not the running system, it is the directories that all users share.
    pub fn of_systemd(root: Root, manager: Manager, environment: &Environment) -> SearchPath {
        let mut dirs = Vec::new();
        let mut is_complete = false;
        if let Some(replacement) = environment.get("SYSTEMD_UNIT_PATH") {
            dirs.extend(split_list(&replacement).filter_map(|dir| std::path::absolute(dir).ok()));
            is_complete = !replacement.as_bytes().ends_with(b":");
        }
        if !is_complete {
            match manager {
                Manager::System => {
                    dirs.extend(SYSTEM.map(PathBuf::from));
                    if !root.is_system() {
                        // Only a foreign tree may still have a /lib of its own (`LOOKUP_PATHS_SPLIT_USR`).
                        dirs.insert(dirs.len() - 1, PathBuf::from("/lib/systemd/system"));
                    }
                }
                Manager::User if root.is_system() => dirs.extend(user_dirs(environment)),
                Manager::User => dirs.extend(ALL_USERS.map(PathBuf::from)),
            }
        }
        SearchPath { root, manager, dirs: without_repeats(dirs) }
    }

    /// Exactly these directories, which are absolute inside the tree.
    pub fn of_dirs(root: Root, manager: Manager, dirs: impl IntoIterator<Item = PathBuf>) -> SearchPath {
        SearchPath { root, manager, dirs: without_repeats(dirs) }
    }

    /// The same path with other directories before it, as `systemd-analyze security --offline=yes` and `verify` put the
    /// directories of the files that they are given (`src/analyze/analyze-verify-util.c: verify_set_unit_path`).
    pub fn with_leading(mut self, dirs: impl IntoIterator<Item = PathBuf>) -> SearchPath {
        self.dirs = without_repeats(dirs.into_iter().chain(self.dirs));
        self
    }

    /// The directories, as paths inside the tree.
    pub fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    /// The tree that is searched.
    pub fn root(&self) -> &Root {
        &self.root
    }
}

/// A user manager's directories (`user_unit_search_dirs`).
fn user_dirs(environment: &Environment) -> Vec<PathBuf> {
    let user = super::machine::UserDirs::new(environment);
    let in_runtime = |name: &str| user.runtime.join(name);
    let mut dirs = vec![
        user.configuration.join("systemd/user.control"),
        in_runtime("systemd/user.control"),
        in_runtime("systemd/transient"),
        in_runtime("systemd/generator.early"),
        user.configuration.join("systemd/user"),
    ];
    let search = |name: &str, built_in: &[&str]| -> Vec<PathBuf> {
        let dirs = match environment.get(name) {
            Some(list) => split_list(&list).map(PathBuf::from).collect(),
            None => built_in.iter().map(PathBuf::from).collect::<Vec<_>>(),
        };
        dirs.into_iter().filter(|dir| dir.is_absolute()).map(|dir| dir.join("systemd/user")).collect()
    };
    dirs.extend(search("XDG_CONFIG_DIRS", &["/etc"]));
    dirs.push(PathBuf::from("/etc/systemd/user"));
    dirs.extend([
        in_runtime("systemd/user"),
        PathBuf::from("/run/systemd/user"),
        in_runtime("systemd/generator"),
    ]);
    dirs.push(user.data.join("systemd/user"));
    dirs.extend(search("XDG_DATA_DIRS", &["/usr/local/share", "/usr/share"]));
    dirs.extend(USER_DATA.map(PathBuf::from));
    dirs.push(in_runtime("systemd/generator.late"));
    dirs
}

fn split_list(list: &OsStr) -> impl Iterator<Item = &Path> {
    list.as_bytes()
        .split(|&byte| byte == b':')
        .filter(|dir| !dir.is_empty())
        .map(|dir| Path::new(OsStr::from_bytes(dir)))
}

fn without_repeats(dirs: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut unique = Vec::new();
    for dir in dirs {
        if !unique.contains(&dir) {
            unique.push(dir);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(manager: Manager, variables: &[(&str, &str)]) -> Vec<String> {
        let environment = variables.iter().copied().collect();
        let path = SearchPath::of_systemd(Root::system(), manager, &environment);
        path.dirs().iter().map(|dir| dir.display().to_string()).collect()
    }

    #[test]
    fn the_variable_replaces_or_precedes_the_list() {
        assert_eq!(dirs(Manager::System, &[("SYSTEMD_UNIT_PATH", "/a:/b:/a")]), ["/a", "/b"]);
        assert_eq!(dirs(Manager::System, &[("SYSTEMD_UNIT_PATH", "")]), [""; 0]);
        let longer = dirs(Manager::System, &[("SYSTEMD_UNIT_PATH", "/usr/lib/systemd/system:/b:")]);
        assert_eq!(longer[..3], ["/usr/lib/systemd/system", "/b", "/etc/systemd/system.control"]);
        assert_eq!(longer.len(), 13, "a directory counts once, where it comes first");
    }

    #[test]
    fn offline_directories_lead() {
        let environment = [("SYSTEMD_UNIT_PATH", "/b")].into_iter().collect();
        let path = SearchPath::of_systemd(Root::system(), Manager::System, &environment);
        assert_eq!(path.with_leading(["/b".into(), "/a".into()]).dirs(), [Path::new("/b"), Path::new("/a")]);
    }

    #[test]
    fn a_users_directories_follow_the_variables() {
        let variables = [
            ("HOME", "/home/u"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
            ("XDG_CONFIG_DIRS", "/c1:relative:/c2"),
            ("XDG_DATA_HOME", "/d"),
        ];
        assert_eq!(
            dirs(Manager::User, &variables),
            [
                "/home/u/.config/systemd/user.control",
                "/run/user/7/systemd/user.control",
                "/run/user/7/systemd/transient",
                "/run/user/7/systemd/generator.early",
                "/home/u/.config/systemd/user",
                "/c1/systemd/user",
                "/c2/systemd/user",
                "/etc/systemd/user",
                "/run/user/7/systemd/user",
                "/run/systemd/user",
                "/run/user/7/systemd/generator",
                "/d/systemd/user",
                "/usr/local/share/systemd/user",
                "/usr/share/systemd/user",
                "/usr/local/lib/systemd/user",
                "/usr/lib/systemd/user",
                "/run/user/7/systemd/generator.late",
            ]
        );
    }
}
