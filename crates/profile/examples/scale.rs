//! How long a profile of a million accesses takes to fold, write, read and merge, and how much memory at most.
//!
//! `cargo run --release -p ringfence-profile --example scale [ACCESSES]`

use ringfence_profile::{Event, FileKind, FileUse, Link, Operation, Profile, Program, What};
use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let accesses: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let path = std::env::temp_dir().join(format!("ringfence-scale-{}.json", std::process::id()));
    let mut clock = Instant::now();
    let mut lap = |what: &str| {
        println!(
            "{what:>6}: {:6.2} s, at most {} MB of memory so far",
            clock.elapsed().as_secs_f64(),
            peak()
        );
        clock = Instant::now();
    };
    let mut profile = Profile::new();
    for number in 0..accesses {
        profile.add(&event(number));
    }
    lap("fold");
    let mut file = BufWriter::new(File::create(&path)?);
    profile.write(&mut file)?;
    file.flush()?;
    lap("write");
    println!("        {} MB on disk", std::fs::metadata(&path)?.len() / 1_000_000);
    drop(profile);
    let mut read = Profile::read(BufReader::with_capacity(1 << 16, File::open(&path)?))?;
    lap("read");
    let mut other = Profile::new();
    for number in accesses / 2..accesses + accesses / 2 {
        other.add(&event(number));
    }
    lap("fold");
    read.merge(&other);
    lap("merge");
    println!("        {} paths", read.paths());
    std::fs::remove_file(path)?;
    Ok(())
}

fn event(number: usize) -> Event {
    let by =
        Arc::new(Program { exe: "/usr/sbin/daemon".into(), comm: "daemon".into(), uid: (number % 3) as u32 });
    let link = Link { path: "/srv/current".into(), target: "releases/7".into() };
    let file = FileUse {
        operations: Operation::Read.into(),
        path: format!(
            "/srv/releases/7/objects/{:03}/{:03}/object-{number:09}",
            number % 512,
            number / 512 % 512
        )
        .into(),
        host: None,
        kind: FileKind::File,
        via: if number.is_multiple_of(2) { vec![link] } else { Vec::new() },
        process: None,
    };
    Event { by, errno: None, what: What::File(file) }
}

/// The most memory that this process has had, in megabytes (proc_pid_status(5), `VmHWM`).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0_u64) / 1000
}
