//! Starting a command so that nothing that it does goes unseen; and finding the processes of a control group.

use crate::{Command, RecordError};
use ringfence_sys::seccomp::{self, Instruction};
use ringfence_sys::{exec, fork, signal};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal};
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A child that waits to be released before it executes its command.
pub(super) struct Held {
    pub pid: Pid,
    program: PathBuf,
    release: OwnedFd,
    failure: OwnedFd,
}

impl Held {
    /// Forks the child, which puts `filter` over itself when it is released, and executes.
    pub(super) fn start(command: &Command, filter: &[Instruction]) -> Result<Held, RecordError> {
        let execute = |source| RecordError::Execute { program: PathBuf::from(&command.program), source };
        let program = find(&command.program).map_err(execute)?;
        let path = c_string(program.as_os_str()).map_err(execute)?;
        let arguments = std::iter::once(&command.program)
            .chain(&command.arguments)
            .map(|a| c_string(a))
            .collect::<io::Result<Vec<_>>>()
            .map_err(execute)?;
        let environment: Vec<CString> = std::env::vars_os()
            .filter_map(|(key, value)| c_string(&[key, value].join(OsStr::new("="))).ok())
            .collect();
        let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|errno| system("make a pipe", errno));
        let (released, release) = pipe()?;
        let (failure, failed) = pipe()?;
        let pid = fork::fork_process(|| {
            // Rust's runtime ignores this signal, and a program is not started with it ignored.
            signal::default_signal(Signal::PIPE.as_raw());
            // Should the recorder die before the release, the end of the pipe is not seen, since this process has it
            // too; the signal is.
            let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
            let mut byte = [0];
            if !matches!(rustix::io::read(&released, &mut byte), Ok(1)) {
                return 127;
            }
            let errno =
                prepare(filter).err().unwrap_or_else(|| exec::execve(&path, &arguments, &environment));
            let _ = rustix::io::write(&failed, &errno.raw_os_error().to_ne_bytes());
            127
        })
        .map_err(|errno| system("fork", errno))?;
        Ok(Held { pid, program, release, failure })
    }

    /// Lets the child go on to execute.
    pub(super) fn release(&self) -> Result<(), RecordError> {
        rustix::io::write(&self.release, &[1]).map(drop).map_err(|errno| system("release the command", errno))
    }

    /// Why the command was not executed, once the child has ended.
    pub(super) fn failure(&self) -> Option<RecordError> {
        let mut code = [0; 4];
        rustix::fs::fcntl_setfl(&self.failure, rustix::fs::OFlags::NONBLOCK).ok()?;
        let read = rustix::io::read(&self.failure, &mut code).ok()?;
        (read == code.len()).then(|| RecordError::Execute {
            program: self.program.clone(),
            source: io::Error::from_raw_os_error(i32::from_ne_bytes(code)),
        })
    }
}

/// Puts the filter over the calling process. Whoever may not do so as it is gives up gaining privileges first, which
/// being traced by an ordinary user takes away in any case (ptrace(2), execve(2)).
fn prepare(filter: &[Instruction]) -> Result<(), Errno> {
    match seccomp::install(filter) {
        Err(Errno::ACCESS) => {
            rustix::thread::set_no_new_privs(true)?;
            seccomp::install(filter)
        }
        done => done,
    }
}

/// Looks a program up as execvp(3) does, so that only one execution is seen.
fn find(program: &OsStr) -> io::Result<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"));
    let executable = |candidate: &PathBuf| {
        candidate.is_file() && rustix::fs::access(candidate, rustix::fs::Access::EXEC_OK).is_ok()
    };
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(executable)
        .ok_or_else(|| io::Error::from_raw_os_error(Errno::NOENT.raw_os_error()))
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(io::Error::from)
}

pub(super) fn system(step: &'static str, errno: Errno) -> RecordError {
    RecordError::System { step, source: errno.into() }
}

/// The processes in a control group and in all below it (cgroups(7), `cgroup.procs`).
pub(super) fn members(group: &Path) -> io::Result<Vec<Pid>> {
    let listed = std::fs::read_to_string(group.join("cgroup.procs"))?;
    let mut all: Vec<Pid> = listed.lines().filter_map(|line| crate::proc::number(line.as_bytes())).collect();
    for entry in std::fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            all.extend(members(&entry.path())?);
        }
    }
    Ok(all)
}
