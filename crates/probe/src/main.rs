//! The probe: reads paths from standard input, one a line, and writes its findings to standard output as JSON.
//!
//! `probe` tries every access on every path ([`ringfence_probe::Report`]); `probe survey` only looks, and prints
//! each path and everything that leads to it ([`ringfence_probe::Node`]). It is linked statically, so that it runs
//! where the sandbox hides the dynamic loader and every library.
#![forbid(unsafe_code)]

mod access;
mod process;
mod survey;

use ringfence_probe::Report;
use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let paths: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let json = match std::env::args().nth(1).as_deref() {
        Some("survey") => serde_json::to_string(&survey::nodes(&paths))?,
        // Everything that a try could disturb is read first: the umask, and the mount table.
        _ => {
            let process = process::attributes();
            let mountinfo = std::fs::read_to_string("/proc/self/mountinfo").ok();
            let tried = paths.into_iter().map(|path| (path.clone(), access::tried(&path))).collect();
            serde_json::to_string(&Report { tried, mountinfo, process })?
        }
    };
    writeln!(std::io::stdout(), "{json}")
}
