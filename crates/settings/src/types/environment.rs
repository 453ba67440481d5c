//! systemd.exec(5), "Environment".

use ringfence_terms::{AbsPath, Sourced};

/// What goes into the environment, before variables of the manager and of the service's state.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `Environment=`: name and value; a later one of the same name has replaced the earlier.
    pub set: Vec<Sourced<(String, String)>>,
    /// `EnvironmentFile=`.
    pub files: Vec<Sourced<EnvironmentFile>>,
    /// `PassEnvironment=`.
    pub pass: Vec<Sourced<String>>,
    /// `UnsetEnvironment=`: `NAME` or `NAME=VALUE`.
    pub unset: Vec<Sourced<String>>,
}

/// One word of `EnvironmentFile=`; a path with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentFile {
    /// Where.
    pub pattern: AbsPath,
    /// `-`: it may be missing.
    pub optional: bool,
}
