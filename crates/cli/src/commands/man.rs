//! `ringfence man DIR`.

use crate::args::Arguments;
use crate::failure::Failure;
use clap::CommandFactory;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Where to; must exist
    directory: PathBuf,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    clap_mangen::generate_to(Arguments::command(), &args.directory).map_err(|e| {
        Failure::input(format!("cannot write manual pages into {}: {e}", args.directory.display()))
    })?;
    Ok(ExitCode::SUCCESS)
}
