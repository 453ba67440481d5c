//! `agreement`: compares ringfence with a real systemd.
#![forbid(unsafe_code)]

mod random;
mod record;

use clap::{Parser, Subcommand};
use random::{OF_FILES, OF_PROCESS, With};
use ringfence_agreement::{Bench, Other, Prediction, Program, Verdict, built, predict};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Compares ringfence with a real systemd.
///
/// Needs root. Exit status 0 when all agree, 1 when not.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The root directory whose systemd is booted; without it, the cached Debian root.
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "host")]
    root: Option<PathBuf>,
    /// No lab: use the systemd that runs this machine. Makes and removes files in /a, /agreement, /home, /mnt and where
    /// StateDirectory= and its kin lie; for a machine that nobody needs.
    #[arg(long, global = true)]
    host: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every recorded case (or those whose names contain a word) under systemd and writes what came of it.
    Record {
        /// Parts of the names of the cases; all when there is none.
        names: Vec<String>,
    },
    /// Runs the recorded cases under ringfence and compares.
    Replay {
        /// Parts of the names of the cases; all when there is none.
        names: Vec<String>,
        /// At most this many differences of a case are shown.
        #[arg(long, default_value_t = 6, value_name = "COUNT")]
        show: usize,
        /// Who runs the units; systemd tells whether the cases are steady.
        #[arg(long, value_enum, default_value_t)]
        with: With,
    },
    /// Runs random units under systemd and under ringfence, and makes those small that they do not agree on.
    Random(random::Options),
    /// The same with units about what a process is: identity, limits, scheduling, environment, streams, filters. The
    /// probe looks at itself and makes system calls.
    Process(random::Options),
    /// Says, as JSON, what the plan and its verdicts make of units that are installed here.
    #[command(hide = true)]
    Predict {
        /// The units' names, without `.service`.
        names: Vec<String>,
    },
    /// Runs systemd's own execution tests.
    SystemdTests {
        /// Parts of the units' names; all when there is none.
        names: Vec<String>,
        /// Who runs the units; systemd checks the table of what is expected.
        #[arg(long, value_enum, default_value_t)]
        with: With,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let bench = |with: With| -> anyhow::Result<Bench> {
        Ok(Bench {
            probe: std::fs::read(built(Program::PROBE)?)?,
            other: match with {
                With::Ringfence => Other::Ringfence(std::fs::read(built(Program::RINGFENCE)?)?),
                With::Systemd => Other::Systemd,
                With::Plan => Other::Nothing,
            },
            predict: match with {
                With::Ringfence | With::Plan => Some(std::fs::read(built(Program::AGREEMENT)?)?),
                With::Systemd => None,
            },
            root: arguments.root.clone(),
            host: arguments.host,
        })
    };
    let agree = match &arguments.command {
        Command::Record { names } => {
            record::record(&bench(With::Systemd)?, names)?;
            true
        }
        Command::Predict { names } => {
            let all: anyhow::Result<BTreeMap<&String, Prediction>> =
                names.iter().map(|name| Ok((name, predict(name)?))).collect();
            println!("{}", serde_json::to_string(&all?)?);
            true
        }
        Command::Replay { names, show, with } => record::replay(&bench(*with)?, names, *show)?,
        Command::SystemdTests { names, with } => systemd_tests(&bench(*with)?, names)?,
        Command::Random(options) => random::random(&bench(options.with())?, options, &OF_FILES)?,
        // The plan says nothing about such units but that they see everything.
        Command::Process(options) => {
            let bench = Bench { predict: None, ..bench(options.with())? };
            random::random(&bench, options, &OF_PROCESS)?
        }
    };
    Ok(if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs systemd's execution tests on a machine of their own; true when all pass.
fn systemd_tests(bench: &Bench, names: &[String]) -> anyhow::Result<bool> {
    let verdicts = bench.systemd_tests(names)?;
    let count = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|(_, verdict)| wanted(verdict)).count();
    for (unit, verdict) in &verdicts {
        match verdict {
            Verdict::Passed => println!("passed   {unit}"),
            Verdict::Skipped(why) => println!("skipped  {unit}: {why}"),
            Verdict::Failed(why) => println!("FAILED   {unit}: {}", why.replace('\n', "\n    ")),
        }
    }
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let passed = count(|verdict| matches!(verdict, Verdict::Passed));
    println!("{passed} passed, {failed} failed, {} skipped", verdicts.len() - passed - failed);
    Ok(failed == 0)
}
