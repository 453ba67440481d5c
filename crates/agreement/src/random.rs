//! `agreement random`: random units under systemd and under ringfence.

use anyhow::Result;
use clap::{Args, ValueEnum};
use ringfence_agreement::{Bench, Case, Compared, Draft, draft, draft_of_process, minimised};
use std::collections::{BTreeMap, BTreeSet};

/// What to draw and what to do with it.
#[derive(Args)]
pub struct Options {
    /// The seed; a new one when there is none. It is printed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many units.
    #[arg(long, default_value_t = 200)]
    units: u64,
    /// Look at this one unit of the seed only.
    #[arg(long, value_name = "NUMBER")]
    only: Option<u64>,
    /// Make up to this many disagreeing units small.
    #[arg(long, default_value_t = 5, value_name = "COUNT")]
    minimise: usize,
    /// Keep the small ones as cases (`agreement record seed-` then records what systemd makes of them).
    #[arg(long)]
    save: bool,
    /// What systemd is compared with.
    #[arg(long, value_enum, default_value_t)]
    with: With,
    /// At most this many differences of a unit are shown.
    #[arg(long, default_value_t = 6, value_name = "COUNT")]
    show: usize,
}

/// A kind of random units.
pub struct Kind {
    /// The beginning of the names of its cases.
    pub name: &'static str,
    /// Draws the unit of a seed and a number.
    pub draft: fn(u64, u64) -> Draft,
}

/// Units about what a service sees.
pub const OF_FILES: Kind = Kind { name: "seed", draft };
/// Units about what a process is.
pub const OF_PROCESS: Kind = Kind { name: "process", draft: draft_of_process };

/// What systemd is compared with.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum With {
    /// `ringfence run`, and what the plan and its verdicts say.
    #[default]
    Ringfence,
    /// What the plan and its verdicts say.
    Plan,
    /// systemd once more: tells whether the harness itself is steady.
    Systemd,
}

impl Options {
    /// What systemd is compared with.
    pub fn with(&self) -> With {
        self.with
    }
}

/// Runs them; true when all agree.
pub fn random(bench: &Bench, options: &Options, kind: &Kind) -> Result<bool> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let numbers: Vec<u64> = match options.only {
        Some(number) => vec![number],
        None => (0..options.units).collect(),
    };
    println!("seed {seed}, {} units", numbers.len());
    let drafts: Vec<Draft> = numbers.iter().map(|number| (kind.draft)(seed, *number)).collect();
    let disagreeing = bench.confirmed(&drafts)?;
    for (at, compared) in &disagreeing {
        println!("\n== seed {seed} unit {}", numbers[*at]);
        tell(&drafts[*at], compared, options.show);
    }
    println!("\nseed {seed}: {} of {} units agree", drafts.len() - disagreeing.len(), drafts.len());
    let few = unlike(&disagreeing, options.minimise);
    let small = minimised(bench, few.iter().map(|at| drafts[*at].clone()).collect())?;
    let again = bench.run(&small)?;
    for ((at, draft), compared) in few.iter().zip(&small).zip(&again) {
        let number = numbers[*at];
        println!("\n== seed {seed} unit {number}, made small");
        println!("{}", draft.fixture.join("\n"));
        tell(draft, compared, options.show);
        if options.save {
            save(&format!("{}-{seed}-{number}", kind.name), draft)?;
        }
    }
    Ok(disagreeing.is_empty())
}

/// Up to so many of the disagreeing units, no two of which disagree first about the same kind of thing.
fn unlike(disagreeing: &[(usize, Compared)], count: usize) -> Vec<usize> {
    let mut kinds = BTreeSet::new();
    let kind = |compared: &Compared| {
        let first = compared.differences().into_iter().next()?;
        let about: Vec<&str> = first.about.split(' ').filter(|word| !word.starts_with('/')).collect();
        let said = |text: &str| text.split([':', ';']).next().unwrap_or_default().to_owned();
        Some((about.join(" "), said(&first.systemd), said(&first.ringfence)))
    };
    let unlike = disagreeing.iter().filter(|(_, compared)| kinds.insert(kind(compared)));
    unlike.map(|(at, _)| *at).take(count).collect()
}

fn tell(draft: &Draft, compared: &Compared, show: usize) {
    println!("{}", draft.lines.join("\n"));
    let differences = compared.differences();
    for difference in differences.iter().take(show) {
        println!("  {difference}");
    }
    if differences.len() > show {
        println!("  and {} more", differences.len() - show);
    }
}

fn save(name: &str, draft: &Draft) -> Result<()> {
    let case = Case {
        about: format!("A random unit, made small: {name}."),
        unit: draft.unit(name),
        fixture: draft.entries(name),
        also: Vec::new(),
        nodes: BTreeMap::new(),
        expect: None,
    };
    case.save(name)
}
