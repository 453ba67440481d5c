//! `ringfence lint`: what is wrong with units, each finding with its line.

mod fix;
mod json;
mod sarif;
mod text;

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use crate::programs::TreeFiles;
use ringfence_host::HostFacts;
use ringfence_lint::{Finding, LINTS, Lint, Subject, check_with};
use ringfence_sandbox::facts::Facts;
use ringfence_settings::catalogue;
use ringfence_unit::Unit;
use ringfence_unit::find::Root;
use ringfence_unit::text::UnitText;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Units, by name or by the path of a file; without any: every service
    #[arg(value_name = "UNIT")]
    units: Vec<String>,
    /// The systemd that is to run the units; by default the one that is installed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(183..=999))]
    systemd_version: Option<u16>,
    /// Only these lints, by code or name
    #[arg(long, value_name = "LINT", value_delimiter = ',', value_parser = lint)]
    select: Vec<&'static Lint>,
    /// All lints but these, by code or name
    #[arg(long, value_name = "LINT", value_delimiter = ',', value_parser = lint)]
    ignore: Vec<&'static Lint>,
    /// Carry out the fixes to which there is one safe answer; a packaged unit gets a drop-in instead
    #[arg(long)]
    fix: bool,
    /// With --fix: also those that give what was probably meant
    #[arg(long, requires = "fix")]
    suggested: bool,
    /// Print what one lint is about
    #[arg(long, value_name = "LINT", value_parser = lint, conflicts_with_all = ["units", "fix", "list"])]
    explain: Option<&'static Lint>,
    /// List all lints
    #[arg(long, conflicts_with_all = ["units", "fix"])]
    list: bool,
}

/// A lint by its code or name.
fn lint(text: &str) -> Result<&'static Lint, String> {
    ringfence_lint::find(text).ok_or_else(|| {
        let names = LINTS.iter().map(|lint| lint.name);
        let nearest = names
            .map(|name| (strsim::jaro_winkler(text, name), name))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(likeness, _)| *likeness > 0.8);
        match nearest {
            Some((_, name)) => format!("there is no such lint; did you mean {name}?"),
            None => "there is no such lint; `ringfence lint --list` lists them".to_owned(),
        }
    })
}

/// One unit and what was found in it.
struct Linted {
    unit: Unit,
    texts: Vec<UnitText>,
    findings: Vec<Finding>,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(lint) = args.explain {
        crate::output::text(&ringfence_lint::explain(lint))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.list {
        let lines: Vec<String> = LINTS
            .iter()
            .map(|lint| format!("{}  {:26} {}\n", lint.code, lint.name, lint.docs.what))
            .collect();
        crate::output::text(&lines.concat())?;
        return Ok(ExitCode::SUCCESS);
    }
    if context.format == Format::Prometheus {
        return Err(context.no_such_format("lint"));
    }
    let facts = context.facts()?;
    let booted = context.root.is_none() && facts.features().booted_with_systemd;
    let linting = Linting {
        args,
        context,
        facts: &facts,
        booted,
        version: version(args, context, booted)?,
        tree: context.tree()?,
    };
    context.note_in_detail(format_args!("checking for systemd {}", linting.version));
    let mut all = linting.all()?;
    if args.fix && fix::carry_out(&all, args, context)? {
        all = linting.all()?;
    }
    let found = all.iter().any(|linted| !linted.findings.is_empty());
    match context.format {
        Format::Json => crate::output::json(&json::report(&all, linting.version))?,
        Format::Sarif => crate::output::json(&sarif::log(&all))?,
        Format::Text | Format::Prometheus => {
            crate::output::text(&text::findings(&all))?;
            context.note(text::summary(&all));
        }
    }
    Ok(ExitCode::from(u8::from(found)))
}

/// The systemd to judge by: the one asked for, else the running one or that of the tree, else the one that ringfence
/// knows best.
fn version(args: &Args, context: &Context, booted: bool) -> Result<u16, Failure> {
    let installed = if booted || context.root.is_some() {
        crate::installed_systemd::installed(&context.tree()?)
    } else {
        None
    };
    Ok(args.systemd_version.or(installed).unwrap_or(catalogue::VERSION))
}

/// What units are judged with.
struct Linting<'a> {
    args: &'a Args,
    context: &'a Context,
    facts: &'a HostFacts,
    booted: bool,
    version: u16,
    tree: Root,
}

impl Linting<'_> {
    /// Loads the units and judges each.
    fn all(&self) -> Result<Vec<Linted>, Failure> {
        let (select, ignore) = (&self.args.select, &self.args.ignore);
        let wanted = |lint: &Lint| (select.is_empty() || select.contains(&lint)) && !ignore.contains(&lint);
        let judge = |unit: Unit| {
            let texts = texts(&unit);
            let files = TreeFiles(&self.tree);
            let subject =
                Subject::new(&unit, &texts, self.facts, self.booted, self.version).with_files(&files);
            let findings = check_with(&subject, wanted);
            Linted { unit, texts, findings }
        };
        Ok(units(self.args, self.context)?.into_iter().map(judge).collect())
    }
}

/// The units that are meant: those named, or every service.
fn units(args: &Args, context: &Context) -> Result<Vec<Unit>, Failure> {
    if !args.units.is_empty() {
        return args.units.iter().map(|text| context.unit_with_faults(text)).collect();
    }
    let tree = context.units()?;
    Ok(tree.services().iter().map(|name| tree.load(name)).collect())
}

/// The texts of a unit's files; one that cannot be read was complained about when the unit was loaded.
fn texts(unit: &Unit) -> Vec<UnitText> {
    let files = unit.fragment.iter().chain(&unit.drop_ins);
    files.filter_map(|file| Some(UnitText::parse(file.clone(), std::fs::read(file).ok()?))).collect()
}
