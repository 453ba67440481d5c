//! Command lines of `ExecStart=` and its kin.

use ringfence_terms::Origin;

/// One command of an `Exec…=` directive: specifiers expanded, words split, variables not yet replaced (the final
/// environment decides those).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The executable: an absolute path, or a bare name for `ExecSearchPath=` to find.
    pub path: String,
    /// The whole argument vector, `argv[0]` included.
    pub argv: Vec<String>,
    /// `-`: failure counts as success.
    pub ignore_failure: bool,
    /// `:`: `$` is not special.
    pub no_variables: bool,
    /// `+`, `!`, `!!`.
    pub privileges: Privileges,
    /// The line.
    pub origin: Origin,
}

/// With which privileges a command runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privileges {
    /// The unit's own.
    #[default]
    Sandboxed,
    /// `+`: without user and sandbox.
    Full,
    /// `!`: without changing the user.
    KeepUser,
    /// `!!`: as `!` on kernels without ambient capabilities, else like no prefix.
    AmbientFallback,
}
