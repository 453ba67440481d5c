//! A storm of stats and opens over many small files, for measuring what a recorder costs: walks trees as a backup or a
//! search does, and of each regular file reads what fits into a buffer.
//!
//! `storm PASSES DIRECTORY…` prints how many files it opened.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Larger files are left out: reading them would hide what opening costs.
const SMALL: u64 = 64 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let usage = "usage: storm PASSES DIRECTORY...";
    let passes: u32 = arguments.next().and_then(|text| text.to_str()?.parse().ok()).ok_or(usage)?;
    let directories: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let mut buffer = vec![0; SMALL as usize];
    let mut opened = 0_u64;
    for _ in 0..passes {
        for directory in &directories {
            opened += walk(directory, &mut buffer)?;
        }
    }
    println!("{opened}");
    Ok(())
}

fn walk(directory: &Path, buffer: &mut [u8]) -> io::Result<u64> {
    let mut opened = 0;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            opened += walk(&path, buffer)?;
        } else if metadata.is_file() && metadata.len() <= SMALL {
            // Of a small file one read is all.
            let _ = File::open(&path)?.read(buffer)?;
            opened += 1;
        }
    }
    Ok(opened)
}
