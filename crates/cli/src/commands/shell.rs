//! `ringfence shell UNIT [-- CMD…]`.

use crate::commands::narrator::Narrator;
use crate::commands::run::refused;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_engine::{Step, Streams};
use ringfence_sandbox::plan::Mode;
use ringfence_service::{Event, Observer, Refused, Visit, own_bases, static_shell, visit};
use ringfence_terms::AbsPath;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file
    unit: String,
    /// Show this path of the host in the sandbox as well, read-only
    #[arg(long, value_name = "PATH")]
    bring: Vec<AbsPath>,
    /// Enforce what systemd's manual promises, without the surprises of systemd 257
    #[arg(long)]
    as_documented: bool,
    /// The command; a shell if there is none
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if context.root.is_some() {
        return Err(Failure::input("shell runs on this machine, not in a tree below --root")
            .hint("leave --root out, and give the unit's path"));
    }
    let (_, settings) = context.settings(&args.unit)?;
    let facts = context.facts_for_one_unit()?;
    let mut asked = Visit {
        argv: args.command.clone(),
        bring: args.bring.clone(),
        mode: if args.as_documented { Mode::Documented } else { Mode::Faithful },
        bases: own_bases(),
        streams: Streams::of_the_terminal(),
    };
    let any_shell = asked.argv.is_empty();
    if any_shell {
        asked.argv = vec!["/bin/sh".to_owned()];
    }
    let mut visited = visit(&settings, &facts, &asked);
    let hidden = visited.as_ref().is_err_and(|failure| failure.step == Step::Exec);
    if any_shell
        && hidden
        && let Some(shell) = static_shell()
    {
        context.note(format_args!("the sandbox hides /bin/sh: {shell} is brought in, read-only"));
        asked.argv = vec![shell.to_string(), "sh".to_owned()];
        asked.bring.push(shell);
        visited = visit(&settings, &facts, &asked);
    }
    let mut narrator = Narrator::new(context, settings.unit.as_str());
    match visited {
        Ok(visited) => {
            visited.shortfalls.iter().for_each(|shortfall| narrator.event(Event::Shortfall(shortfall)));
            Ok(ExitCode::from(visited.exit.status()))
        }
        Err(failure) => {
            let hidden = failure.step == Step::Exec;
            let told = refused(Refused::SetUp(failure));
            Err(match (hidden, any_shell) {
                (true, true) => {
                    told.hint("install busybox-static, or bring a shell in: --bring /usr --bring /bin")
                }
                (true, false) => told.hint("bring in what the command needs: --bring PATH"),
                (false, _) => told,
            })
        }
    }
}
