//! `agreement`: compares ringfence with a real systemd.
#![forbid(unsafe_code)]

mod record;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Compares ringfence with a real systemd.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The root directory whose systemd is booted; without it, the cached Debian root.
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every recorded case (or those whose names contain a word) under systemd and writes what came of it.
    Record {
        /// Parts of the names of the cases; all when there is none.
        names: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Record { names } => record::record(arguments.root.as_deref(), &names),
    }
}
