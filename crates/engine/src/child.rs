//! Starting one command of a unit: the process that becomes it, step by step in systemd's order
//! (`exec_invoke` in `src/core/exec-invoke.c`).

mod namespaces;

use crate::enforcement::{Shortfall, Strength};
use crate::environment::{self, Variables};
use crate::failure::Failure;
use crate::filters::Filters;
use crate::launch::Launch;
use crate::namespaces::enter;
use crate::step::Step;
use crate::wire::Message;
use crate::{credentials, directories, executable, open_file, privileges, properties, stdio};
use ringfence_settings::{Capability, KeyringMode, Privileges};
use ringfence_sys::fork::{Namespace, unshare};
use ringfence_sys::{descriptors, exec, keyring, signal};
use ringfence_terms::AbsPath;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use rustix::thread::{set_no_new_privs, set_thread_res_gid, set_thread_res_uid};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
    // Out of the way of the descriptors that are passed, which go to the numbers from 3 on.
    let passed = launch.descriptors.len() + launch.settings.service.open_files.len();
    let lowest = i32::try_from(3 + passed).unwrap_or(i32::MAX);
    let channel = match rustix::io::fcntl_dupfd_cloexec(channel, lowest) {
        Ok(channel) => channel,
        Err(e) => {
            let failure = Failure::new(Step::Fds, "keep the way to the caller open").errno(e);
            let _ = rustix::io::write(channel, &Message::Failed(failure).encode());
            return Step::Fds.status();
        }
    };
    let child = Child {
        launch,
        files,
        caller,
        channel: channel.as_fd(),
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

pub(crate) struct Child<'a> {
    pub launch: &'a Launch<'a>,
    files: &'a Variables,
    caller: &'a Variables,
    pub channel: BorrowedFd<'a>,
    in_cgroup: bool,
    /// Namespaces, limits, capabilities and filters are applied.
    pub sandboxed: bool,
    /// User and groups are applied.
    pub changes_user: bool,
}

impl Child<'_> {
    pub(crate) fn tell(&self, message: &Message) {
        // If nobody listens any more, nobody can be told that either.
        let _ = rustix::io::write(self.channel, &message.encode());
    }

    pub(crate) fn report(&self, shortfall: Shortfall) {
        self.tell(&Message::Shortfall(shortfall));
    }

    fn set_up(&self) -> Result<Never, Failure> {
        let Launch { settings, runtime, plan, .. } = *self.launch;
        let mut report = |shortfall| self.report(shortfall);
        self.begin()?;
        // A new PID namespace gives the process another number; systemd tells the service this one all the same.
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        let opened =
            if self.launch.opens_files { open_file::open_all(settings, &mut report)? } else { Vec::new() };
        let socket = self.socket_of_streams()?;
        let passed = if socket.is_some() { &[] } else { self.launch.descriptors };
        let descriptors: Vec<(&str, BorrowedFd<'_>)> = (passed.iter())
            .map(|(name, fd)| (name.as_str(), *fd))
            .chain(opened.iter().map(|(name, fd)| (name.as_str(), fd.as_fd())))
            .collect();
        self.join_cgroup()?;
        stdio::connect(settings, &self.launch.streams, socket)?;
        properties::set(settings, &mut report)?;
        let owner = runtime.identity.owner();
        let id_mapped = directories::set_up(settings, plan, owner)?;
        let credentials = self.credentials()?;
        self.set_up_keyring()?;
        if self.sandboxed {
            properties::set_limits(settings, &mut report)?;
        } else {
            properties::set_limits_of_the_manager(settings);
        }
        self.enter_namespaces()?;
        // Both are made while `/proc` and the process still number processes alike.
        let users = self.private_users()?;
        let id_map = self.map_of_owner(&id_mapped)?;
        self.become_first_process()?;
        self.mount(&id_mapped, id_map.as_ref())?;
        rustix::process::umask(Mode::from_raw_mode(settings.process.umask.value));
        let filters = match self.sandboxed {
            true => Filters::of(settings, &mut report)?,
            false => Filters::default(),
        };
        self.fix_host_name(&filters)?;
        properties::set_ksm(settings, &mut report)?;
        if self.changes_user {
            privileges::change_groups(&runtime.identity)?;
        } else {
            privileges::take_own_groups(&runtime.identity)?;
        }
        if let Some(users) = users {
            enter(users.as_fd(), Namespace::User).map_err(|e| self.no_users(e))?;
        }
        let program = executable::find(settings, self.launch.command)?;
        self.pass_descriptors(&descriptors)?;
        self.drop_privileges(&filters)?;
        self.execute(&program, &self.environment(pid, credentials.as_ref(), &descriptors))
    }

    /// Signals, session.
    fn begin(&self) -> Result<(), Failure> {
        // The caller's umask has no say in what is made for the service (systemd's own is 0: `main.c`, `main`).
        rustix::process::umask(Mode::empty());
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
        let Launch { settings, runtime, run, .. } = self.launch;
        let directory = runtime.credentials(settings).filter(|_| run.credentials);
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
    pub(crate) fn can_filter(&self) -> bool {
        privileges::has(Capability::SYS_ADMIN)
    }

    pub(crate) fn set_no_new_privileges(&self) -> Result<(), Failure> {
        let origin = self.launch.settings.sandbox.no_new_privileges.origin.as_ref();
        set_no_new_privs(true).map_err(|e| {
            Failure::new(Step::NoNewPrivileges, "give up new privileges").errno(e).origin(origin)
        })
    }

    /// The one socket that standard streams are connected to; it is passed in no other way then (systemd: `exec_invoke`).
    fn socket_of_streams(&self) -> Result<Option<BorrowedFd<'_>>, Failure> {
        let Some(origin) = stdio::wants_socket(self.launch.settings) else { return Ok(None) };
        match self.launch.descriptors {
            [] => Ok(None),
            [(_, socket)] => {
                // The kernel may not know the flag for every kind of descriptor.
                let _ = rustix::io::ioctl_fionbio(socket, false);
                Ok(Some(*socket))
            }
            several => Err(Failure::new(
                Step::Fds,
                format!("connect standard streams to one of {} sockets", several.len()),
            )
            .origin(origin)
            .hint("a unit with a standard stream that is a socket must get exactly one")),
        }
    }

    fn pass_descriptors(&self, passed: &[(&str, BorrowedFd<'_>)]) -> Result<(), Failure> {
        let passed: Vec<BorrowedFd<'_>> = passed.iter().map(|(_, fd)| *fd).collect();
        let fail = |e| Failure::new(Step::Fds, "pass descriptors").errno(e);
        descriptors::close_on_exec_from(3).map_err(fail)?;
        if passed.is_empty() {
            return Ok(());
        }
        for (_, socket) in self.launch.descriptors {
            // Where the kernel does not know the flag there is nothing that could block.
            let _ = rustix::io::ioctl_fionbio(socket, self.launch.settings.service.non_blocking.value);
        }
        descriptors::pass_from_three(&passed).map_err(fail)
    }

    fn environment(
        &self,
        pid: i32,
        credentials: Option<&AbsPath>,
        descriptors: &[(&str, BorrowedFd<'_>)],
    ) -> Variables {
        let Launch { settings, runtime, .. } = self.launch;
        let names: Vec<String> = descriptors.iter().map(|(name, _)| (*name).to_owned()).collect();
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
                // A shell in the sandbox is on the caller's terminal, and knows which kind that is.
                term: match self.launch.streams.terminal {
                    Some(_) => None,
                    None => environment::terminal(settings),
                },
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

/// The 16 bytes that 32 hexadecimal digits stand for.
fn id_bytes(digits: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap_or(0) as u8;
    digits.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
