//! The environment of a command (systemd.exec(5), "Environment"; systemd: `build_environment` in
//! `src/core/exec-invoke.c`).

mod expand;
mod file;

pub use expand::{Expanded, expand};
pub use file::{FileError, load_files, parse_file};

use crate::identity::Identity;
use ringfence_sandbox::plan::Bases;
use ringfence_settings::{DirectoryKind, InputSource, OutputTarget, Settings};
use ringfence_terms::AbsPath;
use ringfence_unit::Manager;
use std::collections::BTreeMap;

/// Variables by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Sets one, in the place of what it was.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Takes away `NAME`, or `NAME=VALUE` if it has that very value.
    pub fn unset(&mut self, what: &str) {
        match what.split_once('=') {
            None => {
                self.0.remove(what);
            }
            Some((name, value)) => {
                if self.get(name) == Some(value) {
                    self.0.remove(name);
                }
            }
        }
    }
}

impl<N: Into<String>, V: Into<String>> Extend<(N, V)> for Variables {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, all: I) {
        self.0.extend(all.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Self {
        let mut variables = Variables::default();
        variables.extend(all);
        variables
    }
}

/// What the environment is made of besides the unit's own directives.
pub struct Sources<'a> {
    /// What the manager hands on, and what the state of the service adds (`MAINPID` and its kin).
    pub manager: &'a Variables,
    /// The caller's own variables, as far as `PassEnvironment=` names them.
    pub caller: &'a Variables,
    /// What `EnvironmentFile=` says.
    pub files: &'a Variables,
    /// Who the command becomes.
    pub identity: &'a Identity,
    /// Where `StateDirectory=` and its kin lie.
    pub bases: &'a Bases,
    /// The process's number.
    pub pid: i32,
    /// 32 hexadecimal digits, new for each start of the unit.
    pub invocation: &'a str,
    /// Where the command finds its credentials, if it gets any.
    pub credentials: Option<&'a AbsPath>,
    /// The names of the descriptors that are passed.
    pub descriptors: &'a [String],
    /// `TERM`, if the unit has to do with a terminal.
    pub term: Option<&'a str>,
}

/// The kind of the unit's terminal, if it names one or wants a standard stream to be one (systemd:
/// `exec_context_needs_term`, `default_term_for_tty`). Where `/dev/console` leads is not followed.
pub fn terminal(settings: &Settings) -> Option<&'static str> {
    let stdio = &settings.stdio;
    let path = stdio.terminal.path.value.as_ref();
    let wanted = path.is_some()
        || stdio.input.value == InputSource::Tty
        || [&stdio.output, &stdio.error].into_iter().any(|line| line.value == OutputTarget::Tty);
    let virtual_console = |path: &AbsPath| {
        let number = path.as_path().to_str().and_then(|path| path.strip_prefix("/dev/tty"));
        number.and_then(|number| number.parse().ok()).is_some_and(|number: u8| number <= 63)
    };
    wanted.then(|| if path.is_some_and(virtual_console) { "linux" } else { "vt220" })
}

/// Puts the environment together. `UnsetEnvironment=` is worked in.
pub fn assemble(settings: &Settings, sources: &Sources<'_>) -> Variables {
    let mut all = sources.manager.clone();
    of_the_executor(settings, sources, &mut all);
    let search: Vec<String> =
        settings.paths.exec_search_path.iter().map(|path| path.value.to_string()).collect();
    if !search.is_empty() {
        all.set("PATH", search.join(":"));
    }
    for name in &settings.environment.pass {
        if let Some(value) = sources.caller.get(&name.value) {
            all.set(&name.value, value);
        }
    }
    for variable in &settings.environment.set {
        let (name, value) = &variable.value;
        all.set(name, value);
    }
    all.extend(sources.files.iter());
    for what in &settings.environment.unset {
        all.unset(&what.value);
    }
    all
}

fn of_the_executor(settings: &Settings, sources: &Sources<'_>, all: &mut Variables) {
    if !sources.descriptors.is_empty() {
        all.set("LISTEN_PID", sources.pid.to_string());
        all.set("LISTEN_FDS", sources.descriptors.len().to_string());
        all.set("LISTEN_FDNAMES", sources.descriptors.join(":"));
    }
    let identity = &settings.identity;
    let user = sources.identity.user.as_ref();
    let login = identity.set_login_environment.value.unwrap_or(
        identity.user.value.is_some() || identity.dynamic_user.value || identity.pam_name.value.is_some(),
    );
    match user {
        Some(user) => {
            all.set("USER", &user.name);
            if login {
                all.set("LOGNAME", &user.name);
            }
            // A dynamic user has neither, even where the account exists.
            if login && !identity.dynamic_user.value {
                let home = user.home.to_string_lossy();
                if !home.is_empty() && home != "/" {
                    all.set("HOME", home);
                }
                let shell = user.shell.to_string_lossy();
                if !is_placeholder(&shell) {
                    all.set("SHELL", shell);
                }
            }
        }
        None if settings.manager == Manager::System => {
            all.set("USER", "root");
            if login {
                let shell = sources.identity.root_shell;
                all.extend([("LOGNAME", "root"), ("HOME", "/root"), ("SHELL", shell)]);
            }
        }
        None => {}
    }
    if all.get("WATCHDOG_USEC").is_some() {
        all.set("WATCHDOG_PID", sources.pid.to_string());
    }
    all.set("INVOCATION_ID", sources.invocation);
    if let Some(term) = sources.term {
        all.set("TERM", term);
    }
    if let Some(namespace) = &settings.sandbox.log_namespace.value {
        all.set("LOG_NAMESPACE", namespace);
    }
    for kind in DirectoryKind::ALL {
        let Some(base) = sources.bases.of(kind) else { continue };
        // systemd sorts them before it makes them (`exec_directory_sort`).
        let all_of_kind = settings.directories.of(kind);
        let mut paths: Vec<AbsPath> =
            all_of_kind.filter_map(|directory| base.join(&directory.value.path).ok()).collect();
        paths.sort();
        let paths: Vec<String> = paths.iter().map(AbsPath::to_string).collect();
        if !paths.is_empty() {
            all.set(kind.variable(), paths.join(":"));
        }
    }
    if let Some(directory) = sources.credentials {
        all.set("CREDENTIALS_DIRECTORY", directory.to_string());
    }
    all.set("SYSTEMD_EXEC_PID", sources.pid.to_string());
}

/// Whether a login shell is none (systemd: `shell_is_placeholder`).
fn is_placeholder(shell: &str) -> bool {
    const NONE: [&str; 9] = [
        "",
        "/bin/nologin",
        "/sbin/nologin",
        "/usr/bin/nologin",
        "/usr/sbin/nologin",
        "/bin/false",
        "/usr/bin/false",
        "/bin/true",
        "/usr/bin/true",
    ];
    NONE.contains(&shell)
}
