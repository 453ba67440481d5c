//! A process that outlives this one by a moment: if this one is killed (SIGKILL, out of memory), the guard kills what is
//! left of the service, and exits.
//!
//! It holds one end of a pipe and waits; the other end is open in this process only. Processes are found by control
//! group, or else by the variable `INVOCATION_ID` that every command of the service was started with.

use ringfence_sys::fork::fork_process;
use ringfence_sys::signal::ignore_signal;
use rustix::fd::OwnedFd;
use rustix::io::Result;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::path::{Path, PathBuf};

/// The guard; it goes away without doing anything when this is dropped.
#[derive(Debug)]
pub struct Guard {
    pid: Pid,
    alive: Option<OwnedFd>,
}

impl Guard {
    /// Sets a guard over a service.
    pub fn over(invocation: &str, cgroup: Option<&Path>) -> Result<Guard> {
        let (until, alive) = pipe_with(PipeFlags::CLOEXEC)?;
        let mark = format!("INVOCATION_ID={invocation}");
        let cgroup: Option<PathBuf> = cgroup.map(Path::to_owned);
        let mut ours = Some(alive);
        let pid = fork_process(|| {
            ours = None;
            watch(&until, &mark, cgroup.as_deref());
            0
        })?;
        Ok(Guard { pid, alive: ours })
    }

    /// The guard's number: it is none of the service's processes.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// All is over: nothing is to be killed. The guard goes while the caller tidies up.
    pub fn dismiss(&mut self) {
        if let Some(alive) = self.alive.take() {
            let _ = rustix::io::write(&alive, b"d");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.dismiss();
        while let Err(rustix::io::Errno::INTR) = waitpid(Some(self.pid), WaitOptions::empty()) {}
    }
}

fn watch(until: &OwnedFd, mark: &str, cgroup: Option<&Path>) {
    // What ends this process and its group must not end its guard.
    let _ = rustix::process::setpgid(None, None);
    for signal in [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT, Signal::PIPE] {
        ignore_signal(signal.as_raw());
    }
    let mut byte = [0u8];
    loop {
        match rustix::io::read(until, &mut byte) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(0) => break,
            _ => return,
        }
    }
    if let Some(cgroup) = cgroup
        && std::fs::write(cgroup.join("cgroup.kill"), "1").is_ok()
    {
        // Killed processes are in their group for a moment yet.
        for _ in 0..200 {
            if std::fs::remove_dir(cgroup).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        return;
    }
    // Again, for what was being forked meanwhile, or has no variables of its own before it runs its program.
    for _ in 0..10 {
        for pid in marked(mark) {
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn marked(mark: &str) -> Vec<Pid> {
    let own = rustix::process::getpid();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok().and_then(Pid::from_raw))
        .filter(|pid| *pid != own)
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero()));
            environment.is_ok_and(|all| all.split(|b| *b == 0).any(|variable| variable == mark.as_bytes()))
        })
        .collect()
}
