//! Driving the service the way its users do.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs the exercise, a line for the shell; its exit status, 128 and a signal's number, or 124 after the time is up.
pub fn run(line: &str, directory: &Path, limit: Duration) -> i32 {
    let started = Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(directory)
        .stdin(Stdio::null())
        // The shadow's own bus is where it always is.
        .env_remove("DBUS_SYSTEM_BUS_ADDRESS")
        .stdout(Stdio::null())
        .spawn();
    let Ok(mut child) = started else { return 127 };
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                use std::os::unix::process::ExitStatusExt;
                return status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            }
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) | Err(_) => {
                // It is our own child; one that cannot be killed any more has ended.
                let _ = child.kill();
                let _ = child.wait();
                return 124;
            }
        }
    }
}
