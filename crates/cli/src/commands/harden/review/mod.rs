//! `harden --review`: each grant is looked at by a person, and what that comes to is tried.

mod offer;

use super::text;
use super::work::Work;
use crate::failure::Failure;
use anstyle::{AnsiColor, Style};
use offer::Offer;
use ringfence_harden::{Attempt, Found, Step};
use ringfence_propose::{Line, Proposal};
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const CAUTION: Style = AnsiColor::Yellow.on_default().bold();
/// As much evidence for one line as is read before deciding.
const MOST_EVIDENCE: usize = 8;

/// Whether there is somebody to ask.
pub fn check_terminal() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Failure::input("--review asks questions, and standard input or error is no terminal")
        .hint("leave --review out; --explain shows the evidence, and -o FILE writes a drop-in to edit"))
}

/// What was decided about one grant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    Keep,
    Instead(String),
    Drop,
}

/// Asks about each grant, tries what comes of it, and again until it works or the person goes back to what was proven.
pub fn run(work: &Work<'_>, found: &mut Found) -> Result<(), Failure> {
    loop {
        let (reviewed, changes) = review(&found.proposal)?;
        if changes.is_empty() {
            return Ok(());
        }
        text::step(work.context, &Step::Trying(reviewed.lines.len()));
        let report = work.try_proposal(&reviewed).map_err(Failure::input)?;
        text::step(work.context, &Step::Tried(&report));
        found.attempts.push(Attempt { passed: report.passed(), relaxed: changes });
        if report.passed() {
            found.proposal = reviewed;
            return Ok(());
        }
        let choices = [('r', "review once more"), ('b', "back to what was proven before")];
        if question("it does not work like that: ", &choices, 'r')? == 'b' {
            return Ok(());
        }
    }
}

/// One round: the proposal as the person wants it, and what is different, in words.
fn review(proposal: &Proposal) -> Result<(Proposal, Vec<String>), Failure> {
    let grants = proposal.lines.iter().filter(|line| offer::is_grant(line)).count();
    let mut reviewed = Proposal { lines: Vec::new(), left_open: proposal.left_open.clone() };
    let (mut changes, mut seen) = (Vec::new(), 0);
    let mut dropped: Option<&str> = None;
    for line in &proposal.lines {
        if !offer::is_grant(line) {
            let mode_of_dropped = dropped.is_some_and(|d| line.directive.strip_suffix("Mode") == Some(d));
            if !mode_of_dropped {
                reviewed.lines.push(line.clone());
            }
            continue;
        }
        seen += 1;
        show(line, seen, grants);
        let offer = offer::of(line, &|path: &Path| path.exists());
        dropped = None;
        match decide(&offer)? {
            Decision::Keep => reviewed.lines.push(line.clone()),
            Decision::Instead(value) => {
                changes.push(format!("{line} became {}={value}", line.directive));
                reviewed.lines.push(Line { value, caution: None, ..line.clone() });
            }
            Decision::Drop => {
                changes.push(format!("no {line}"));
                dropped = Some(line.directive);
            }
        }
    }
    Ok((reviewed, changes))
}

fn show(line: &Line, number: usize, of: usize) {
    anstream::eprintln!("\n{DIM}{number}/{of}{DIM:#}  {BOLD}{line}{BOLD:#}\n  {}", line.why);
    if let Some(caution) = &line.caution {
        anstream::eprintln!("  {CAUTION}{caution}{CAUTION:#}");
    }
    for evidence in line.evidence.iter().take(MOST_EVIDENCE) {
        anstream::eprintln!("    {DIM}{evidence}{DIM:#}");
    }
    if let Some(more) = line.evidence.len().checked_sub(MOST_EVIDENCE).filter(|more| *more > 0) {
        anstream::eprintln!("    {DIM}and {more} more like these{DIM:#}");
    }
}

fn decide(offer: &Offer) -> Result<Decision, Failure> {
    let narrow = offer.narrower.as_ref().map(|value| format!("narrow to {value}"));
    let widen = offer.wider.as_ref().map(|value| format!("widen to {value}"));
    let mut choices = vec![('k', "keep")];
    choices.extend(narrow.as_deref().map(|words| ('n', words)));
    choices.extend(widen.as_deref().map(|words| ('w', words)));
    choices.push(('d', "drop"));
    Ok(match (question("", &choices, 'k')?, offer) {
        ('n', Offer { narrower: Some(value), .. }) | ('w', Offer { wider: Some(value), .. }) => {
            Decision::Instead(value.clone())
        }
        ('d', _) => Decision::Drop,
        _ => Decision::Keep,
    })
}

/// Asks until one of the choices is named by its letter; an empty line is the default, the end of input or `q` ends it all.
fn question(before: &str, choices: &[(char, &str)], default: char) -> Result<char, Failure> {
    let words: Vec<String> = choices.iter().map(|(key, words)| format!("[{key}] {words}")).collect();
    loop {
        anstream::eprint!("  {before}{}, [q] quit? ", words.join(", "));
        std::io::stderr().flush()?;
        let mut line = String::new();
        let length = std::io::stdin().lock().read_line(&mut line)?;
        let answer = line.trim().to_lowercase();
        match answer.chars().next() {
            None if length > 0 => return Ok(default),
            None | Some('q') => {
                return Err(Failure::input("the review was ended; nothing is written or installed").status(1));
            }
            Some(key) if choices.iter().any(|(known, _)| *known == key) => return Ok(key),
            Some(_) => anstream::eprintln!(
                "  one of the letters in brackets, please; an empty line means [{default}]"
            ),
        }
    }
}
