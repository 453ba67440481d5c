//! A sandbox without a unit: some directives, and a command to run under them.

use crate::devices::filter_devices;
use crate::enforcement::Shortfall;
use crate::environment::Variables;
use crate::executable::DEFAULT_PATH;
use crate::failure::Failure;
use crate::launch::{Launch, Progress, Streams, Wait};
use crate::own::own_bases;
use crate::runtime::Runtime;
use ringfence_host::HostFacts;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_settings::{Command, Privileges, Settings};
use ringfence_terms::{Complaint, Written};
use ringfence_unit::{LoadState, Manager, Specifiers, Unit, UnitName, UnitNameError};
use rustix::fd::AsFd;
use rustix::process::{Pid, WaitOptions, WaitStatus, waitpid};
use std::fmt::{self, Write};
use std::io::{self, Read};
use std::path::Path;

/// Directives of systemd.exec(5), and a command to run under them.
///
/// ```no_run
/// use ringfence_engine::Sandbox;
///
/// let ended = Sandbox::new()
///     .set("ProtectSystem", "strict")
///     .set("PrivateNetwork", "yes")
///     .run(["/usr/bin/touch", "/etc/forbidden"])?;
/// assert_eq!(ended.status.exit_status(), Some(1));
/// # Ok::<(), ringfence_engine::SandboxError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sandbox {
    text: String,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: WaitStatus,
    /// What the sandbox lacked, and why.
    pub shortfalls: Vec<Shortfall>,
}

/// Why a command could not be run.
#[derive(Debug)]
pub enum SandboxError {
    /// A directive does not exist, or its value is wrong.
    Directives(Vec<Complaint>),
    /// The sandbox could not be set up.
    SetUp(Failure),
    /// The command ended before its program ran.
    Died(WaitStatus),
    /// The machine could not be looked at, or the command's output not read.
    Io(io::Error),
}

impl Sandbox {
    /// A sandbox that takes nothing away yet.
    pub fn new() -> Sandbox {
        Sandbox::default()
    }

    /// Adds an assignment of the `[Service]` section, as if it were written on a line of its own: lists add up.
    #[must_use]
    pub fn set(mut self, directive: &str, value: &str) -> Sandbox {
        // A value of several lines is one line to systemd.
        let _ = writeln!(self.text, "{directive}={}", value.replace('\n', " "));
        self
    }

    /// The settings that the directives make.
    ///
    /// # Errors
    /// What is wrong with the directives.
    pub fn settings(&self) -> Result<Settings, SandboxError> {
        let name = unit_name().map_err(|e| SandboxError::Io(io::Error::other(e)))?;
        let unit = Unit {
            specifiers: Specifiers::of_name(&name),
            id: name.clone(),
            name,
            aliases: Vec::new(),
            manager: Manager::System,
            state: LoadState::Loaded,
            fragment: None,
            drop_ins: Vec::new(),
            assignments: Vec::new(),
            complaints: Vec::new(),
        };
        let text =
            format!("[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n{}", self.text);
        let unit = unit.with_drop_in(Path::new("(sandbox)"), text);
        let (settings, complaints) = Settings::from_unit(&unit);
        if complaints.is_empty() { Ok(settings) } else { Err(SandboxError::Directives(complaints)) }
    }

    /// Runs a command and waits for it. Its output goes where the caller's goes.
    ///
    /// # Errors
    /// When the directives are wrong or the sandbox cannot be set up; that the command fails is no error.
    pub fn run<W: AsRef<str>>(&self, argv: impl IntoIterator<Item = W>) -> Result<Ended, SandboxError> {
        self.run_with(argv, Streams::of_the_caller())
    }

    /// Runs a command and returns what it prints, standard error included.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn output<W: AsRef<str>>(
        &self,
        argv: impl IntoIterator<Item = W>,
    ) -> Result<(Ended, Vec<u8>), SandboxError> {
        let (mut reader, writer) = io::pipe().map_err(SandboxError::Io)?;
        // Read all along: a command that prints a lot would otherwise wait for a reader for ever.
        let printed = std::thread::spawn(move || {
            let mut printed = Vec::new();
            reader.read_to_end(&mut printed).map(|_| printed)
        });
        let fd = writer.as_fd();
        let streams = Streams { output: fd, error: fd, terminal: None };
        let ended = self.run_with(argv, streams);
        drop(writer);
        let printed = printed.join().unwrap_or_else(|_| Err(io::Error::other("the reader panicked")));
        Ok((ended?, printed.map_err(SandboxError::Io)?))
    }

    fn run_with<W: AsRef<str>>(
        &self,
        argv: impl IntoIterator<Item = W>,
        streams: Streams<'_>,
    ) -> Result<Ended, SandboxError> {
        let settings = self.settings()?;
        let argv: Vec<String> = argv.into_iter().map(|word| word.as_ref().to_owned()).collect();
        let command = command(argv);
        let facts = HostFacts::for_one_unit().map_err(SandboxError::Io)?;
        let bases = own_bases();
        let run = For { bases: bases.clone(), ..For::starting(&command) };
        let runtime = Runtime::set_up(&settings, &facts, bases).map_err(SandboxError::SetUp)?;
        let plan = Plan::of(&settings, &facts, &run, Mode::Faithful);
        let environment: Variables = [("PATH", DEFAULT_PATH.join(":"))].into_iter().collect();
        let group = runtime.device_group(&settings, &facts);
        let of_devices = filter_devices(&settings, group.as_ref().map(AsFd::as_fd));
        let launch = Launch {
            settings: &settings,
            facts: &facts,
            runtime: &runtime,
            command: &command,
            run: &run,
            plan: &plan,
            environment: &environment,
            streams,
            descriptors: &[],
            opens_files: true,
            cgroup: group.as_ref().map(AsFd::as_fd),
            stores_credentials: true,
            wait: Wait::No,
        };
        let ended = launch.fork().map_err(SandboxError::SetUp).and_then(|mut starting| wait(&mut starting));
        let mut shortfalls = runtime.shortfalls.clone();
        shortfalls.extend(of_devices);
        if let Some(group) = group {
            group.end();
        }
        runtime.clean_up(&settings);
        ended.map(|mut ended| {
            shortfalls.append(&mut ended.shortfalls);
            Ended { shortfalls, ..ended }
        })
    }
}

fn wait(starting: &mut crate::Starting) -> Result<Ended, SandboxError> {
    loop {
        match starting.progress().map_err(SandboxError::SetUp)? {
            Progress::Waiting => starting.go().map_err(SandboxError::SetUp)?,
            Progress::Started(started) => {
                return Ok(Ended { status: reap(started.pid)?, shortfalls: started.enforcement.shortfalls });
            }
            Progress::Failed(pid, failure) => {
                reap(pid)?;
                return Err(SandboxError::SetUp(failure));
            }
            Progress::Vanished(pid) => return Err(SandboxError::Died(reap(pid)?)),
        }
    }
}

fn reap(pid: Pid) -> Result<WaitStatus, SandboxError> {
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(SandboxError::Io(e.into())),
        }
    }
}

/// A name that no other sandbox of this process has at the same time: directories are named after it.
fn unit_name() -> Result<UnitName, UnitNameError> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    UnitName::parse(&format!("sandbox-{}-{count}.service", std::process::id()))
}

fn command(argv: Vec<String>) -> Command {
    let path = argv.first().cloned().unwrap_or_default();
    let origin = Written {
        directive: "ExecStart".into(),
        value: argv.join(" ").into(),
        file: Path::new("(sandbox)").into(),
        line: 0,
        column: 0,
    }
    .into();
    Command {
        path,
        argv,
        ignore_failure: false,
        no_variables: true,
        privileges: Privileges::Sandboxed,
        origin,
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SandboxError::Directives(complaints) => {
                for (at, complaint) in complaints.iter().enumerate() {
                    let separator = if at == 0 { "" } else { "; " };
                    write!(f, "{separator}{}", complaint.message)?;
                }
                Ok(())
            }
            SandboxError::SetUp(failure) => {
                write!(f, "{failure}")?;
                match &failure.hint {
                    Some(hint) => write!(f, " ({hint})"),
                    None => Ok(()),
                }
            }
            SandboxError::Died(status) => write!(f, "the command ended before its program ran: {status:?}"),
            SandboxError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SandboxError {}
