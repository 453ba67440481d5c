//! One file a command. Each has its arguments and a `run` that turns them into a result.

mod completions;
mod man;

use crate::context::Context;
use crate::failure::Failure;
use clap::Subcommand;
use std::process::ExitCode;

/// The commands, in the order in which help lists them.
#[derive(Subcommand)]
pub enum Command {
    /// Print completions for a shell
    Completions(completions::Args),
    /// Write the manual pages into a directory
    Man(man::Args),
}

/// Runs one command.
pub fn dispatch(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    let _ = context;
    match command {
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
