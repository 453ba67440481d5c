//! Standard input, output and error (systemd: `setup_input`, `setup_output` in `src/core/exec-invoke.c`).
//!
//! They are opened as the caller's user and in the host's view, before any namespace is made.

use crate::failure::Failure;
use crate::launch::Streams;
use crate::step::Step;
use ringfence_settings::{InputSource, OutputTarget, Settings};
use ringfence_terms::{AbsPath, Origin};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use std::path::Path;

/// The line that wants a standard stream to be the socket that the service was started by, if one does.
pub fn wants_socket(settings: &Settings) -> Option<Option<&Origin>> {
    let stdio = &settings.stdio;
    if stdio.input.value == InputSource::Socket {
        return Some(stdio.input.origin.as_ref());
    }
    let outputs = [&stdio.output, &stdio.error];
    let output = outputs.into_iter().find(|line| line.value == OutputTarget::Socket)?;
    Some(output.origin.as_ref())
}

/// Connects all three. `socket` is the one that the service was started by.
pub fn connect(
    settings: &Settings,
    streams: &Streams<'_>,
    socket: Option<BorrowedFd<'_>>,
) -> Result<(), Failure> {
    if let Some(terminal) = streams.terminal {
        // A shell in the sandbox is on the caller's terminal, whatever the unit says.
        let fail = |e| Failure::new(Step::Stdin, "connect the standard streams").errno(e);
        dup2_stdin(terminal).map_err(fail)?;
        dup2_stdout(streams.output).map_err(fail)?;
        return dup2_stderr(streams.error).map_err(fail);
    }
    let wiring = Wiring { settings, streams, socket };
    let stdio = &settings.stdio;
    let fail = |step, what, origin| move |trouble| failed(step, what, origin, trouble);
    wiring.input().map_err(fail(Step::Stdin, "standard input", stdio.input.origin.as_ref()))?;
    wiring.output().map_err(fail(Step::Stdout, "standard output", stdio.output.origin.as_ref()))?;
    wiring.error().map_err(fail(Step::Stderr, "standard error", stdio.error.origin.as_ref()))
}

fn failed(step: Step, what: &str, origin: Option<&Origin>, (path, errno): Trouble) -> Failure {
    let failure = match &path {
        Some(path) => Failure::new(step, format!("connect {what} to {path}")).path(path.as_path()),
        None => Failure::new(step, format!("connect {what}")),
    };
    failure.errno(errno).origin(origin)
}

struct Wiring<'a> {
    settings: &'a Settings,
    streams: &'a Streams<'a>,
    socket: Option<BorrowedFd<'a>>,
}

/// Which path was meant, and what the kernel said.
type Trouble = (Option<AbsPath>, Errno);

impl Wiring<'_> {
    fn input(&self) -> Result<(), Trouble> {
        let stdio = &self.settings.stdio;
        let opened = match &stdio.input.value {
            InputSource::Data if !stdio.input_data.is_empty() => data(&stdio.input_data),
            InputSource::File(path) => {
                let written = [&stdio.output.value, &stdio.error.value]
                    .into_iter()
                    .any(|target| matches!(target, OutputTarget::File(other) if other == path));
                let access = if written { OFlags::RDWR } else { OFlags::RDONLY };
                self.open(path, access)
                    .map_err(|e| (Some(path.clone()), e))
                    .and_then(|fd| dup2_stdin(fd).map_err(|e| (None, e)))?;
                return Ok(());
            }
            InputSource::Tty => self.terminal(OFlags::RDWR),
            InputSource::Socket if self.socket.is_some() => self.socket(),
            InputSource::Null | InputSource::Data | InputSource::Socket | InputSource::Fd(_) => {
                null(OFlags::RDONLY)
            }
        };
        opened.and_then(dup2_stdin).map_err(|e| (None, e))
    }

    fn socket(&self) -> rustix::io::Result<OwnedFd> {
        self.socket.map_or(Err(Errno::NOTSOCK), rustix::io::dup)
    }

    /// Input and output are one thing that is both read and written.
    fn is_two_way(&self) -> bool {
        match self.settings.stdio.input.value {
            InputSource::File(_) | InputSource::Tty => true,
            InputSource::Socket => self.socket.is_some(),
            InputSource::Null | InputSource::Data | InputSource::Fd(_) => false,
        }
    }

    /// `StandardOutput=`; without it the manager's default, which is the journal, unless input is a terminal or a socket
    /// (systemd: `service_fix_stdio`).
    fn output_target(&self) -> &OutputTarget {
        let line = &self.settings.stdio.output;
        let follows_input =
            self.is_two_way() && !matches!(self.settings.stdio.input.value, InputSource::File(_));
        if line.origin.is_none() && !follows_input { &OutputTarget::Journal } else { &line.value }
    }

    fn output(&self) -> Result<(), Trouble> {
        match self.output_target() {
            OutputTarget::Inherit => match self.is_two_way() {
                true => dup2_stdout(rustix::stdio::stdin()),
                false => dup2_stdout(self.streams.output),
            }
            .map_err(|e| (None, e)),
            target => match self.target(target)? {
                Some(fd) => dup2_stdout(fd),
                None => dup2_stdout(self.streams.output),
            }
            .map_err(|e| (None, e)),
        }
    }

    fn error(&self) -> Result<(), Trouble> {
        let stdio = &self.settings.stdio;
        let (output, error) = (self.output_target(), &stdio.error.value);
        let through_journal =
            |target: &OutputTarget| matches!(target, OutputTarget::Journal | OutputTarget::Kmsg);
        let manager_s_own = *output == OutputTarget::Inherit && !self.is_two_way();
        if through_journal(error)
            || (*error == OutputTarget::Inherit && (manager_s_own || through_journal(output)))
        {
            return dup2_stderr(self.streams.error).map_err(|e| (None, e));
        }
        // The same file is opened once, so that both write at one position.
        if *error == OutputTarget::Inherit || error == output {
            return dup2_stderr(rustix::stdio::stdout()).map_err(|e| (None, e));
        }
        match self.target(error)? {
            Some(fd) => dup2_stderr(fd),
            None => dup2_stderr(self.streams.error),
        }
        .map_err(|e| (None, e))
    }

    /// What an output leads to; none for the caller's own stream.
    fn target(&self, target: &OutputTarget) -> Result<Option<OwnedFd>, Trouble> {
        let (path, flags) = match target {
            OutputTarget::File(path) => (path, OFlags::empty()),
            OutputTarget::Append(path) => (path, OFlags::APPEND),
            OutputTarget::Truncate(path) => (path, OFlags::TRUNC),
            OutputTarget::Socket if self.socket.is_some() => {
                return self.socket().map(Some).map_err(|e| (None, e));
            }
            OutputTarget::Null => return null(OFlags::WRONLY).map(Some).map_err(|e| (None, e)),
            OutputTarget::Tty => {
                let opened = match self.settings.stdio.input.value {
                    InputSource::Tty => rustix::io::dup(rustix::stdio::stdin()),
                    _ => self.terminal(OFlags::WRONLY),
                };
                return opened.map(Some).map_err(|e| (None, e));
            }
            OutputTarget::Inherit
            | OutputTarget::Journal
            | OutputTarget::Kmsg
            | OutputTarget::Socket
            | OutputTarget::Fd(_) => return Ok(None),
        };
        let same_as_input =
            matches!(&self.settings.stdio.input.value, InputSource::File(input) if input == path);
        let opened = if same_as_input && flags.is_empty() {
            rustix::io::dup(rustix::stdio::stdin())
        } else {
            self.open(path, OFlags::WRONLY | flags)
        };
        opened.map(Some).map_err(|e| (Some(path.clone()), e))
    }

    /// Opens a file, or connects to a socket in the file system (systemd: `acquire_path`).
    fn open(&self, path: &AbsPath, access: OFlags) -> rustix::io::Result<OwnedFd> {
        let create =
            if access.intersects(OFlags::WRONLY | OFlags::RDWR) { OFlags::CREATE } else { OFlags::empty() };
        let mode = Mode::from_raw_mode(0o666 & !self.settings.process.umask.value);
        let flags = access | create | OFlags::NOCTTY | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, path.as_path(), flags, mode) {
            Err(Errno::NXIO) => std::os::unix::net::UnixStream::connect(path.as_path())
                .map(OwnedFd::from)
                .map_err(|_| Errno::NXIO),
            other => other,
        }
    }

    /// The unit's terminal.
    fn terminal(&self, access: OFlags) -> rustix::io::Result<OwnedFd> {
        let path = self
            .settings
            .stdio
            .terminal
            .path
            .value
            .as_ref()
            .map_or(Path::new("/dev/console"), AbsPath::as_path);
        let flags = access | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        if !rustix::termios::isatty(&terminal) {
            return Err(Errno::NOTTY);
        }
        if access.contains(OFlags::RDWR) {
            // Another session may have it; the service then reads and writes without being its controlling process.
            let _ = rustix::process::ioctl_tiocsctty(terminal.as_fd());
        }
        Ok(terminal)
    }
}

fn null(access: OFlags) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open("/dev/null", access | OFlags::CLOEXEC, Mode::empty())
}

/// A file in memory with some content, sealed against change (systemd: `acquire_data_fd_full` in
/// `src/shared/data-fd-util.c`).
fn data(content: &[u8]) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, SealFlags};
    let memory = rustix::fs::memfd_create("data-fd", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut rest = content;
    while !rest.is_empty() {
        let written = rustix::io::write(&memory, rest)?;
        rest = &rest[written..];
    }
    rustix::fs::fcntl_add_seals(
        &memory,
        SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
    )?;
    rustix::fs::seek(&memory, rustix::fs::SeekFrom::Start(0))?;
    Ok(memory)
}
