//! A small web service to try ringfence on.
//!
//! It does what services do and what hardening tends to break: reads its configuration below `/etc`, keeps state below
//! `/var/lib`, writes a log that a rotation may move away, a PID file below `/run`, and temporary files in `/tmp`.
//!
//! `guestbook serve` is the service; `guestbook exercise` drives it the way its users do and exits 0 when all works.
#![forbid(unsafe_code)]

mod exercise;
mod http;
mod serve;

use std::process::ExitCode;

/// Where both sides meet.
const ADDRESS: &str = "127.0.0.1:8017";

fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        Some("serve") => serve::run(),
        Some("exercise") => exercise::run(),
        _ => Err("usage: guestbook serve|exercise".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guestbook: {error}");
            ExitCode::FAILURE
        }
    }
}
