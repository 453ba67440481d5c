//! Scores for people, at 80 columns.

use anstyle::{AnsiColor, Style};
use ringfence_exposure::{Assessment, Policy, Rating, Score, Tenths};
use std::fmt::Write;
use std::time::Duration;

/// Widest name in the overview.
const NAME_WIDTH: usize = 40;
/// Steps of a bar; each is two tenths of overall exposure.
const BAR_WIDTH: u64 = 20;

fn colour(rating: Rating) -> Style {
    match rating {
        Rating::Perfect | Rating::Safe | Rating::Ok => AnsiColor::Green.on_default(),
        Rating::Medium => Style::new(),
        Rating::Exposed => AnsiColor::Yellow.on_default(),
        Rating::Unsafe | Rating::Dangerous => AnsiColor::Red.on_default(),
    }
}

/// Every unit in one line, and how long that took.
pub fn overview(scores: &[Score], took: Duration) -> String {
    let mut out = String::new();
    let longest = scores.iter().map(|s| s.unit.as_str().chars().count()).max().unwrap_or(0);
    let width = longest.min(NAME_WIDTH);
    for score in scores {
        let name = shorten(score.unit.as_str(), width);
        let style = colour(score.rating());
        let bar = bar(score.overall);
        let _ = writeln!(out, "{name:width$}  {style}{bar} {:>4} {}{style:#}", score.overall, score.rating());
    }
    let count = scores.len();
    let services = if count == 1 { "service" } else { "services" };
    let _ = writeln!(out, "\n{count} {services} in {:.1} ms", took.as_secs_f64() * 1000.0);
    out
}

fn bar(overall: Tenths) -> String {
    let full = (overall.0 * BAR_WIDTH).div_ceil(100).min(BAR_WIDTH);
    "█".repeat(full as usize) + &"·".repeat((BAR_WIDTH - full) as usize)
}

fn shorten(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let kept: String = name.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

/// One unit: what is open, what closes it and what that might break, the worst first; then, if asked, what is closed.
pub fn page(score: &Score, policy: &Policy, all: bool) -> String {
    let mut out = String::new();
    let style = colour(score.rating()).bold();
    let _ = writeln!(out, "{}  {style}{} {}{style:#}\n", score.unit, score.overall, score.rating());
    let mut open: Vec<&Assessment> = score.assessments.iter().filter(|a| a.exposure.is_some()).collect();
    open.sort_by_key(|a| std::cmp::Reverse((a.badness.unwrap_or(0) * a.weight).div_ceil(a.range)));
    for one in &open {
        let _ = write!(out, "{}", entry(one, policy));
    }
    let rest = score.assessments.iter().filter(|a| a.exposure.is_none());
    if all {
        for one in rest {
            let _ = write!(out, "{}", closed(one, policy));
        }
    } else {
        let closed = rest.count();
        let _ =
            writeln!(out, "{} open, {closed} closed or not applicable (--all shows those too)", open.len());
    }
    out
}

fn entry(one: &Assessment, policy: &Policy) -> String {
    let bad = AnsiColor::Red.on_default();
    let line = Style::new().bold();
    let dim = Style::new().dimmed();
    let said = policy.of(one.check.id).and_then(|a| a.description_bad.as_deref()).unwrap_or(one.check.open);
    let exposure = one.exposure.unwrap_or(Tenths(0));
    let mut out = format!("{bad}✗ {exposure:>4}{bad:#}  {line}{}{line:#}\n", one.check.closing);
    for text in wrap(said, 70) {
        let _ = writeln!(out, "        {text}");
    }
    for text in wrap(&format!("may break: {}", one.check.breaks), 70) {
        let _ = writeln!(out, "        {dim}{text}{dim:#}");
    }
    differs(&mut out, one);
    out
}

fn closed(one: &Assessment, policy: &Policy) -> String {
    let good = AnsiColor::Green.on_default();
    let adjustment = policy.of(one.check.id);
    let mut out = match one.badness {
        Some(_) => {
            let said = adjustment.and_then(|a| a.description_good.as_deref()).unwrap_or(one.check.name);
            format!("{good}✓{good:#}       {said}\n")
        }
        None => {
            let why =
                if one.weight == 0 { "the policy gives it no weight" } else { "does not apply to this unit" };
            let said = adjustment.and_then(|a| a.description_na.as_deref()).unwrap_or(why);
            format!("–       {}: {said}\n", one.check.name)
        }
    };
    differs(&mut out, one);
    out
}

/// Where the real tool says something else, and is wrong.
fn differs(out: &mut String, one: &Assessment) {
    if let Some(why) = one.differs {
        let _ = writeln!(out, "        (systemd-analyze says otherwise: {why})");
    }
}

/// Breaks a text at blanks into lines of at most `width` characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines
            .last_mut()
            .filter(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
