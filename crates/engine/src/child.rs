//! Starting one command of a unit: the process that becomes it, step by step in systemd's order
//! (`exec_invoke` in `src/core/exec-invoke.c`).

use crate::failure::Failure;
use crate::launch::Launch;
use crate::mounts::{self, MountNeeds};
use crate::step::Step;
use crate::wire::Message;
use ringfence_sys::fork::{Namespace, unshare};
use ringfence_sys::{exec, signal};
use rustix::fd::BorrowedFd;
use rustix::fs::Mode;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Sets the process up and executes the command. Returns only when that failed: the exit status.
pub fn run(launch: &Launch<'_>, channel: BorrowedFd<'_>) -> u8 {
    let failure = match set_up(launch, channel) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    let status = failure.status();
    tell(channel, &Message::Failed(failure));
    status
}

fn tell(channel: BorrowedFd<'_>, message: &Message) {
    // If nobody listens any more, nobody can be told that either.
    let _ = rustix::io::write(channel, &message.encode());
}

enum Never {}

fn set_up(launch: &Launch<'_>, channel: BorrowedFd<'_>) -> Result<Never, Failure> {
    let settings = launch.settings;
    signal::reset_signals().map_err(|e| Failure::new(Step::SignalMask, "let signals through").errno(e))?;
    if settings.process.ignore_sigpipe.value {
        signal::ignore_signal(rustix::process::Signal::PIPE.as_raw());
    }
    let _ = rustix::process::setsid();
    rustix::stdio::dup2_stdout(launch.streams.output)
        .map_err(|e| Failure::new(Step::Stdout, "connect standard output").errno(e))?;
    rustix::stdio::dup2_stderr(launch.streams.error)
        .map_err(|e| Failure::new(Step::Stderr, "connect standard error").errno(e))?;

    rustix::process::umask(Mode::from_raw_mode(settings.process.umask.value));
    if !launch.plan.reasons.is_empty() {
        unshare(Namespace::Mount)
            .map_err(|e| Failure::new(Step::Namespace, "make a mount namespace").errno(e))?;
        let needs = MountNeeds {
            host: launch.facts.mounts(),
            private_tmp: None,
            id_mapped: &[],
            id_map: None,
            dev_log: true,
            incoming: None,
        };
        mounts::apply(launch.plan, &needs)?;
    }
    become_user(launch)?;
    execute(launch, channel)
}

fn become_user(launch: &Launch<'_>) -> Result<(), Failure> {
    use rustix::process::{Gid, Uid};
    let identity = launch.identity;
    if let Some(groups) = &identity.groups {
        let groups: Vec<Gid> = groups.iter().map(|g| Gid::from_raw(*g)).collect();
        set_thread_groups(&groups)
            .map_err(|e| Failure::new(Step::Group, "set the supplementary groups").errno(e))?;
    }
    if let Some(gid) = identity.gid {
        let gid = Gid::from_raw(gid);
        set_thread_res_gid(gid, gid, gid)
            .map_err(|e| Failure::new(Step::Group, "change the group").errno(e))?;
    }
    if let Some(uid) = identity.uid() {
        let uid = Uid::from_raw(uid);
        set_thread_res_uid(uid, uid, uid)
            .map_err(|e| Failure::new(Step::User, "change the user").errno(e))?;
    }
    Ok(())
}

fn execute(launch: &Launch<'_>, channel: BorrowedFd<'_>) -> Result<Never, Failure> {
    let command = launch.command;
    let fail = |what: &str| {
        Failure::new(Step::Exec, format!("{what} {}", command.path))
            .path(&command.path)
            .origin(Some(&command.origin))
    };
    let path = c_string(OsStr::new(&command.path)).ok_or_else(|| fail("execute"))?;
    let arguments: Vec<CString> = command.argv.iter().filter_map(|word| c_string(OsStr::new(word))).collect();
    let environment: Vec<CString> = launch
        .environment
        .iter()
        .filter_map(|(name, value)| {
            let mut assignment: OsString = name.clone();
            assignment.push("=");
            assignment.push(value);
            c_string(&assignment)
        })
        .collect();
    tell(channel, &Message::Executing);
    let errno = exec::execve(&path, &arguments, &environment);
    Err(fail("execute").errno(errno))
}

fn c_string(text: &OsStr) -> Option<CString> {
    CString::new(text.as_bytes()).ok()
}
