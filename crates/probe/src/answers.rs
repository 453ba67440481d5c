//! What the kernel answers to system calls: an errno, a value, or a signal that ends the process.
//!
//! A call that a filter answers with a signal ends the process that makes it, so another one makes them: this program
//! once more. It is started anew behind the call that ended it.

use crate::calls::{Asked, CALLS, ask};
use ringfence_probe::{OK, Process};
use ringfence_terms::Errno;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// The answer to every call that is tried.
pub fn all() -> Process {
    let mut answers = Process::new();
    let mut from = 0;
    while from < CALLS.len() {
        let output = Command::new("/proc/self/exe")
            .args(["answers", &from.to_string()])
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) => {
                let why =
                    error.raw_os_error().map_or_else(|| error.to_string(), |raw| Errno(raw).to_string());
                answers.insert("answers".to_owned(), format!("no process could be made: {why}"));
                break;
            }
        };
        let text = String::from_utf8_lossy(&output.stdout);
        for answer in text.lines() {
            if let (Some(call), Some((_, said))) = (CALLS.get(from), answer.split_once('=')) {
                answers.insert(format!("answer {}", call.name), said.to_owned());
                from += 1;
            }
        }
        if let (Some(call), Some(signal)) = (CALLS.get(from), output.status.signal()) {
            answers.insert(format!("answer {}", call.name), format!("signal {signal}"));
        }
        // Past the call that ended it.
        from += 1;
    }
    answers
}

/// Makes the calls from this one on, and says after each what came of it.
pub fn answer(from: usize) -> std::io::Result<()> {
    for call in CALLS.iter().skip(from) {
        let said = match (ask(&call.asked), &call.asked) {
            (result, _) if result < 0 => Errno(i32::try_from(-result).unwrap_or(i32::MAX)).to_string(),
            (_, Asked::Ending(..) | Asked::Compat) => OK.to_owned(),
            (result, _) => result.to_string(),
        };
        writeln!(std::io::stdout(), "{}={said}", call.name)?;
    }
    Ok(())
}
