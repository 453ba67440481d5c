//! What all commands of one run of a unit share, from before the first to after the last.

use crate::control_group::ControlGroup;
use crate::credentials;
use crate::devices::filters_devices;
use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::identity::Identity;
use crate::mounts::PrivateTmpDirectories;
use crate::namespaces::{network_and_ipc, user_namespace};
use crate::open_file;
use crate::privileges;
use crate::step::Step;
use ringfence_sandbox::facts::Facts;
use ringfence_sandbox::plan::Bases;
use ringfence_settings::{Capability, DirectoryKind, Preserve, PrivateTmp, PrivateUsers, Settings};
use ringfence_terms::{AbsPath, Origin, Sourced};
use ringfence_unit::Manager;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the commands of a unit share while it runs. [`Runtime::clean_up`] takes it away again.
#[derive(Debug)]
pub struct Runtime {
    /// Who the commands become.
    pub identity: Identity,
    /// Where `StateDirectory=` and its kin lie.
    pub bases: Bases,
    /// 32 hexadecimal digits, new for each run.
    pub invocation: String,
    /// What falls short for all commands.
    pub shortfalls: Vec<Shortfall>,
    pub(crate) private_tmp: Option<PrivateTmpDirectories>,
    pub(crate) users: Option<OwnedFd>,
    pub(crate) network: Option<OwnedFd>,
    pub(crate) ipc: Option<OwnedFd>,
    /// Directories that are the unit's own, which runs at the same time: left as they are.
    pub(crate) existed: Vec<AbsPath>,
}

impl Runtime {
    /// Looks the user up and makes what is to be shared.
    ///
    /// # Errors
    /// With the step at which systemd would fail.
    pub fn set_up(settings: &Settings, facts: &dyn Facts, bases: Bases) -> Result<Runtime, Failure> {
        Runtime::new(settings, facts, bases, false)
    }

    /// As [`set_up`](Self::set_up), for a command that is none of the unit's: what belongs to the unit, which may run at the
    /// same time, is left alone.
    ///
    /// # Errors
    /// Those of [`set_up`](Self::set_up).
    pub fn for_guest(settings: &Settings, facts: &dyn Facts, bases: Bases) -> Result<Runtime, Failure> {
        Runtime::new(settings, facts, bases, true)
    }

    fn new(settings: &Settings, facts: &dyn Facts, bases: Bases, guest: bool) -> Result<Runtime, Failure> {
        let mut shortfalls = not_enforced(settings);
        let mut report = |shortfall| shortfalls.push(shortfall);
        let identity = Identity::look_up(settings, facts, &mut report).map_err(|failure| {
            if guest { failure } else { open_file::fails_first(settings).unwrap_or(failure) }
        })?;
        let users = own_users(settings, &mut report)?;
        let owner = users.as_ref().map(AsFd::as_fd);
        let (network, ipc) = network_and_ipc_of(settings, owner, &mut report)?;
        let private_tmp = match settings.sandbox.private_tmp.value {
            PrivateTmp::Connected => private_tmp(settings, &mut report),
            PrivateTmp::No | PrivateTmp::Disconnected => None,
        };
        let ambient = &settings.sandbox.ambient;
        if users.is_some() && ambient.value.0 != 0 {
            let why =
                "without privileges capabilities hold only for what belongs to the service's own namespaces";
            report(shortfall("AmbientCapabilities", ambient, why));
        }
        if identity.is_dynamic() {
            report(Shortfall {
                directive: "DynamicUser".to_owned(),
                origin: settings.identity.dynamic_user.origin.clone(),
                strength: Strength::Weaker,
                why: "no name service knows the user's name: a program that looks its number up finds none"
                    .to_owned(),
            });
        }
        crate::propagation::make_place(settings, facts)?;
        for shortfall in elsewhere(settings, &bases) {
            shortfalls.push(shortfall);
        }
        let invocation = random_id();
        let mut runtime = Runtime {
            identity,
            bases,
            invocation,
            shortfalls,
            private_tmp,
            users,
            network,
            ipc,
            existed: Vec::new(),
        };
        if guest {
            let own = runtime.runtime_directories(settings).into_iter().chain(runtime.credentials(settings));
            runtime.existed = own.filter(|path| path.as_path().exists()).collect();
        }
        Ok(runtime)
    }

    /// A control group for a command that has none, if the unit restricts devices by number and one can be made. What such a
    /// command leaves running ends with the group.
    pub fn device_group(&self, settings: &Settings, facts: &dyn Facts) -> Option<ControlGroup> {
        if !filters_devices(settings) {
            return None;
        }
        ControlGroup::make(&format!("ringfence-{}", self.invocation), facts.mounts())
    }

    /// Where the unit's credentials lie, if it has any.
    pub fn credentials(&self, settings: &Settings) -> Option<AbsPath> {
        if settings.credentials.all.is_empty() {
            return None;
        }
        self.bases.of(DirectoryKind::Runtime)?.join("credentials").ok()?.join(settings.unit.as_str()).ok()
    }

    /// The unit's own user namespace, when an ordinary user runs it.
    pub fn users(&self) -> Option<BorrowedFd<'_>> {
        self.users.as_ref().map(AsFd::as_fd)
    }

    /// Takes away what the unit leaves when it stops: `PrivateTmp=`'s directories, credentials, `RuntimeDirectory=`, and
    /// what `RemoveIPC=` names. What cannot be removed is told.
    pub fn clean_up(self, settings: &Settings) -> Vec<Failure> {
        let mut failures = Vec::new();
        let tmp = self.private_tmp.iter().flat_map(|directories| [&directories.tmp, &directories.var_tmp]);
        failures.extend(tmp.filter_map(|path| remove(path.parent()?, Step::Namespace)));
        if let Some(path) = self.credentials(settings).filter(|path| !self.existed.contains(path))
            && let Err(e) = credentials::remove(&path)
        {
            failures.push(
                Failure::new(Step::Credentials, format!("remove {path}")).errno(e).path(path.as_path()),
            );
        }
        if settings.directories.preserve_runtime.value == Preserve::No {
            let own =
                self.runtime_directories(settings).into_iter().filter(|path| !self.existed.contains(path));
            failures.extend(own.filter_map(|path| remove(path.as_path(), Step::RuntimeDirectory)));
        }
        if settings.sandbox.remove_ipc.value
            && let Some(uid) = self.identity.uid.filter(|uid| *uid != 0)
        {
            crate::ipc::remove_of(uid, self.identity.gid.unwrap_or(uid));
        }
        failures
    }

    fn runtime_directories(&self, settings: &Settings) -> Vec<AbsPath> {
        let Some(base) = self.bases.of(DirectoryKind::Runtime) else { return Vec::new() };
        let all = settings.directories.of(DirectoryKind::Runtime);
        all.filter_map(|directory| base.join(&directory.value.path).ok()).collect()
    }
}

fn remove(path: &Path, step: Step) -> Option<Failure> {
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Some(Failure::new(step, format!("remove {}", path.display())).errno(e).path(path))
        }
        _ => None,
    }
}

/// What no command gets, whoever starts it.
fn not_enforced(settings: &Settings) -> Vec<Shortfall> {
    let mut all: Vec<Shortfall> = settings
        .not_enforced
        .iter()
        .map(|line| Shortfall {
            directive: line.origin.directive.to_string(),
            origin: Some(line.origin.clone()),
            strength: Strength::NotEnforced,
            why: line.why.to_owned(),
        })
        .collect();
    let mut add = |directive: &str, origin: Option<&Origin>, strength, why: &str| {
        let known = all.iter().any(|s| s.directive == directive && s.origin.as_ref() == origin);
        if !known {
            all.push(Shortfall {
                directive: directive.to_owned(),
                origin: origin.cloned(),
                strength,
                why: why.to_owned(),
            });
        }
    };
    let sandbox = &settings.sandbox;
    for line in &settings.unit_section.joins_namespace_of {
        let why = "the other unit's namespaces are not looked for: this one gets namespaces of its own";
        add("JoinsNamespaceOf", line.origin.as_ref(), Strength::NotEnforced, why);
    }
    for (directive, label) in
        [("SELinuxContext", &sandbox.selinux_context), ("SmackProcessLabel", &sandbox.smack_label)]
    {
        if label.value.is_some() {
            add(directive, label.origin.as_ref(), Strength::NotEnforced, "labels are not set");
        }
    }
    all
}

/// An ordinary user who runs a unit of the system manager cannot have its directories where the system has them.
fn elsewhere(settings: &Settings, bases: &Bases) -> Vec<Shortfall> {
    if settings.manager == Manager::User {
        return Vec::new();
    }
    let moved = DirectoryKind::ALL.into_iter().filter_map(|kind| {
        let base = bases.of(kind).map(AbsPath::to_string);
        let first = settings.directories.of(kind).next()?;
        if base.as_deref() == Some(kind.system_base()) {
            return None;
        }
        let place = base.unwrap_or_else(|| "nowhere".to_owned());
        Some(Shortfall {
            directive: kind.directive().to_owned(),
            origin: first.origin.clone(),
            strength: Strength::Weaker,
            why: format!("only root can write to {}: it lies below {place} instead", kind.system_base()),
        })
    });
    moved.collect()
}

/// Without `CAP_SYS_ADMIN` every other namespace needs a user namespace first, in which the caller's own number is the
/// only one (systemd: `exec_context_need_unprivileged_private_users`, `setup_private_users`).
fn own_users(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<Option<OwnedFd>, Failure> {
    if privileges::has(Capability::SYS_ADMIN) || !needs_users(settings) {
        return Ok(None);
    }
    let setting = &settings.sandbox.private_users;
    // `run` of a unit of the system does what it can; a user's manager fails (`setup_private_users`).
    if setting.value == PrivateUsers::Identity && settings.manager == Manager::User {
        return Err(Failure::new(Step::User, "map the users of the machine")
            .errno(Errno::PERM)
            .origin(setting.origin.as_ref())
            .hint("a user's manager can map its own user only: PrivateUsers=yes"));
    }
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    match user_namespace(&format!("{uid} {uid} 1\n"), &format!("{gid} {gid} 1\n")) {
        Ok(users) => {
            if setting.value == PrivateUsers::Identity {
                report(shortfall(
                    "PrivateUsers",
                    setting,
                    "without privileges only one's own user can be mapped",
                ));
            }
            Ok(Some(users))
        }
        Err(e) if setting.value != PrivateUsers::No => Err(Failure::new(Step::User, "make a user namespace")
            .errno(e)
            .origin(setting.origin.as_ref())
            .hint(
                "this machine forbids user namespaces: see /proc/sys/user/max_user_namespaces and \
                 kernel.apparmor_restrict_unprivileged_userns",
            )),
        // The namespaces themselves will say what they cannot do.
        Err(_) => Ok(None),
    }
}

fn needs_users(settings: &Settings) -> bool {
    let sandbox = &settings.sandbox;
    settings.needs_mount_namespace()
        || sandbox.private_users.value != PrivateUsers::No
        || sandbox.private_tmp.value != PrivateTmp::No
        || sandbox.private_network.value
        || sandbox.network_namespace_path.value.is_some()
        || sandbox.private_ipc.value
        || sandbox.private_pids.value
        || sandbox.protect_hostname.value
        || sandbox.protect_clock.value
        || settings.paths.root_directory.value.is_some()
}

fn shortfall<T>(directive: &str, line: &Sourced<T>, why: &str) -> Shortfall {
    Shortfall {
        directive: directive.to_owned(),
        origin: line.origin.clone(),
        strength: Strength::NotEnforced,
        why: why.to_owned(),
    }
}

fn is_forbidden(errno: Errno) -> bool {
    matches!(errno, Errno::PERM | Errno::ACCESS)
}

/// The namespaces that all commands share. `PrivateNetwork=` and `PrivateIPC=` go on without where they are not permitted, as
/// under systemd, but it is said.
fn network_and_ipc_of(
    settings: &Settings,
    users: Option<BorrowedFd<'_>>,
    report: &mut dyn FnMut(Shortfall),
) -> Result<(Option<OwnedFd>, Option<OwnedFd>), Failure> {
    let sandbox = &settings.sandbox;
    let named = |path: &Sourced<Option<AbsPath>>, step| match &path.value {
        Some(place) => open_namespace(place, step, path.origin.as_ref()).map(Some),
        None => Ok(None),
    };
    let named_network = named(&sandbox.network_namespace_path, Step::Network)?;
    let named_ipc = named(&sandbox.ipc_namespace_path, Step::Namespace)?;
    let wants_network = sandbox.private_network.value && named_network.is_none();
    let wants_ipc = sandbox.private_ipc.value && named_ipc.is_none();
    let (network, ipc) = network_and_ipc(wants_network, wants_ipc, users)
        .map_err(|e| Failure::new(Step::Namespace, "make the service's namespaces").errno(e))?;
    let mut or_without = |made, line: &Sourced<bool>, directive, what, step| match made {
        Err(e) if is_forbidden(e) => {
            let why =
                format!("making {what} namespace is not permitted here, so the service shares the host's");
            report(shortfall(directive, line, &why));
            Ok(None)
        }
        Err(e) => {
            Err(Failure::new(step, format!("make {what} namespace")).errno(e).origin(line.origin.as_ref()))
        }
        Ok(made) => Ok(made),
    };
    let network =
        or_without(network, &sandbox.private_network, "PrivateNetwork", "a network", Step::Network)?;
    let ipc = or_without(ipc, &sandbox.private_ipc, "PrivateIPC", "an IPC", Step::Namespace)?;
    Ok((named_network.or(network), named_ipc.or(ipc)))
}

fn open_namespace(path: &AbsPath, step: Step, origin: Option<&Origin>) -> Result<OwnedFd, Failure> {
    rustix::fs::open(path.as_path(), OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty())
        .map_err(|e| {
            Failure::new(step, format!("open the namespace {path}")).errno(e).path(path).origin(origin)
        })
}

/// The directories behind `PrivateTmp=yes`. Where they cannot be made the service gets empty ones that it cannot write
/// to (systemd: `setup_tmp_dirs` in `src/core/namespace.c`).
fn private_tmp(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Option<PrivateTmpDirectories> {
    let made = private_directory("/tmp", settings).and_then(|tmp| {
        private_directory("/var/tmp", settings).map(|var_tmp| PrivateTmpDirectories { tmp, var_tmp })
    });
    match made {
        Ok(directories) => Some(directories),
        Err((path, e)) => {
            report(Shortfall {
                directive: "PrivateTmp".to_owned(),
                origin: settings.sandbox.private_tmp.origin.clone(),
                strength: Strength::Weaker,
                why: format!(
                    "{path} cannot be written to ({e}), so the service gets empty read-only directories"
                ),
            });
            None
        }
    }
}

/// `/tmp/systemd-private-BOOT-UNIT-RANDOM/tmp`: nobody but root can look into the outer directory, everybody may write
/// to the inner one.
fn private_directory(parent: &str, settings: &Settings) -> Result<PathBuf, (String, Errno)> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let boot: String = boot.chars().filter(char::is_ascii_hexdigit).collect();
    let fail = |e| (parent.to_owned(), e);
    loop {
        let name = format!("systemd-private-{boot}-{}-{}", settings.unit, &random_id()[..6]);
        let outer = Path::new(parent).join(name);
        match rustix::fs::mkdirat(CWD, &outer, Mode::from_raw_mode(0o700)) {
            Err(Errno::EXIST) => continue,
            other => other.map_err(fail)?,
        }
        let inner = outer.join("tmp");
        rustix::fs::mkdirat(CWD, &inner, Mode::from_raw_mode(0o777)).map_err(fail)?;
        // The umask has no say in this.
        rustix::fs::chmod(&inner, Mode::from_raw_mode(0o1777)).map_err(fail)?;
        return Ok(inner);
    }
}

/// 32 random hexadecimal digits.
fn random_id() -> String {
    let mut bytes = [0u8; 16];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    if read.is_err() {
        // A machine without /dev/urandom: the kernel's own generator is behind this file, too.
        let uuid = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
        return uuid.chars().filter(char::is_ascii_hexdigit).chain(std::iter::repeat('0')).take(32).collect();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
