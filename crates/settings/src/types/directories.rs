//! `RuntimeDirectory=`, `StateDirectory=`, `CacheDirectory=`, `LogsDirectory=`, `ConfigurationDirectory=`.

use super::sandbox::words;
use ringfence_terms::Sourced;

/// Which of the five families a directory belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DirectoryKind {
    /// Below `/run`.
    Runtime,
    /// Below `/var/lib`.
    State,
    /// Below `/var/cache`.
    Cache,
    /// Below `/var/log`.
    Logs,
    /// Below `/etc`.
    Configuration,
}

impl DirectoryKind {
    /// All five, in the order in which systemd sets them up.
    pub const ALL: [DirectoryKind; 5] = [
        DirectoryKind::Runtime,
        DirectoryKind::State,
        DirectoryKind::Cache,
        DirectoryKind::Logs,
        DirectoryKind::Configuration,
    ];

    /// The directive, for example `StateDirectory`.
    pub fn directive(self) -> &'static str {
        match self {
            DirectoryKind::Runtime => "RuntimeDirectory",
            DirectoryKind::State => "StateDirectory",
            DirectoryKind::Cache => "CacheDirectory",
            DirectoryKind::Logs => "LogsDirectory",
            DirectoryKind::Configuration => "ConfigurationDirectory",
        }
    }

    /// The environment variable that tells the service where its directories are.
    pub fn variable(self) -> &'static str {
        match self {
            DirectoryKind::Runtime => "RUNTIME_DIRECTORY",
            DirectoryKind::State => "STATE_DIRECTORY",
            DirectoryKind::Cache => "CACHE_DIRECTORY",
            DirectoryKind::Logs => "LOGS_DIRECTORY",
            DirectoryKind::Configuration => "CONFIGURATION_DIRECTORY",
        }
    }

    /// Where the system manager's directories of this kind lie.
    pub fn system_base(self) -> &'static str {
        match self {
            DirectoryKind::Runtime => "/run",
            DirectoryKind::State => "/var/lib",
            DirectoryKind::Cache => "/var/cache",
            DirectoryKind::Logs => "/var/log",
            DirectoryKind::Configuration => "/etc",
        }
    }

    /// Whether `DynamicUser=` keeps the directories of this kind below a `private` directory by all means, and so needs
    /// a mount namespace for them.
    pub fn has_private_parent(self) -> bool {
        matches!(self, DirectoryKind::State | DirectoryKind::Cache | DirectoryKind::Logs)
    }

    /// systemd's exit status when setting one up fails (`src/shared/exit-status.h`).
    pub fn exit_status(self) -> u8 {
        match self {
            DirectoryKind::Runtime => 233,
            DirectoryKind::State => 238,
            DirectoryKind::Cache => 239,
            DirectoryKind::Logs => 240,
            DirectoryKind::Configuration => 241,
        }
    }
}

/// One word of such a directive: `PATH[:SYMLINK[:ro]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecDirectory {
    /// The family.
    pub kind: DirectoryKind,
    /// The path relative to the family's base, normalised, without `..`.
    pub path: String,
    /// Symlinks to it, relative to the base.
    pub symlinks: Vec<String>,
    /// `ro`.
    pub read_only: bool,
}

/// All directories of a unit.
#[derive(Clone, Debug)]
pub struct ExecDirectories {
    /// Every word of the five directives; within one family in file order.
    pub all: Vec<Sourced<ExecDirectory>>,
    /// `RuntimeDirectoryMode=` and its kin, in the order of [`DirectoryKind::ALL`]; default 0755.
    pub modes: [Sourced<u32>; 5],
    /// `RuntimeDirectoryPreserve=`.
    pub preserve_runtime: Sourced<Preserve>,
}

words! {
    /// `RuntimeDirectoryPreserve=`.
    Preserve (Yes, No) {
        /// Removed on stop.
        #[default] No = "no",
        /// Kept.
        Yes = "yes",
        /// Kept over a restart.
        Restart = "restart",
    }
}

impl Default for ExecDirectories {
    fn default() -> Self {
        ExecDirectories {
            all: Vec::new(),
            modes: std::array::from_fn(|_| Sourced::built_in(0o755)),
            preserve_runtime: Sourced::default(),
        }
    }
}

impl ExecDirectories {
    /// The directories of one family, in file order.
    pub fn of(&self, kind: DirectoryKind) -> impl Iterator<Item = &Sourced<ExecDirectory>> {
        self.all.iter().filter(move |d| d.value.kind == kind)
    }

    /// The mode for one family.
    pub fn mode(&self, kind: DirectoryKind) -> &Sourced<u32> {
        &self.modes[kind as usize]
    }
}
