//! The `ringfence` command: arguments in, text or JSON out. The only part that knows a terminal.

mod args;
mod aside;
mod commands;
mod complaints;
mod context;
mod failure;
mod installed_systemd;
mod loading;
mod output;
mod programs;
mod recorders;
mod recovery;
mod sockets;

// The unwinder is part of the program: a shared library less to find, map and relocate at each start.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[link(name = "gcc_eh")]
unsafe extern "C" {}

use args::Arguments;
use clap::Parser;
use context::Context;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut context = Context::new(&arguments.global);
    context.recovered = recovery::of_what_was_begun(&context);
    match commands::dispatch(arguments.command, &context) {
        Ok(status) => status,
        Err(failure) => failure.report(),
    }
}
