//! The probe: reads paths from standard input, one a line, and writes its findings to standard output as JSON.
//!
//! `probe` tries every access on every path ([`ringfence_probe::Report`]); `probe survey` only looks, and prints
//! each path and everything that leads to it ([`ringfence_probe::Node`]). `probe self FILE` looks at nothing but itself,
//! makes system calls, and writes the report to a file. It is linked statically, so that it runs where the sandbox
//! hides the dynamic loader and every library.
#![deny(unsafe_code)]

mod access;
mod answers;
mod calls;
mod process;
mod survey;

use ringfence_probe::Report;
use std::collections::BTreeMap;
use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let word = |at: usize| std::env::args().nth(at);
    match word(1).as_deref() {
        Some("self") => return itself(&word(2).unwrap_or_default()),
        Some("answers") => return answers::answer(word(2).and_then(|from| from.parse().ok()).unwrap_or(0)),
        _ => {}
    }
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

/// Tells of the process alone, in a file, so that the standard streams are the unit's own business.
fn itself(file: &str) -> std::io::Result<()> {
    let mut process = process::attributes();
    process.extend(process::more());
    process.extend(answers::all());
    let report = Report { tried: BTreeMap::new(), mountinfo: None, process };
    std::fs::write(file, serde_json::to_string(&report)?)
}
