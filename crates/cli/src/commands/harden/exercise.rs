//! Driving the real service the way its users do.

use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Runs the exercise, a line for the shell, as whoever called; says why it did not pass. What it prints is thrown away, as in a trial.
pub fn run(
    line: &str,
    directory: &Path,
    limit: Duration,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), String> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Whatever it starts is to end with it.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("the exercise could not be started: {error}"))?;
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(words(status)),
            Ok(None) if !go_on() => {
                end_all(&mut child);
                return Err("interrupted".to_owned());
            }
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                end_all(&mut child);
                return Err(format!("the exercise took longer than {}", humantime::format_duration(limit)));
            }
            Err(error) => return Err(format!("the exercise cannot be waited for: {error}")),
        }
    }
}

fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("the exercise ended with status {code}"),
        (None, Some(signal)) => format!("the exercise was killed by signal {signal}"),
        (None, None) => "the exercise ended, nobody knows how".to_owned(),
    }
}

fn end_all(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // A group that is gone has ended already.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}
