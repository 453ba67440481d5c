//! Starting one command of a unit: the side that stays.

use crate::child;
use crate::enforcement::Enforcement;
use crate::environment::{Variables, load_files};
use crate::failure::Failure;
use crate::runtime::Runtime;
use crate::step::Step;
use crate::wire::{MAX, Message};
use ringfence_sandbox::facts::Facts;
use ringfence_sandbox::plan::{For, Plan};
use ringfence_settings::{Command, Settings};
use ringfence_sys::fork::{fork_process, fork_process_in};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use rustix::process::Pid;

/// One command of a unit, and all that is needed to start it.
pub struct Launch<'a> {
    /// What the unit says.
    pub settings: &'a Settings,
    /// The machine.
    pub facts: &'a dyn Facts,
    /// What the unit's commands share.
    pub runtime: &'a Runtime,
    /// The command.
    pub command: &'a Command,
    /// Which of the unit's settings hold for it.
    pub run: &'a For,
    /// What it will see: the plan of `settings` for `run` on the machine.
    pub plan: &'a Plan,
    /// What the manager would hand on, and what the state of the service adds (systemd.exec(5), "Environment Variables
    /// in Spawned Processes").
    pub environment: &'a Variables,
    /// What the service manager would connect the standard streams to.
    pub streams: Streams<'a>,
    /// Descriptors that are passed from number 3 on, with their names.
    pub descriptors: &'a [(String, BorrowedFd<'a>)],
    /// What `OpenFile=` names is opened and passed after them: for the main process.
    pub opens_files: bool,
    /// The directory of the control group that the process is to be in.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// The unit's credentials are made anew for this command; the others find what was made.
    pub stores_credentials: bool,
    /// Whether the process waits before the last filters are loaded.
    pub wait: Wait,
}

/// Whether a process waits for [`Starting::go`], all of its sandbox built but for the last filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It goes on by itself.
    No,
    /// It waits until the caller is ready too, which may be before it has come there.
    ForCaller,
    /// It says that it has come there ([`Progress::Waiting`]), and waits.
    ToBeSeen,
}

/// Where the standard streams of a service lead that names no place itself: the journal, under systemd.
#[derive(Clone, Copy)]
pub struct Streams<'a> {
    /// Standard output.
    pub output: BorrowedFd<'a>,
    /// Standard error.
    pub error: BorrowedFd<'a>,
    /// Standard input, for a command that is to talk to the caller whatever the unit says: a shell.
    pub terminal: Option<BorrowedFd<'a>>,
}

impl Streams<'static> {
    /// The caller's own standard output and error.
    pub fn of_the_caller() -> Streams<'static> {
        Streams { output: rustix::stdio::stdout(), error: rustix::stdio::stderr(), terminal: None }
    }

    /// All three of the caller's own.
    pub fn of_the_terminal() -> Streams<'static> {
        Streams { terminal: Some(rustix::stdio::stdin()), ..Streams::of_the_caller() }
    }
}

/// A process on its way to its program.
#[derive(Debug)]
pub struct Starting {
    pid: Pid,
    channel: OwnedFd,
    enforcement: Enforcement,
    executing: bool,
}

/// What became of a process on its way to its program.
#[derive(Debug)]
pub enum Progress {
    /// It waits for [`Starting::go`].
    Waiting,
    /// The program runs.
    Started(Started),
    /// It could not be set up. The process has exited, or will at once, with the failure's status.
    Failed(Pid, Failure),
    /// The process ended before its program ran, and said nothing: a signal killed it.
    Vanished(Pid),
}

/// A process whose program runs.
#[derive(Debug)]
pub struct Started {
    /// Its number.
    pub pid: Pid,
    /// What is applied.
    pub enforcement: Enforcement,
}

impl Launch<'_> {
    /// Forks. The new process sets itself up and executes the command; [`Starting`] tells how it gets on.
    ///
    /// # Errors
    /// When an `EnvironmentFile=` cannot be read or no process can be made.
    pub fn fork(self) -> Result<Starting, Failure> {
        let fail = |e| Failure::new(Step::Exec, "make a process").errno(e);
        let files = load_files(&self.settings.environment.files).map_err(|e| {
            Failure::new(Step::Memory, format!("read the environment file {}", e.path.display()))
                .errno(&e.source)
                .path(&e.path)
                .origin(e.origin.as_ref())
                .hint("make it, or put `-` before its path if it may be missing")
        })?;
        // Looked up here: the new process may not read its environment.
        let passed = self.settings.environment.pass.iter().filter_map(|name| {
            let value = std::env::var_os(&name.value)?.into_string().ok()?;
            Some((name.value.clone(), value))
        });
        let caller: Variables = passed.collect();
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .map_err(fail)?;
        let mut ours = Some(ours);
        let mut run = |in_cgroup| {
            // Not the process's own: with the caller's end open it would not hear that the caller is gone.
            ours = None;
            child::run(&self, &files, &caller, theirs.as_fd(), in_cgroup)
        };
        let pid = match self.cgroup {
            Some(cgroup) => fork_process_in(cgroup, run),
            None => fork_process(|| run(true)),
        }
        .map_err(fail)?;
        // Here it is still open; the other process has closed its own copy.
        let channel = ours.ok_or_else(|| fail(Errno::BADF))?;
        Ok(Starting { pid, channel, enforcement: Enforcement::default(), executing: false })
    }
}

impl Starting {
    /// The process's number as it is now.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// What becomes readable when there is news for [`progress`](Self::progress).
    pub fn channel(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }

    /// Lets a waiting process go on.
    pub fn go(&self) -> Result<(), Failure> {
        match send(&self.channel, &[1], SendFlags::NOSIGNAL) {
            // It died meanwhile, which `progress` will tell.
            Ok(_) | Err(Errno::PIPE) => Ok(()),
            Err(e) => Err(Failure::new(Step::Exec, "let the process go on").errno(e)),
        }
    }

    /// Waits for the next thing that happens.
    pub fn progress(&mut self) -> Result<Progress, Failure> {
        loop {
            if let Some(progress) = self.advance()? {
                return Ok(progress);
            }
            let mut readable = [PollFd::new(&self.channel, PollFlags::IN)];
            match poll(&mut readable, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(e) => return Err(Failure::new(Step::Exec, "hear from the process").errno(e)),
            }
        }
    }

    /// The next thing that has happened already, if anything has. [`pid`](Self::pid) may be another one afterwards.
    pub fn advance(&mut self) -> Result<Option<Progress>, Failure> {
        let mut buffer = vec![0; MAX];
        loop {
            let length = match recv(&self.channel, &mut buffer[..], RecvFlags::DONTWAIT) {
                // The word to go on that a process left unread when it ended comes back as a reset connection, once. What it
                // said itself is still there.
                Err(Errno::INTR | Errno::CONNRESET) => continue,
                Err(Errno::AGAIN) => return Ok(None),
                other => other.map_err(|e| Failure::new(Step::Exec, "hear from the process").errno(e))?.1,
            };
            if length == 0 {
                return Ok(Some(match self.executing {
                    true => Progress::Started(Started {
                        pid: self.pid,
                        enforcement: std::mem::take(&mut self.enforcement),
                    }),
                    false => Progress::Vanished(self.pid),
                }));
            }
            match Message::decode(&buffer[..length]) {
                Some(Message::Moved(pid)) => {
                    if let Some(pid) = Pid::from_raw(pid) {
                        self.pid = pid;
                    }
                }
                Some(Message::Waiting) => return Ok(Some(Progress::Waiting)),
                Some(Message::Shortfall(shortfall)) => self.enforcement.shortfalls.push(shortfall),
                Some(Message::Executing) => self.executing = true,
                Some(Message::Failed(failure)) => return Ok(Some(Progress::Failed(self.pid, failure))),
                None => {}
            }
        }
    }
}
