//! All settings of one unit.

use super::*;
use ringfence_terms::{Origin, Sourced};
use ringfence_unit::{Manager, UnitName};

/// Everything that a unit's directives say, typed, each value with its origin, and with what directives imply for each
/// other already worked in (systemd: `unit_patch_contexts`).
#[derive(Clone, Debug)]
pub struct Settings {
    /// The unit's own name (not an alias).
    pub unit: UnitName,
    /// Whose manager runs it; some defaults depend on it.
    pub manager: Manager,
    /// The parts of `[Unit]` that matter for running it.
    pub unit_section: UnitSection,
    /// Type, commands, time-outs.
    pub service: Service,
    /// What a socket unit listens on, and how.
    pub socket: Socket,
    /// How it is stopped (systemd.kill(5)).
    pub kill: Kill,
    /// User, groups (systemd.exec(5), "User/Group Identity").
    pub identity: Identity,
    /// Root, working directory, binds (systemd.exec(5), "Paths").
    pub paths: Paths,
    /// `RuntimeDirectory=`, `StateDirectory=`, `CacheDirectory=`, `LogsDirectory=`, `ConfigurationDirectory=`.
    pub directories: ExecDirectories,
    /// Sandboxing, capabilities, security, system call filtering.
    pub sandbox: Sandbox,
    /// Limits, umask, keyring, personality.
    pub process: Process,
    /// CPU and I/O scheduling.
    pub scheduling: Scheduling,
    /// Environment variables.
    pub environment: Environment,
    /// Standard input, output, error.
    pub stdio: Stdio,
    /// `SetCredential=`, `LoadCredential=` and their kin.
    pub credentials: Credentials,
    /// System call filtering, and what else is done with seccomp filters of its own.
    pub syscalls: Syscalls,
    /// The typed part of systemd.resource-control(5).
    pub control: Control,
    /// The lines of directives that are known and checked, but have no type here: order and dependencies, restarts,
    /// limits on resources. In file order, without what a later line has reset or replaced.
    pub other: Vec<Origin>,
    /// Directives that are understood, but that ringfence's engine does not enforce: each is said out loud.
    pub not_enforced: Vec<NotEnforced>,
    /// Why systemd would refuse to start the unit (`LoadState=bad-setting`), if it would.
    pub refused: Vec<BadSetting>,
}

/// The parts of `[Unit]` that ringfence reads.
#[derive(Clone, Debug)]
pub struct UnitSection {
    /// `Description=`.
    pub description: Sourced<Option<String>>,
    /// `DefaultDependencies=`; weighs in the exposure.
    pub default_dependencies: Sourced<bool>,
    /// `Condition…=` and `Assert…=`, in order; checking them needs the host.
    pub conditions: Vec<Condition>,
    /// `JoinsNamespaceOf=`.
    pub joins_namespace_of: Vec<Sourced<String>>,
    /// `SuccessAction=` is set to something other than `none`: a unit may then lack `ExecStart=`.
    pub success_action: bool,
}

impl Default for UnitSection {
    fn default() -> Self {
        UnitSection {
            description: Sourced::default(),
            default_dependencies: Sourced::built_in(true),
            conditions: Vec::new(),
            joins_namespace_of: Vec::new(),
            success_action: false,
        }
    }
}

/// One `Condition…=` or `Assert…=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is checked: the directive without its `Condition` or `Assert`, for example `PathExists`.
    pub check: &'static str,
    /// `Assert…=`: when it does not hold the start fails, where a condition only skips it.
    pub is_assert: bool,
    /// `|`: of all conditions (or asserts) with this, one must hold.
    pub trigger: bool,
    /// `!`: it must not hold.
    pub negate: bool,
    /// What to check it with, specifiers replaced.
    pub parameter: String,
    /// The line.
    pub origin: Origin,
}

/// A directive that ringfence does not enforce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEnforced {
    /// The line.
    pub origin: Origin,
    /// What the service therefore gets that it would not get under systemd, or the reverse; one sentence.
    pub why: &'static str,
}

/// Why systemd would refuse the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    /// The line, where one line is to blame.
    pub origin: Option<Origin>,
    /// What is wrong, one sentence.
    pub why: String,
}

impl Settings {
    /// The settings of a unit with no directives at all.
    pub fn defaults(unit: UnitName, manager: Manager) -> Settings {
        Settings {
            process: Process::for_unit(&unit, manager),
            unit,
            manager,
            unit_section: UnitSection::default(),
            service: Service::default(),
            socket: Socket::default(),
            kill: Kill::default(),
            identity: Identity::default(),
            paths: Paths::default(),
            directories: ExecDirectories::default(),
            sandbox: Sandbox::default(),
            scheduling: Scheduling::default(),
            environment: Environment::default(),
            stdio: Stdio::default(),
            credentials: Credentials::default(),
            syscalls: Syscalls::default(),
            control: Control::default(),
            other: Vec::new(),
            not_enforced: Vec::new(),
            refused: Vec::new(),
        }
    }
}
