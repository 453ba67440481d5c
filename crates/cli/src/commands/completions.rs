//! `ringfence completions SHELL`.

use crate::args::Arguments;
use crate::failure::Failure;
use clap::CommandFactory;
use clap_complete::Shell;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// For which shell
    shell: Shell,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "ringfence", &mut text);
    crate::output::text(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}
