//! A storm of opens and stats over many small files, for measuring recorders: `storm DIRECTORY FILES ROUNDS [tight]`.
//!
//! Each round stats every file, opens it, reads it and closes it, as `grep -r` does; `tight` leaves the reading out, so
//! that nothing but opens and stats is left.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, files, rounds, rest @ ..] = &arguments[..] else {
        return Err("usage: storm DIRECTORY FILES ROUNDS [tight]".into());
    };
    let (files, rounds): (usize, usize) = (files.parse()?, rounds.parse()?);
    let tight = rest.first().is_some_and(|word| word == "tight");
    let paths: Vec<PathBuf> =
        (0..files).map(|n| PathBuf::from(format!("{directory}/{:02}/file-{n}", n % 100))).collect();
    for path in &paths {
        if !path.exists() {
            fs::create_dir_all(path.parent().ok_or("a path without a directory")?)?;
            fs::write(path, [b'x'; 2000])?;
        }
    }
    let mut buffer = [0; 4096];
    let mut total = 0;
    for _ in 0..rounds {
        for path in &paths {
            total += fs::metadata(path)?.len();
            let mut file = File::open(path)?;
            if !tight {
                total += file.read(&mut buffer)? as u64;
            }
        }
    }
    println!("{total}");
    Ok(())
}
