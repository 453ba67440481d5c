//! `ringfence profile`: work with recorded profiles.

mod diff;
mod show;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::profile_output;
use ringfence_profile::{Profile, ReadError};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

// What to do with profiles.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// What a profile says, in short
    Show {
        /// Profiles; several are shown as one
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Every path, as a tree
        #[arg(long)]
        tree: bool,
    },
    /// Make one profile of several
    Merge {
        /// Profiles to merge
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Where the merged profile goes; - for standard output
        #[arg(short, long, value_name = "FILE", value_parser = profile_output())]
        output: PathBuf,
    },
    /// What NEW does that OLD did not, and the other way round
    Diff {
        /// The earlier profile
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The later profile
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
}

/// Does it.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::Show { files, tree } => show::run(&read_all(files)?, *tree, context)?,
        Command::Merge { files, output } => ringfence_record::save(&read_all(files)?, output, true)
            .map_err(|e| Failure::input(format!("cannot write {}: {e}", output.display())))?,
        Command::Diff { old, new } => diff::run(&read(old)?, &read(new)?, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads profiles, and makes one of them.
pub fn read_all(files: &[PathBuf]) -> Result<Profile, Failure> {
    let mut profile = Profile::new();
    for file in files {
        profile.merge(&read(file)?);
    }
    Ok(profile)
}

fn read(path: &Path) -> Result<Profile, Failure> {
    let unreadable = |e| Failure::input(format!("cannot read {}: {e}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    Profile::read(BufReader::with_capacity(1 << 16, file)).map_err(|error| {
        let line = error.line().map(|line| format!(":{line}")).unwrap_or_default();
        let failure = Failure::input(format!("{}{line}: {error}", path.display()));
        match error {
            ReadError::Unreadable(e) => unreadable(e),
            ReadError::Incomplete { .. } => failure
                .hint("ringfence puts profiles in place whole: copy it again from where it was recorded"),
            ReadError::Version { .. } => failure.hint("the version of ringfence that wrote it reads it"),
            ReadError::Malformed(_) => {
                failure.hint("profiles are written by ringfence record and ringfence profile merge")
            }
        }
    })
}
