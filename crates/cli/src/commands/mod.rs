//! One file a command. Each has its arguments and a `run` that turns them into a result.

mod completions;
mod diagnose;
mod harden;
mod lint;
mod man;
mod narrator;
mod profile;
mod record;
pub mod rollback;
mod run;
mod score;
mod shell;
mod show;
mod why;

use crate::context::Context;
use crate::failure::Failure;
use clap::Subcommand;
use std::process::ExitCode;

/// The commands, in the order in which help lists them.
// Only the command that is asked for is put together: the others have fifty options. What a command's own `Args` say of
// themselves would then take the place of what is said here, so they say it in plain comments.
#[derive(Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Run a unit in its sandbox in the foreground
    Run(run::Args),
    /// A shell, or a command, inside a unit's sandbox
    Shell(shell::Args),
    /// What a unit's service can see and write, and which line says so
    Show(show::Args),
    /// Watch a process or a command, and write what it did to a profile
    Record(record::Args),
    /// Show, merge and compare recorded profiles
    Profile(profile::Args),
    /// Find the tightest drop-in under which a service still works, proven on a shadow of the machine
    Harden(harden::Args),
    /// Take back what `harden --apply` installed
    Rollback(rollback::Args),
    /// Whether the service can do that to a path, which line decides it, and the narrowest fixes
    Why(why::Args),
    /// From a log to the true cause of a failure, the line responsible, and the narrowest fix
    Diagnose(diagnose::Args),
    /// What is wrong with units: contradictions, lines without effect, traps
    Lint(lint::Args),
    /// How exposed services are, check by check, as systemd computes it
    Score(score::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Write the manual pages into a directory
    Man(man::Args),
}

/// Runs one command.
pub fn dispatch(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Diagnose(args) => diagnose::run(&args, context),
        Command::Harden(args) => harden::run(&args, context),
        Command::Rollback(args) => rollback::run(&args, context),
        Command::Run(args) => run::run(&args, context),
        Command::Shell(args) => shell::run(&args, context),
        Command::Why(args) => why::run(&args, context),
        Command::Show(args) => show::run(&args, context),
        Command::Profile(args) => profile::run(&args, context),
        Command::Record(args) => record::run(&args, context),
        Command::Lint(args) => lint::run(&args, context),
        Command::Score(args) => score::run(&args, context),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use crate::args::Arguments;
    use clap::CommandFactory;

    #[test]
    fn a_command_put_together_says_what_the_list_says_of_it() {
        let about = |command: &clap::Command| -> Vec<String> {
            let listed = command.get_subcommands().filter(|command| command.get_name() != "help");
            listed.map(|command| format!("{}: {:?}", command.get_name(), command.get_about())).collect()
        };
        let mut command = Arguments::command();
        let listed = about(&command);
        command.build();
        assert_eq!(listed, about(&command));
        assert_eq!(listed.len(), 13);
    }
}
