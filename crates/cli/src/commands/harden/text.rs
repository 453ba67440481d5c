//! Hardening told to people: each trial as it happens, and the summary.

use super::Applied;
use crate::context::Context;
use anstyle::{AnsiColor, Style};
use ringfence_apply::NotInstalled;
use ringfence_exposure::Score;
use ringfence_harden::{Found, Step};
use ringfence_propose::Strength;
use ringfence_unit::{Manager, UnitName};
use std::fmt::Write;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// One step, on standard error.
pub fn step(context: &Context, step: &Step<'_>) {
    match step {
        Step::Trying(0) => context.note("trying the unit as it is …"),
        Step::Trying(lines) => context.note(format_args!("trying {lines} lines …")),
        Step::Tried(report) => {
            match report.what_failed() {
                None if report.told.reload_failed => {
                    context.note(format_args!("  {GOOD}works{GOOD:#}, but its reload failed"));
                }
                None => context.note(format_args!("  {GOOD}works{GOOD:#}")),
                Some(why) => context.note(format_args!("  {BAD}does not work{BAD:#}: {why}")),
            }
            for text in report.recording.iter().chain(&report.told.messages) {
                context.note_in_detail(format_args!("  {text}"));
            }
            for text in report.told.weaker.iter().chain(&report.told.shadow) {
                context.note_in_detail(format_args!("  in this trial: {text}"));
            }
        }
        Step::Relaxing(what) => context.note(format_args!("  opening: {}", what.join(", "))),
    }
}

/// The result.
pub fn summary(unit: &UnitName, found: &Found, before: &Score, after: &Score, drop_in: &str) -> String {
    let mut out = String::new();
    if let Some(why) = &found.why_not {
        let _ = writeln!(out, "{BAD}not proven{BAD:#}: {why}");
        if found.proposal.lines.is_empty() {
            return out;
        }
    }
    let _ = writeln!(
        out,
        "{BOLD}{}{BOLD:#}  exposure {} {} → {GOOD}{} {}{GOOD:#}, {} trials",
        unit,
        before.overall,
        before.rating(),
        after.overall,
        after.rating(),
        found.attempts.len()
    );
    section(
        &mut out,
        "It may still",
        found.proposal.lines.iter().filter(|l| l.strength == Strength::Grants).map(|line| {
            let caution =
                line.caution.as_ref().map_or_else(String::new, |c| format!("\n    {BAD}{c}{BAD:#}"));
            format!("{line}  {DIM}{}{DIM:#}{caution}", line.why)
        }),
    );
    section(
        &mut out,
        "Left open",
        found.proposal.left_open.iter().map(|open| {
            let evidence =
                open.evidence.first().map_or_else(String::new, |e| format!("\n    {DIM}{e}{DIM:#}"));
            format!("{}: {}{evidence}", open.directive, open.why)
        }),
    );
    let _ = writeln!(out, "\n{BOLD}The drop-in{BOLD:#}");
    out.push_str(drop_in);
    out
}

/// What came of installing it, on standard error: a failure always.
pub fn applied(context: &Context, unit: &UnitName, applied: &Applied) {
    match applied {
        Applied::Nothing => context.note("nothing is installed: there is no line to install"),
        Applied::Installed => {
            let of = match (&context.root, context.manager) {
                (Some(root), _) => format!("--root {} ", root.display()),
                (None, Manager::User) => "--user ".to_owned(),
                (None, Manager::System) => String::new(),
            };
            context
                .note(format_args!("{GOOD}installed{GOOD:#}: ringfence {of}rollback {unit} takes it back"));
        }
        Applied::Not(NotInstalled { why, restored: Ok(()) }) => {
            anstream::eprintln!("{BAD}not installed{BAD:#}: {why}\n  everything is as before");
        }
        Applied::Not(NotInstalled { why, restored: Err(error) }) => {
            anstream::eprintln!(
                "{BAD}not installed{BAD:#}: {why}\n  {BAD}and restoring what was before failed{BAD:#}: {}\n  \
                 the next ringfence command tries again; systemctl status {unit} says how the service is",
                crate::recorders::chain(error)
            );
        }
    }
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (n, line) in lines.enumerate() {
        if n == 0 {
            let _ = writeln!(out, "\n{BOLD}{title}{BOLD:#}");
        }
        let _ = writeln!(out, "  {line}");
    }
}
