//! For which command a plan is made, and what its runner has prepared.

use super::{Failure, identity};
use crate::facts::{Facts, MountFlags, Node, NodeKind};
use crate::tree::{Seen, Tree, directory};
use ringfence_settings::{Command, Credential, DirectoryKind, Privileges, Settings};
use ringfence_terms::{AbsPath, Errno, Origin};

/// A command of the unit, as far as it matters for what it sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct For {
    /// The sandbox holds for it: it has no `+`.
    pub sandboxed: bool,
    /// `RootDirectory=` holds for it.
    pub change_root: bool,
    /// It gets the unit's credentials: `ExecStartPre=`, `ExecStart=` and `ExecStartPost=` do.
    pub credentials: bool,
    /// The notification socket, when the service has one.
    pub notify_socket: Option<AbsPath>,
    /// The `memory.pressure` file of the unit's control group, when the service is to watch it.
    pub memory_pressure: Option<AbsPath>,
    /// Where `StateDirectory=` and its kin lie.
    pub bases: Bases,
}

impl For {
    /// `ExecStart=` of a unit of the system manager.
    pub fn main() -> For {
        For {
            sandboxed: true,
            change_root: true,
            credentials: true,
            notify_socket: None,
            memory_pressure: None,
            bases: Bases::system(),
        }
    }

    /// One of the commands that start the service: `ExecStartPre=`, `ExecStart=`, `ExecStartPost=`.
    pub fn starting(command: &Command) -> For {
        For { sandboxed: command.privileges != Privileges::Full, ..For::main() }
    }

    /// One of the other commands, for which `PermissionsStartOnly=` and `RootDirectoryStartOnly=` may lift the sandbox.
    pub fn control(command: &Command, settings: &Settings) -> For {
        For {
            sandboxed: command.privileges != Privileges::Full
                && !settings.service.permissions_start_only.value,
            change_root: !settings.paths.root_directory_start_only.value,
            credentials: false,
            ..For::main()
        }
    }

    /// The unit's own credentials, and the first line that gives one.
    pub(super) fn credentials_directory(&self, settings: &Settings) -> Option<(AbsPath, Option<Origin>)> {
        let first = settings.credentials.all.first().filter(|_| self.credentials)?;
        let path = self.bases.of(DirectoryKind::Runtime)?.join("credentials").ok()?;
        Some((path.join(settings.unit.as_str()).ok()?, first.origin.clone()))
    }

    /// The first credential that is to be read from a file that is not there (systemd: `src/core/exec-credential.c:
    /// load_credential`).
    pub(super) fn missing_credential(
        &self,
        settings: &Settings,
        facts: &dyn Facts,
        tree: &Tree,
    ) -> Option<Failure> {
        let all = || settings.credentials.all.iter().filter(|_| self.credentials);
        let is_set = |wanted: &str| {
            all().any(|other| matches!(&other.value, Credential::Set { name, .. } if name == wanted))
        };
        all().find_map(|credential| {
            let Credential::LoadFile { name, path } = &credential.value else { return None };
            let seen = tree.resolve_on_host(path, facts).map(|place| place.seen);
            let missing = matches!(seen, Ok(Seen::Missing) | Err(Errno::ENOENT)) && !is_set(name);
            missing.then(|| Failure {
                status: 243,
                path: Some(path.clone()),
                errno: Errno::ENOENT,
                origin: credential.origin.clone(),
                why: format!(
                    "{path}, which holds the credential `{name}`, does not exist. Create it, or give the credential \
                     a default with SetCredential={name}:…"
                ),
            })
        })
    }

    /// Whether the host's os-release is shown (systemd: `setup_os_release_symlink`).
    pub(super) fn shows_os_release(&self, settings: &Settings) -> bool {
        self.sandboxed
            && self.change_root
            && settings.paths.root_directory.value.is_some()
            && settings.mount_api_vfs()
    }

    /// Makes on the simulated host what the runner makes on the real one before mounting.
    pub(super) fn prepare(&self, settings: &Settings, facts: &dyn Facts, tree: &mut Tree) {
        if facts.features().booted_with_systemd {
            let propagate = |name: &str| AbsPath::parse(format!("/run/systemd/propagate/{name}")).ok();
            make_directory(propagate(settings.unit.as_str()), 0o600, facts, tree);
            if self.shows_os_release(settings) {
                make_directory(propagate(".os-release-stage"), 0o755, facts, tree);
            }
        }
        if let Some(file) = &self.memory_pressure {
            make_directory(file.parent(), 0o755, facts, tree);
            tree.make_on_host(file, Node { kind: NodeKind::File, ..directory(0o644) });
        }
        let Some((store, _)) = self.credentials_directory(settings) else { return };
        let (uid, gid) = identity::ids(settings, facts);
        make_directory(store.parent(), 0o755, facts, tree);
        tree.make_on_host(&store, Node { uid, gid, ..directory(0o500) });
        for credential in &settings.credentials.all {
            let name = match &credential.value {
                Credential::Set { name, .. } | Credential::LoadFile { name, .. } => name,
                Credential::LoadByName { .. } | Credential::Import { .. } | Credential::Encrypted { .. } => {
                    continue;
                }
            };
            if let Ok(path) = store.join(name) {
                let file = Node { kind: NodeKind::File, uid, gid, ..directory(0o400) };
                tree.make_on_host(&path, file);
            }
        }
        tree.bind(&store, &store, false, facts);
        tree.restrict_last(STORE);
    }
}

/// The flags of a store of credentials (systemd: `src/core/exec-credential.c: setup_credentials_internal`).
pub(super) const STORE: MountFlags = MountFlags { read_only: true, nosuid: true, nodev: true, noexec: true };

/// A directory that is missing on the host, and its parents.
fn make_directory(path: Option<AbsPath>, mode: u32, facts: &dyn Facts, tree: &mut Tree) {
    for each in path.iter().flat_map(AbsPath::ancestors_from_root) {
        if facts.node(&each).is_err() {
            tree.make_on_host(&each, directory(if Some(&each) == path.as_ref() { mode } else { 0o755 }));
        }
    }
}

/// Where the directories of each family lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bases([Option<AbsPath>; 5]);

impl Bases {
    /// The system manager's.
    pub fn system() -> Bases {
        Bases(DirectoryKind::ALL.map(|kind| AbsPath::parse(kind.system_base()).ok()))
    }

    /// A user manager's, from `$XDG_RUNTIME_DIR` and its kin; a family without a base is not made at all.
    pub fn user(
        runtime: Option<AbsPath>,
        state: Option<AbsPath>,
        cache: Option<AbsPath>,
        configuration: Option<AbsPath>,
    ) -> Bases {
        let logs = state.as_ref().and_then(|state| state.join("log").ok());
        Bases([runtime, state, cache, logs, configuration])
    }

    /// One family's.
    pub fn of(&self, kind: DirectoryKind) -> Option<&AbsPath> {
        self.0[kind as usize].as_ref()
    }
}
