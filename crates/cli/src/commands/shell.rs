//! `ringfence shell UNIT [-- CMD…]`.

use crate::commands::narrator::Narrator;
use crate::commands::run::refused;
use crate::context::Context;
use crate::failure::Failure;
use crate::programs::TreeFiles;
use ringfence_engine::{Step, Streams};
use ringfence_loader::{Files, Program, needs};
use ringfence_sandbox::plan::Mode;
use ringfence_service::{COMMAND, Event, Observer, Refused, Visit, own_bases, visit};
use ringfence_terms::AbsPath;
use ringfence_unit::find::Root;
use std::path::Path;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// A unit's name, or the path of a unit file
    unit: String,
    /// Show this path of the host in the sandbox as well, read-only; of a program also what it needs to start
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
    let root = Root::system();
    let files = TreeFiles(&root);
    for program in &args.bring {
        let needed = needed_by(program, &files, &mut asked.bring);
        if !needed.is_empty() {
            context.note(format_args!("{program} needs more; brought in, read-only: {}", listed(&needed)));
        }
    }
    let any_shell = asked.argv.is_empty();
    if any_shell {
        asked.argv = vec!["/bin/sh".to_owned()];
    }
    let mut visited = visit(&settings, &facts, &asked);
    let hidden = visited.as_ref().is_err_and(|failure| failure.step == Step::Exec);
    if any_shell && hidden {
        if let Some(shell) = static_shell(&files) {
            context.note(format_args!(
                "the sandbox hides /bin/sh; brought in, read-only: {shell} (where /proc is hidden as well: `{shell} cat`, \
                 and so with its other tools)"
            ));
            asked.argv = vec![shell.to_string(), "sh".to_owned()];
            asked.bring.push(shell);
        } else {
            let before = asked.bring.len();
            let there = TOOLS.into_iter().filter(|path| Path::new(path).exists());
            for tool in there.filter_map(|path| AbsPath::parse(path).ok()) {
                needed_by(&tool, &files, &mut asked.bring);
                asked.bring.push(tool);
            }
            let brought = listed(&asked.bring[before..]);
            context.note(format_args!("the sandbox hides /bin/sh; brought in, read-only: {brought}"));
        }
        visited = visit(&settings, &facts, &asked);
    }
    let mut narrator = Narrator::new(context, settings.unit.as_str());
    match visited {
        Ok(visited) => {
            visited.shortfalls.iter().for_each(|shortfall| narrator.event(Event::Shortfall(shortfall)));
            Ok(ExitCode::from(visited.exit.status()))
        }
        Err(mut failure) => {
            let hidden = failure.step == Step::Exec;
            // The command is no line of the unit's.
            failure.origin = failure.origin.filter(|origin| origin.directive != COMMAND);
            let told = refused(Refused::SetUp(failure));
            Err(if hidden { told.hint("bring in what the command needs: --bring PATH") } else { told })
        }
    }
}

/// What a visitor gets who finds no shell, where the machine has none that needs nothing but itself. The last two are where
/// systemd's default `PATH` finds them.
const TOOLS: [&str; 3] = ["/bin/sh", "/usr/bin/ls", "/usr/bin/cat"];

/// Adds what a program needs to start, its loader and its libraries, to what is brought; what was new.
fn needed_by(program: &AbsPath, files: &TreeFiles<'_>, bring: &mut Vec<AbsPath>) -> Vec<AbsPath> {
    let needed = needs(program, files).found.into_iter().map(|need| need.path);
    let is_there = |path: &AbsPath| bring.iter().any(|brought| path == brought || path.is_below(brought));
    let new: Vec<AbsPath> = needed.filter(|path| !is_there(path)).collect();
    bring.extend(new.iter().cloned());
    new
}

/// A shell that needs nothing but itself, where the machine has one.
fn static_shell(files: &TreeFiles<'_>) -> Option<AbsPath> {
    ["/bin/busybox", "/usr/bin/busybox", "/usr/lib/initramfs-tools/bin/busybox"]
        .into_iter()
        .filter_map(|path| AbsPath::parse(std::fs::canonicalize(path).ok()?).ok())
        .find(|path| {
            let program = files.read(path).and_then(|bytes| Program::of(&bytes));
            matches!(program, Some(Program::Elf(elf)) if elf.interpreter.is_none())
        })
}

fn listed(paths: &[AbsPath]) -> String {
    paths.iter().map(AbsPath::to_string).collect::<Vec<_>>().join(", ")
}
