//! `score --compare OLD NEW`: what changed, for reviews.

use super::json::{Number, number};
use super::scoring::Scorer;
use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use anstyle::AnsiColor;
use ringfence_exposure::{Score, compare};
use ringfence_unit::Unit;
use ringfence_unit::find::{Environment, Root, load_file};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The scores of one side, by unit.
type Side = BTreeMap<String, Score>;

pub fn run(
    scorer: &Scorer<'_>,
    context: &Context,
    old: &str,
    new: &str,
    threshold: u64,
) -> Result<ExitCode, Failure> {
    let before = side(scorer, context, old)?;
    let after = if new.ends_with(".conf") {
        with_drop_in(scorer, context, old, new)?
    } else {
        side(scorer, context, new)?
    };
    match context.format {
        Format::Json => crate::output::json(&Comparison::of(&before, &after))?,
        Format::Text => crate::output::text(&text(&before, &after))?,
        Format::Prometheus | Format::Sarif => return Err(context.no_such_format("score --compare")),
    }
    let above = after.values().any(|score| score.overall.0 > threshold);
    Ok(ExitCode::from(u8::from(above)))
}

fn side(scorer: &Scorer<'_>, context: &Context, what: &str) -> Result<Side, Failure> {
    let path = Path::new(what);
    let units = if path.is_dir() {
        units_in(context, path)?
    } else if path.exists() {
        vec![file(context, path)?]
    } else if let Some((revision, name)) = what.split_once(':') {
        vec![from_git(context, revision, name)?]
    } else {
        vec![context.unit(what)?]
    };
    scored(scorer, &units)
}

fn scored(scorer: &Scorer<'_>, units: &[Unit]) -> Result<Side, Failure> {
    let score = |unit: &Unit| {
        let score = scorer
            .score(unit)
            .map_err(|why| Failure::input(format!("{} cannot be scored: {why}", unit.id)))?;
        Ok((unit.id.to_string(), score))
    };
    units.iter().map(score).collect()
}

fn with_drop_in(scorer: &Scorer<'_>, context: &Context, unit: &str, drop_in: &str) -> Result<Side, Failure> {
    let text = std::fs::read(drop_in).map_err(|e| Failure::input(format!("cannot read {drop_in}: {e}")))?;
    let unit = if unit.contains('/') { file(context, Path::new(unit))? } else { context.unit(unit)? };
    scored(scorer, &[unit.with_drop_in(Path::new(drop_in), text)])
}

fn file(context: &Context, path: &Path) -> Result<Unit, Failure> {
    // A path without a slash would be looked up by name.
    let absolute =
        std::path::absolute(path).map_err(|e| Failure::input(format!("{}: {e}", path.display())))?;
    load_file(Root::system(), context.manager, Environment::of_process(), &absolute, Some("test_instance"))
        .map_err(Failure::input)
}

fn units_in(context: &Context, directory: &Path) -> Result<Vec<Unit>, Failure> {
    let entries = std::fs::read_dir(directory)
        .map_err(|e| Failure::input(format!("cannot read {}: {e}", directory.display())))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.retain(|path| path.is_file() && Scorer::is_service_file(path).is_some());
    paths.iter().map(|path| file(context, path)).collect()
}

/// A file as it was in a revision of the git repository here; its drop-ins of that revision are not looked for.
fn from_git(context: &Context, revision: &str, name: &str) -> Result<Unit, Failure> {
    let object = format!("{revision}:{name}");
    let output = Command::new("git")
        .args(["show", "--end-of-options", &object])
        .output()
        .map_err(|e| Failure::input(format!("cannot run git to read {object}: {e}")))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::input(format!(
            "{object} is neither a file nor a revision's file: {}",
            why.trim()
        )));
    }
    let directory =
        tempfile::tempdir().map_err(|e| Failure::input(format!("cannot make a temporary directory: {e}")))?;
    let base = Path::new(name).file_name().unwrap_or_default();
    let path = directory.path().join(base);
    std::fs::write(&path, output.stdout)
        .map_err(|e| Failure::input(format!("cannot write {}: {e}", path.display())))?;
    file(context, &path)
}

#[derive(Serialize)]
struct Comparison {
    version: u32,
    units: Vec<UnitChange>,
}

#[derive(Serialize)]
struct UnitChange {
    unit: String,
    before: Option<Number>,
    after: Option<Number>,
    changes: Vec<CheckChange>,
}

#[derive(Serialize)]
struct CheckChange {
    id: &'static str,
    before: Option<Number>,
    after: Option<Number>,
}

impl Comparison {
    fn of(before: &Side, after: &Side) -> Comparison {
        let unit = |name: &String| {
            let (old, new) = (before.get(name), after.get(name));
            let changes = match (old, new) {
                (Some(old), Some(new)) => compare(old, new)
                    .iter()
                    .map(|change| CheckChange {
                        id: change.before.check.id,
                        before: change.before.exposure.map(number),
                        after: change.after.exposure.map(number),
                    })
                    .collect(),
                _ => Vec::new(),
            };
            let overall = |score: Option<&Score>| score.map(|s| number(s.overall));
            UnitChange { unit: name.clone(), before: overall(old), after: overall(new), changes }
        };
        Comparison { version: 1, units: names(before, after).map(unit).collect() }
    }
}

fn names<'a>(before: &'a Side, after: &'a Side) -> impl Iterator<Item = &'a String> {
    let all: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    all.into_iter()
}

fn text(before: &Side, after: &Side) -> String {
    let (better, worse) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default());
    let mut out = String::new();
    let mut unchanged = 0;
    for name in names(before, after) {
        let (Some(old), Some(new)) = (before.get(name), after.get(name)) else {
            let (word, side) = if before.contains_key(name) { ("removed", before) } else { ("added", after) };
            if let Some(score) = side.get(name) {
                let _ = writeln!(out, "{name}  {word}, {} {}", score.overall, score.rating());
            }
            continue;
        };
        let changes = compare(old, new);
        if changes.is_empty() && old.overall == new.overall {
            unchanged += 1;
            continue;
        }
        let style = if new.overall <= old.overall { better } else { worse };
        let _ = writeln!(
            out,
            "{name}  {} {} → {style}{} {}{style:#}",
            old.overall,
            old.rating(),
            new.overall,
            new.rating()
        );
        for change in changes {
            let (sign, style) = if change.is_better() { ("−", better) } else { ("+", worse) };
            let value =
                |e: Option<ringfence_exposure::Tenths>| e.map_or_else(|| "–".to_owned(), |e| e.to_string());
            let _ = writeln!(
                out,
                "  {style}{sign}{style:#} {:>4} → {:>4}  {}",
                value(change.before.exposure),
                value(change.after.exposure),
                change.before.check.name
            );
        }
    }
    if unchanged > 0 {
        let _ = writeln!(out, "{unchanged} unchanged");
    }
    out
}
