//! `harden --apply`: the drop-in is installed and proven on the real service, or everything is as before.

use super::denials::Place;
use super::{Args, exercise};
use crate::aside::ask_aside;
use crate::commands::rollback;
use crate::context::Context;
use crate::failure::Failure;
use crate::recorders::chain;
use ringfence_apply::{
    Allowed, ApplyError, Drive, Install, Look, Missing, NotInstalled, Services, Slot, System, Tree, install,
    watch,
};
use ringfence_manager::{ActiveState, Manager};
use ringfence_sandbox::facts::Facts;
use ringfence_settings::{PathAccess, ServiceType, Settings};
use ringfence_unit::{Manager as Whose, Unit, UnitName};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A service whose type does not tell when it is ready gets so long to answer an exercise.
const WARM_UP: Duration = Duration::from_secs(5);

/// All that installing needs, looked at before the search begins: what cannot work is said at once.
pub struct Apply<'a> {
    args: &'a Args,
    context: &'a Context,
    tree: Tree,
    slot: Slot,
    /// The unit's own name, or its template's.
    unit: String,
    directory: PathBuf,
    drive: Drive,
    /// It is a template whose instances are made for connections.
    serves_connections: bool,
    allowed: Allowed,
    /// Its type tells when the service is ready.
    tells_readiness: bool,
    interrupted: Arc<AtomicBool>,
}

impl<'a> Apply<'a> {
    /// Looks whether the drop-in could be installed: for the unit, or for all instances of its template.
    pub fn prepare(
        args: &'a Args,
        context: &'a Context,
        unit: &Unit,
        settings: &Settings,
        template: Option<&UnitName>,
    ) -> Result<Apply<'a>, Failure> {
        if args.unit.contains('/') {
            return Err(Failure::input(format!(
                "--apply installs for units that systemd knows, by name, not for {}",
                args.unit
            ))
            .hint("-o FILE writes the drop-in wherever it is wanted"));
        }
        if context.manager == Whose::User && context.root.is_some() {
            return Err(Failure::input(
                "in an image, --apply installs for the system's service manager only",
            )
            .hint("-o FILE writes the drop-in wherever it is wanted"));
        }
        let tree = rollback::tree(context)?;
        // All instances of a template read what stands beside the template.
        let name = template.map_or_else(|| unit.id.to_string(), ToString::to_string);
        let slot = Slot::of(&tree, &name).map_err(|error| rollback::failure(&error))?;
        let kind = settings.service.kind.value;
        let serves_connections = unit.id.is_template();
        let (drive, ending) = match context.root {
            Some(_) => (Drive::Nothing, true),
            None if serves_connections => ask_aside(|| {
                let system = System::new(context.manager, Arc::default());
                system.running_instances(&unit.id).map_err(|error| no_manager(&error, context.manager))?;
                Ok((Drive::Nothing, true))
            })?,
            None => ask_aside(|| {
                let id = unit.id.as_str();
                let look = System::new(context.manager, Arc::default())
                    .look(id)
                    .map_err(|error| no_manager(&error, context.manager))?;
                let ending = is_triggered(id, context.manager) || kind == ServiceType::Oneshot;
                Ok((drive(&look, kind, args, context)?, ending))
            })?,
        };
        Ok(Apply {
            args,
            context,
            tree,
            slot,
            unit: name,
            directory: std::env::current_dir()?,
            drive,
            serves_connections,
            allowed: Allowed { ending },
            tells_readiness: !matches!(kind, ServiceType::Simple | ServiceType::Exec | ServiceType::Idle),
            interrupted: Arc::default(),
        })
    }

    /// Where it will be.
    pub fn file(&self) -> PathBuf {
        self.slot.file()
    }

    /// Installs it. `hardened` is the unit with the drop-in.
    pub fn carry_out(&self, text: &str, hardened: &Unit, facts: &dyn Facts) -> Result<(), NotInstalled> {
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
        {
            // Without the handler a signal kills, and the next call puts everything right.
            let _ = signal_hook::flag::register(signal, Arc::clone(&self.interrupted));
        }
        let untouched = |error: ApplyError| NotInstalled { why: chain(&error), restored: Ok(()) };
        let locked = match self.tree.lock(false) {
            Err(ApplyError::Busy) => {
                self.context.note("another ringfence is installing something; waiting for it");
                self.tree.lock(true)
            }
            other => other,
        };
        let locked = locked.map_err(untouched)?;
        let system = System::new(self.context.manager, Arc::clone(&self.interrupted));
        let services = self.context.root.is_none().then_some(&system as &dyn Services);
        let place = services.map(|_| Place::now(self.context));
        let (settings, _) = Settings::from_unit(hardened);
        let file = self.slot.file();
        let what = Install {
            unit: &self.unit,
            slot: &self.slot,
            text,
            directories: &directories(&settings, facts, &file),
            drive: self.drive,
        };
        let failed = |system: &System| match self.serves_connections && services.is_some() {
            true => system.failed_instances(&self.unit).map_err(|error| chain(&error)),
            false => Ok(Vec::new()),
        };
        let failed_before = failed(&system).unwrap_or_default();
        let mut prove = |restarted: &[String]| {
            if !restarted.is_empty() || self.serves_connections && services.is_some() {
                let works = self.exercise().and_then(|()| match restarted.is_empty() {
                    true => match failed(&system)?.iter().find(|unit| !failed_before.contains(unit)) {
                        Some(unit) => Err(format!("{unit} failed")),
                        None => Ok(()),
                    },
                    false => self.watch(&system, restarted),
                });
                // The signal that ended this is not to end the restoration, too.
                self.interrupted.store(false, Ordering::Relaxed);
                works?;
            }
            let denials = place.as_ref().map_or_else(Vec::new, |p| p.denials(hardened, &file, self.context));
            match denials.first() {
                Some(denial) => Err(format!("something was denied: {denial}")),
                None => Ok(()),
            }
        };
        install(&locked, services, &what, &mut prove, &mut |step| self.context.note(format_args!("{step} …")))
    }

    fn go_on(&self) -> bool {
        !self.interrupted.load(Ordering::Relaxed)
    }

    fn exercise(&self) -> Result<(), String> {
        let Some(line) = &self.args.exercise else { return Ok(()) };
        self.context.note("running the exercise on the real service …");
        let started = Instant::now();
        loop {
            let passed = exercise::run(line, &self.directory, self.args.limit, &mut || self.go_on());
            let warm = self.tells_readiness || started.elapsed() >= WARM_UP;
            match passed {
                Err(_) if !warm && self.go_on() => std::thread::sleep(Duration::from_millis(250)),
                other => return other,
            }
        }
    }

    fn watch(&self, system: &System, restarted: &[String]) -> Result<(), String> {
        self.context.note(format_args!("watching it for {} …", humantime::format_duration(self.args.watch)));
        watch(system, restarted, self.args.watch, self.allowed, &mut || self.go_on())
    }
}

fn no_manager(error: &ApplyError, whose: Whose) -> Failure {
    let failure = Failure::input(format!("--apply needs the service manager: {}", chain(error)));
    match whose {
        Whose::System => failure.hint("-o FILE writes the drop-in without one; --root DIR installs it in an image"),
        Whose::User => failure.hint(
            "your session needs a message bus (Debian's package dbus-user-session) and $XDG_RUNTIME_DIR; -o FILE writes the drop-in without",
        ),
    }
}

/// What to do with the service. One that does not run is only started when there is a way to see whether it works, and a
/// job (Type=oneshot) not at all: what it does, it would do once more.
fn drive(look: &Look, kind: ServiceType, args: &Args, context: &Context) -> Result<Drive, Failure> {
    let job = kind == ServiceType::Oneshot;
    match &look.state {
        ActiveState::Active | ActiveState::Reloading => Ok(Drive::Restart),
        ActiveState::Activating | ActiveState::Deactivating if !job => Err(Failure::input(format!(
            "{} is starting or stopping at this moment ({})",
            args.unit, look.sub_state
        ))
        .hint("wait until it runs, or until it does not")),
        _ if job || args.exercise.is_none() => {
            context.note("the service does not run: the drop-in is installed, and nothing is started");
            Ok(Drive::Nothing)
        }
        _ => Ok(Drive::StartAndStop),
    }
}

/// Whether something starts the service whenever it is needed, so that it may end by itself.
fn is_triggered(unit: &str, whose: Whose) -> bool {
    Manager::connect(whose)
        .and_then(|manager| manager.unit(unit)?.triggered_by())
        .is_ok_and(|by| !by.is_empty())
}

/// Directories that lines of the drop-in need and that are not there. They become the service's own.
fn directories(settings: &Settings, facts: &dyn Facts, drop_in: &Path) -> Vec<Missing> {
    let ours = |origin: &Option<ringfence_terms::Origin>| {
        origin.as_ref().is_some_and(|origin| &*origin.file == drop_in)
    };
    let listed = settings
        .paths
        .access(PathAccess::ReadWrite)
        .filter(|entry| ours(&entry.origin) && !entry.value.optional)
        .map(|entry| &entry.value.path);
    let bound = settings
        .paths
        .binds
        .iter()
        .filter(|entry| ours(&entry.origin) && !entry.value.optional && !entry.value.read_only)
        .map(|entry| &entry.value.source);
    let user = settings.identity.user.value.as_deref().and_then(|name| facts.user(name));
    let group = settings.identity.group.value.as_deref().and_then(|name| facts.group(name));
    let uid = user.as_ref().map_or(0, |user| user.uid);
    let gid = group.unwrap_or(user.as_ref().map_or(0, |user| user.gid));
    let mut missing: Vec<Missing> = Vec::new();
    for path in listed.chain(bound) {
        for directory in path.as_path().ancestors().collect::<Vec<_>>().into_iter().rev() {
            let known = missing.iter().any(|m| m.path == directory);
            if !known && !directory.exists() {
                let owner = if directory == path.as_path() { (uid, gid) } else { (0, 0) };
                missing.push(Missing { path: directory.to_path_buf(), mode: 0o755, owner });
            }
        }
    }
    missing
}
