//! Starting one command of a unit: the process that becomes it, step by step in systemd's order
//! (`exec_invoke` in `src/core/exec-invoke.c`).

use crate::enforcement::{Shortfall, Strength};
use crate::environment::{self, Variables};
use crate::failure::Failure;
use crate::filters::Filters;
use crate::launch::Launch;
use crate::mounts::{self, MountNeeds};
use crate::namespaces::{enter, user_namespace};
use crate::step::Step;
use crate::wire::Message;
use crate::{credentials, directories, executable, privileges, properties, stdio};
use ringfence_sandbox::plan::Root;
use ringfence_settings::{
    Capability, KeyringMode, PrivateUsers, Privileges, ProtectControlGroups, WorkingDirectoryTarget,
};
use ringfence_sys::fork::{Namespace, become_first_of_pid_namespace, unshare};
use ringfence_sys::{descriptors, exec, keyring, signal};
use ringfence_terms::{AbsPath, Origin};
use ringfence_unit::Manager;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use rustix::thread::{set_no_new_privs, set_thread_res_gid, set_thread_res_uid};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Sets the process up and executes the command. Returns only when that failed: the exit status.
///
/// `in_cgroup` says that it is in the control group that it is to be in already.
pub fn run(
    launch: &Launch<'_>,
    files: &Variables,
    caller: &Variables,
    channel: BorrowedFd<'_>,
    in_cgroup: bool,
) -> u8 {
    let child = Child {
        launch,
        files,
        caller,
        channel,
        in_cgroup,
        sandboxed: launch.run.sandboxed,
        changes_user: launch.run.sandboxed && launch.command.privileges != Privileges::KeepUser,
    };
    let failure = match child.set_up() {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    let status = failure.status();
    child.tell(&Message::Failed(failure));
    status
}

enum Never {}

struct Child<'a> {
    launch: &'a Launch<'a>,
    files: &'a Variables,
    caller: &'a Variables,
    channel: BorrowedFd<'a>,
    in_cgroup: bool,
    /// Namespaces, limits, capabilities and filters are applied.
    sandboxed: bool,
    /// User and groups are applied.
    changes_user: bool,
}

impl Child<'_> {
    fn tell(&self, message: &Message) {
        // If nobody listens any more, nobody can be told that either.
        let _ = rustix::io::write(self.channel, &message.encode());
    }

    fn report(&self, shortfall: Shortfall) {
        self.tell(&Message::Shortfall(shortfall));
    }

    fn set_up(&self) -> Result<Never, Failure> {
        let Launch { settings, runtime, plan, .. } = *self.launch;
        let mut report = |shortfall| self.report(shortfall);
        self.begin()?;
        // A new PID namespace gives the process another number; systemd tells the service this one all the same.
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        self.join_cgroup()?;
        stdio::connect(settings, &self.launch.streams)?;
        properties::set(settings, &mut report)?;
        let owner = runtime.identity.owner();
        let id_mapped = directories::set_up(settings, plan, owner)?;
        let credentials = self.credentials()?;
        rustix::process::umask(Mode::from_raw_mode(settings.process.umask.value));
        self.set_up_keyring()?;
        if self.sandboxed {
            properties::set_limits(settings, &mut report)?;
        }
        self.enter_namespaces()?;
        let users = self.private_users()?;
        self.mount(&id_mapped)?;
        let filters = match self.sandboxed {
            true => Filters::of(settings, &mut report)?,
            false => Filters::default(),
        };
        self.fix_host_name(&filters)?;
        properties::set_ksm(settings, &mut report)?;
        if self.changes_user {
            privileges::change_groups(&runtime.identity)?;
        }
        if let Some(users) = users {
            enter(users.as_fd(), Namespace::User).map_err(|e| self.no_users(e))?;
        }
        let program = executable::find(settings, self.launch.command)?;
        self.pass_descriptors()?;
        self.drop_privileges(&filters)?;
        self.execute(&program, &self.environment(pid, credentials.as_ref()))
    }

    /// Signals, session.
    fn begin(&self) -> Result<(), Failure> {
        signal::reset_signals()
            .map_err(|e| Failure::new(Step::SignalMask, "let signals through").errno(e))?;
        if self.launch.settings.process.ignore_sigpipe.value {
            signal::ignore_signal(rustix::process::Signal::PIPE.as_raw());
        }
        if self.launch.streams.terminal.is_some() {
            // A shell stays in the caller's session, or it could not use the terminal's job control.
            return Ok(());
        }
        rustix::process::chdir("/").map_err(|e| Failure::new(Step::Chdir, "change to /").errno(e))?;
        match rustix::process::setsid() {
            // It leads its session already.
            Err(Errno::PERM) => Ok(()),
            other => other.map(|_| ()).map_err(|e| Failure::new(Step::Setsid, "make a session").errno(e)),
        }
    }

    fn join_cgroup(&self) -> Result<(), Failure> {
        let Some(directory) = self.launch.cgroup.filter(|_| !self.in_cgroup) else { return Ok(()) };
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        rustix::fs::openat(directory, "cgroup.procs", flags, Mode::empty())
            .and_then(|file| rustix::io::write(file, b"0"))
            .map(|_| ())
            .map_err(|e| Failure::new(Step::Cgroup, "enter the control group").errno(e))
    }

    /// Where the unit's credentials are, if it has any; made now if this command is to make them.
    fn credentials(&self) -> Result<Option<AbsPath>, Failure> {
        let Launch { settings, runtime, .. } = self.launch;
        let directory = runtime.credentials(settings);
        // Those that existed belong to another manager, under which the unit runs at the same time.
        if let Some(directory) = directory.as_ref().filter(|directory| !runtime.existed.contains(directory))
            && self.launch.stores_credentials
        {
            credentials::store(settings, directory, runtime.identity.owner())?;
        }
        Ok(directory)
    }

    /// `KeyringMode=`: the session keyring belongs to the service's user (systemd: `setup_keyring`).
    fn set_up_keyring(&self) -> Result<(), Failure> {
        let Launch { settings, runtime, .. } = self.launch;
        let mode = &settings.process.keyring_mode;
        if mode.value == KeyringMode::Inherit {
            return Ok(());
        }
        let fail = |e: Errno| {
            Failure::new(Step::Keyring, "set up the session keyring").errno(e).origin(mode.origin.as_ref())
        };
        let (own_user, own_group) = (rustix::process::getuid(), rustix::process::getgid());
        let user = runtime.identity.uid.map(Uid::from_raw);
        let group = runtime.identity.gid.map(Gid::from_raw);
        set_thread_res_gid(group, None, None)
            .and_then(|()| set_thread_res_uid(user, None, None))
            .map_err(fail)?;
        let joined = keyring::new_session_keyring();
        let linked = match mode.value {
            KeyringMode::Shared if joined.is_ok() => keyring::link_user_keyring(),
            _ => Ok(()),
        };
        set_thread_res_uid(own_user, None, None)
            .and_then(|()| set_thread_res_gid(own_group, None, None))
            .map_err(fail)?;
        match joined {
            Err(e @ (Errno::NOSYS | Errno::PERM | Errno::ACCESS | Errno::DQUOT)) => {
                if mode.origin.is_some() {
                    self.report(Shortfall {
                        directive: "KeyringMode".to_owned(),
                        origin: mode.origin.clone(),
                        strength: Strength::NotEnforced,
                        why: format!("the kernel makes no session keyring here ({e})"),
                    });
                }
                return Ok(());
            }
            other => other.map_err(fail)?,
        }
        linked.map_err(fail)?;
        // Only a courtesy to programs that ask the keyring for it; systemd ignores a failure too.
        let _ = keyring::add_session_key(c"invocation_id", &id_bytes(&runtime.invocation));
        Ok(())
    }

    /// Everything but mounts and the host name.
    fn enter_namespaces(&self) -> Result<(), Failure> {
        let Launch { settings, runtime, facts, .. } = self.launch;
        let sandbox = &settings.sandbox;
        if self.sandboxed
            && let Some(users) = runtime.users()
        {
            enter(users, Namespace::User).map_err(|e| self.no_users(e))?;
        }
        if let Some(network) = &runtime.network {
            enter(network.as_fd(), Namespace::Network)
                .map_err(|e| Failure::new(Step::Network, "enter the network namespace").errno(e))?;
        }
        if let Some(ipc) = &runtime.ipc {
            enter(ipc.as_fd(), Namespace::Ipc)
                .map_err(|e| Failure::new(Step::Namespace, "enter the IPC namespace").errno(e))?;
        }
        if !self.sandboxed {
            return Ok(());
        }
        let groups = &sandbox.protect_control_groups;
        if matches!(groups.value, ProtectControlGroups::Private | ProtectControlGroups::Strict)
            && facts.features().unified_cgroups
        {
            unshare(Namespace::Cgroup).map_err(|e| {
                Failure::new(Step::Namespace, "make a control group namespace")
                    .errno(e)
                    .origin(groups.origin.as_ref())
            })?;
        }
        if sandbox.private_pids.value {
            let announce = |pid: rustix::process::Pid| self.tell(&Message::Moved(pid.as_raw_nonzero().get()));
            become_first_of_pid_namespace(announce).map_err(|e| {
                Failure::new(Step::Namespace, "make a PID namespace")
                    .errno(e)
                    .origin(sandbox.private_pids.origin.as_ref())
            })?;
        }
        Ok(())
    }

    fn no_users(&self, errno: Errno) -> Failure {
        Failure::new(Step::User, "enter the user namespace")
            .errno(errno)
            .origin(self.launch.settings.sandbox.private_users.origin.as_ref())
    }

    /// `PrivateUsers=` with privileges: the namespace is made while `/proc` is still the host's, and entered when
    /// everything else is set up, so that the mounts belong to the namespace outside (systemd: `setup_private_users`).
    fn private_users(&self) -> Result<Option<OwnedFd>, Failure> {
        let Launch { settings, runtime, .. } = self.launch;
        if !self.sandboxed || runtime.users().is_some() {
            return Ok(None);
        }
        let (own_uid, own_gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        let (uid_map, gid_map) = match settings.sandbox.private_users.value {
            PrivateUsers::No => return Ok(None),
            PrivateUsers::Identity => ("0 0 65536\n".to_owned(), "0 0 65536\n".to_owned()),
            PrivateUsers::OwnUser => {
                (self_map(own_uid, runtime.identity.uid), self_map(own_gid, runtime.identity.gid))
            }
        };
        user_namespace(&uid_map, &gid_map).map(Some).map_err(|e| self.no_users(e))
    }

    fn mount(&self, id_mapped: &[AbsPath]) -> Result<(), Failure> {
        let Launch { runtime, plan, facts, .. } = self.launch;
        if plan.reasons.is_empty() {
            return Ok(());
        }
        match unshare(Namespace::Mount) {
            Err(Errno::PERM | Errno::ACCESS | Errno::NOSYS | Errno::INVAL)
                if self.can_go_without_mounts() =>
            {
                for reason in &plan.reasons {
                    self.report(Shortfall {
                        directive: reason.directive.to_owned(),
                        origin: reason.origin.clone(),
                        strength: Strength::NotEnforced,
                        why: "making a mount namespace is not permitted here".to_owned(),
                    });
                }
                return Ok(());
            }
            other => other.map_err(|e| Failure::new(Step::Namespace, "make a mount namespace").errno(e))?,
        }
        if let Some(failure) = &plan.failure {
            return Err(planned_failure(failure));
        }
        let id_map = match runtime.identity.owner() {
            (uid, gid) if !id_mapped.is_empty() => {
                let map = |id: u32| format!("65534 {id} 1\n0 0 1\n");
                let users = user_namespace(&map(uid), &map(gid)).map_err(|e| {
                    Failure::new(Step::Namespace, "map the owner of the service's directories").errno(e)
                })?;
                Some(users)
            }
            _ => None,
        };
        let needs = MountNeeds {
            host: facts.mounts(),
            private_tmp: runtime.private_tmp.as_ref(),
            id_mapped,
            id_map: id_map.as_ref().map(AsFd::as_fd),
            dev_log: plan.dev_log,
            incoming: AbsPath::parse("/run/systemd/incoming").ok(),
        };
        for shortfall in mounts::apply(plan, &needs)? {
            self.report(shortfall);
        }
        Ok(())
    }

    /// Where no mount namespace can be had, systemd goes on if the unit's mounts only take something away
    /// (`setup_namespace`, `insist_on_sandboxing` in `src/core/exec-invoke.c`).
    fn can_go_without_mounts(&self) -> bool {
        let settings = self.launch.settings;
        settings.paths.temporary.is_empty()
            && settings.paths.root_directory.value.is_none()
            && !settings.identity.dynamic_user.value
            && settings.sandbox.log_namespace.value.is_none()
            && settings.paths.binds.iter().all(|bind| bind.value.source == bind.value.destination)
    }

    /// `ProtectHostname=`.
    fn fix_host_name(&self, filters: &Filters) -> Result<(), Failure> {
        let setting = &self.launch.settings.sandbox.protect_hostname;
        if !self.sandboxed || !setting.value {
            return Ok(());
        }
        if let Err(e) = unshare(Namespace::Uts) {
            self.report(Shortfall {
                directive: "ProtectHostname".to_owned(),
                origin: setting.origin.clone(),
                strength: Strength::Weaker,
                why: format!("no host name namespace can be made ({e}): only the system calls are filtered"),
            });
        }
        if !self.can_filter() {
            self.set_no_new_privileges()?;
        }
        filters.load_early()
    }

    /// Loading a filter takes `CAP_SYS_ADMIN` or no-new-privileges.
    fn can_filter(&self) -> bool {
        privileges::has(Capability::SYS_ADMIN)
    }

    fn set_no_new_privileges(&self) -> Result<(), Failure> {
        let origin = self.launch.settings.sandbox.no_new_privileges.origin.as_ref();
        set_no_new_privs(true).map_err(|e| {
            Failure::new(Step::NoNewPrivileges, "give up new privileges").errno(e).origin(origin)
        })
    }

    fn pass_descriptors(&self) -> Result<(), Failure> {
        let passed: Vec<BorrowedFd<'_>> = self.launch.descriptors.iter().map(|(_, fd)| *fd).collect();
        // The channel must not be where a passed descriptor goes.
        let fail = |e| Failure::new(Step::Fds, "pass descriptors").errno(e);
        descriptors::close_on_exec_from(3).map_err(fail)?;
        if passed.is_empty() {
            return Ok(());
        }
        descriptors::pass_from_three(&passed).map_err(fail)
    }

    /// Capabilities, root directory, user, working directory, filters: from here on the process is the service.
    fn drop_privileges(&self, filters: &Filters) -> Result<(), Failure> {
        let Launch { settings, runtime, .. } = self.launch;
        let sandbox = &settings.sandbox;
        let uid = runtime.identity.uid.filter(|_| self.changes_user);
        let bounding = sandbox.bounding_set.value;
        let capability = |what: &str, origin: Option<&Origin>| {
            let failure = Failure::new(Step::Capabilities, what).origin(origin);
            move |e: Errno| failure.errno(e)
        };
        let mut keeps = false;
        if self.sandboxed {
            if sandbox.restrict_realtime.value
                && !settings.process.limits.contains_key(&ringfence_settings::Resource::Rtprio)
            {
                properties::forbid_realtime_priority().map_err(|e| {
                    Failure::new(Step::Limits, "take realtime priorities away")
                        .errno(e)
                        .origin(sandbox.restrict_realtime.origin.as_ref())
                })?;
            }
            let mut kept = bounding;
            keeps = uid.is_some() && filters.any && filters.allows_dropping_privileges;
            if keeps {
                privileges::keep_over_user_change(true)
                    .map_err(|e| Failure::new(Step::User, "keep capabilities for the filters").errno(e))?;
                kept = kept.with(Capability::SYS_ADMIN).with(Capability::SETPCAP);
            }
            let origin = sandbox.bounding_set.origin.as_ref();
            privileges::limit_bounding_set(kept)
                .map_err(capability("take capabilities out of the bounding set", origin))?;
            if sandbox.ambient.value.0 != 0 {
                let origin = sandbox.ambient.origin.as_ref();
                privileges::set_ambient(sandbox.ambient.value, true)
                    .map_err(capability("set the ambient capabilities", origin))?;
            }
        }
        self.change_root()?;
        if let Some(uid) = uid {
            self.change_user(uid, keeps)?;
        }
        self.change_directory()?;
        if !self.sandboxed {
            return Ok(());
        }
        self.set_apparmor_profile()?;
        privileges::set_secure_bits(sandbox.secure_bits.value)
            .map_err(|failure| failure.origin(sandbox.secure_bits.origin.as_ref()))?;
        if sandbox.no_new_privileges.value || (filters.any && !self.can_filter()) {
            self.set_no_new_privileges()?;
        }
        self.wait_for_go()?;
        filters.load()?;
        if keeps {
            let origin = sandbox.bounding_set.origin.as_ref();
            privileges::limit_bounding_set(bounding)
                .map_err(capability("take capabilities out of the bounding set", origin))?;
            for last in [Capability::SYS_ADMIN, Capability::SETPCAP] {
                if !bounding.contains(last) {
                    privileges::drop(last)
                        .map_err(|e| Failure::new(Step::User, format!("drop {last}")).errno(e))?;
                }
            }
            privileges::keep_over_user_change(false)
                .map_err(|e| Failure::new(Step::User, "stop keeping capabilities").errno(e))?;
        }
        Ok(())
    }

    /// `RootDirectory=` without a mount namespace.
    fn change_root(&self) -> Result<(), Failure> {
        let Launch { settings, plan, run, .. } = self.launch;
        let setting = &settings.paths.root_directory;
        match &plan.root {
            Root::Directory(directory) if plan.reasons.is_empty() && run.change_root => {
                rustix::process::chroot(directory.as_path()).map_err(|e| {
                    Failure::new(Step::Chroot, format!("change the root directory to {directory}"))
                        .errno(e)
                        .path(directory.as_path())
                        .origin(setting.origin.as_ref())
                })
            }
            _ => Ok(()),
        }
    }

    fn change_user(&self, uid: u32, keeps: bool) -> Result<(), Failure> {
        let sandbox = &self.launch.settings.sandbox;
        let fail = |e: Errno| {
            Failure::new(Step::User, format!("change the user to {uid}"))
                .errno(e)
                .origin(self.launch.settings.identity.user.origin.as_ref())
        };
        let ambient = sandbox.ambient.value;
        privileges::change_user(uid, ambient.0 != 0 || sandbox.secure_bits.value != 0).map_err(fail)?;
        if keeps {
            if !ambient.contains(Capability::SETUID) {
                privileges::drop(Capability::SETUID).map_err(fail)?;
            }
            privileges::keep(Capability::SYS_ADMIN).map_err(fail)?;
            privileges::keep(Capability::SETPCAP).map_err(fail)?;
        }
        if ambient.0 != 0 {
            privileges::set_ambient(ambient, false).map_err(|e| {
                Failure::new(Step::Capabilities, "set the ambient capabilities")
                    .errno(e)
                    .origin(sandbox.ambient.origin.as_ref())
            })?;
        }
        Ok(())
    }

    /// `WorkingDirectory=`, as the service's own user.
    fn change_directory(&self) -> Result<(), Failure> {
        let Launch { settings, runtime, plan, run, .. } = self.launch;
        let setting = &settings.paths.working_directory;
        let home = || {
            runtime.identity.user.as_ref().map_or(PathBuf::from("/root"), |user| PathBuf::from(&user.home))
        };
        let mut directory = match &setting.value.directory {
            Some(WorkingDirectoryTarget::Path(path)) => path.as_path().to_owned(),
            Some(WorkingDirectoryTarget::Home) => home(),
            None if settings.manager == Manager::User => home(),
            None => PathBuf::from("/"),
        };
        // A command that keeps the host's root is still in the unit's directory.
        if let (Root::Host, Some(root)) = (&plan.root, &settings.paths.root_directory.value)
            && !run.change_root
            && let Ok(rest) = directory.strip_prefix("/")
        {
            directory = root.as_path().join(rest);
        }
        match rustix::process::chdir(&directory) {
            Err(_) if setting.value.optional => Ok(()),
            other => other.map_err(|e| {
                let failure = Failure::new(
                    Step::Chdir,
                    format!("change to the working directory {}", directory.display()),
                )
                .errno(e)
                .path(&directory)
                .origin(setting.origin.as_ref());
                match e {
                    Errno::NOENT => {
                        failure.hint("it must be there in the service's own view; `-` makes it optional")
                    }
                    Errno::ACCESS => {
                        failure.hint("the service's user may not enter it, or a directory above it")
                    }
                    _ => failure,
                }
            }),
        }
    }

    /// `AppArmorProfile=` (systemd: `aa_change_onexec`).
    fn set_apparmor_profile(&self) -> Result<(), Failure> {
        let setting = &self.launch.settings.sandbox.apparmor_profile;
        let Some((profile, optional)) = &setting.value else { return Ok(()) };
        if !self.launch.facts.features().apparmor {
            self.report(Shortfall {
                directive: "AppArmorProfile".to_owned(),
                origin: setting.origin.clone(),
                strength: Strength::NotEnforced,
                why: "this machine does not use AppArmor".to_owned(),
            });
            return Ok(());
        }
        let request = format!("exec {profile}");
        let written = std::fs::write("/proc/thread-self/attr/apparmor/exec", &request)
            .or_else(|_| std::fs::write("/proc/thread-self/attr/exec", &request));
        match written {
            Err(_) if *optional => Ok(()),
            other => other.map_err(|e| {
                Failure::new(Step::AppArmor, format!("prepare the AppArmor profile {profile}"))
                    .errno(e)
                    .origin(setting.origin.as_ref())
            }),
        }
    }

    fn wait_for_go(&self) -> Result<(), Failure> {
        if !self.launch.wait {
            return Ok(());
        }
        self.tell(&Message::Waiting);
        loop {
            match rustix::io::read(self.channel, &mut [0u8; 1]) {
                Err(Errno::INTR) => {}
                Ok(1) => return Ok(()),
                // Whoever started this is gone.
                _ => return Err(Failure::new(Step::Exec, "wait for the word to go on")),
            }
        }
    }

    fn environment(&self, pid: i32, credentials: Option<&AbsPath>) -> Variables {
        let Launch { settings, runtime, .. } = self.launch;
        let names: Vec<String> = self.launch.descriptors.iter().map(|(name, _)| name.clone()).collect();
        environment::assemble(
            settings,
            &environment::Sources {
                manager: self.launch.environment,
                caller: self.caller,
                files: self.files,
                identity: &runtime.identity,
                bases: &runtime.bases,
                pid,
                invocation: &runtime.invocation,
                credentials,
                descriptors: &names,
                term: None,
            },
        )
    }

    fn execute(&self, program: &Path, variables: &Variables) -> Result<Never, Failure> {
        let command = self.launch.command;
        let fail = |what: &str| {
            Failure::new(Step::Exec, format!("{what} {}", program.display()))
                .path(program)
                .origin(Some(&command.origin))
        };
        let argv = match command.no_variables {
            true => command.argv.clone(),
            false => environment::expand(&command.argv, variables).argv,
        };
        let c_string = |text: &[u8]| CString::new(text).map_err(|_| fail("execute"));
        let path = c_string(program.as_os_str().as_bytes())?;
        let arguments = argv.iter().map(|word| c_string(word.as_bytes())).collect::<Result<Vec<_>, _>>()?;
        let environment = variables
            .iter()
            .map(|(name, value)| c_string(format!("{name}={value}").as_bytes()))
            .collect::<Result<Vec<_>, _>>()?;
        self.tell(&Message::Executing);
        let errno = exec::execve(&path, &arguments, &environment);
        let failure = fail("execute").errno(errno);
        Err(match errno {
            Errno::NOENT => failure.hint("its interpreter or dynamic loader is not in the service's view"),
            Errno::NOEXEC => failure.hint("it is no program of this machine; a script must start with #!"),
            Errno::ACCESS => {
                failure.hint("it, or its interpreter, is not executable there: see NoExecPaths=")
            }
            _ => failure,
        })
    }
}

/// One's own number, and the service's if it is another.
fn self_map(own: u32, service: Option<u32>) -> String {
    let line = |id: u32| format!("{id} {id} 1\n");
    match service {
        Some(id) if id != own => line(own) + &line(id),
        _ => line(own),
    }
}

fn planned_failure(planned: &ringfence_sandbox::plan::Failure) -> Failure {
    let step = Step::from_status(planned.status).unwrap_or(Step::Namespace);
    let mut failure = Failure::new(step, "set up the service's view of the file system")
        .errno(planned.errno)
        .origin(planned.origin.as_ref())
        .hint(planned.why.clone());
    if let Some(path) = &planned.path {
        failure = failure.path(path);
    }
    failure
}

/// The 16 bytes that 32 hexadecimal digits stand for.
fn id_bytes(digits: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap_or(0) as u8;
    digits.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
