//! Asking in a process of its own.
//!
//! Whoever speaks to the service manager has threads from then on (zbus), and a process with threads is no good start for
//! trials: what they fork would wait for threads that it does not have.

use crate::failure::Failure;
use ringfence_sys::fork::fork_process;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitOptions, waitpid};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{Read, Write};

/// What `ask` answers, which runs in a process of its own. The calling process must have one thread.
pub fn ask_aside<T: Serialize + DeserializeOwned>(
    ask: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).map_err(std::io::Error::from)?;
    let pid = fork_process(|| {
        let answer = serde_json::to_vec(&ask()).unwrap_or_default();
        u8::from(File::from(write).write_all(&answer).is_err())
    })
    .map_err(std::io::Error::from)?;
    let mut answer = Vec::new();
    File::from(read).read_to_end(&mut answer)?;
    while let Err(Errno::INTR) = waitpid(Some(pid), WaitOptions::empty()) {}
    serde_json::from_slice(&answer).unwrap_or_else(|error| {
        Err(Failure::input(format!("the process that was to ask ended early: {error}")))
    })
}
