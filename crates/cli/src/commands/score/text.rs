//! Scores for people, at 80 columns.

use anstyle::{AnsiColor, Style};
use ringfence_exposure::{Assessment, Check, Policy, Rating, Score, Tenths, checks};
use ringfence_unit::UnitName;
use std::cmp::Reverse;
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

/// A style, or none where colours are not wanted: a text that is made without them need not be searched for them.
fn shown(style: Style, colours: bool) -> Style {
    if colours { style } else { Style::new() }
}

/// Every unit in one line, and how long that took.
pub fn overview(scores: &[(UnitName, Tenths)], colours: bool, took: Duration, out: &mut String) {
    let longest = scores.iter().map(|(unit, _)| unit.as_str().chars().count()).max().unwrap_or(0);
    let width = longest.min(NAME_WIDTH);
    for (unit, overall) in scores {
        let name = shorten(unit.as_str(), width);
        let rating = Rating::of(overall.0);
        let style = shown(colour(rating), colours);
        let bar = bar(*overall);
        let _ = writeln!(out, "{name:width$}  {style}{bar} {overall:>4} {rating}{style:#}");
    }
    let count = scores.len();
    let services = if count == 1 { "service" } else { "services" };
    let _ = writeln!(out, "\n{count} {services} in {:.1} ms", took.as_secs_f64() * 1000.0);
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

/// Pages of units one after another. What they say of a check is the same for every unit, but for its exposure, and is
/// put together once.
pub struct Pages<'a> {
    policy: &'a Policy,
    all: bool,
    colours: bool,
    /// What marks an open check.
    mark: String,
    /// For each check, in their order: what follows its exposure where it is open.
    open: Vec<String>,
}

impl<'a> Pages<'a> {
    /// Under a policy, whose descriptions come before our own; `all` shows the closed checks too.
    pub fn new(policy: &'a Policy, all: bool, colours: bool) -> Pages<'a> {
        let bad = shown(AnsiColor::Red.on_default(), colours);
        let mark = format!("{bad}✗ ");
        let open = checks().map(|check| open(check, policy, colours)).collect();
        Pages { policy, all, colours, mark, open }
    }

    /// One unit: what is open, what closes it and what that might break, the worst first; then, if asked, what is
    /// closed.
    pub fn of(&self, score: &Score) -> String {
        let mut out = String::with_capacity(MOST_PAGES);
        let style = shown(colour(score.rating()).bold(), self.colours);
        let _ = writeln!(out, "{}  {style}{} {}{style:#}\n", score.unit, score.overall, score.rating());
        let mut open: Vec<(&Assessment, &String)> =
            score.assessments.iter().zip(&self.open).filter(|(one, _)| one.exposure.is_some()).collect();
        open.sort_by_cached_key(|(one, _)| {
            Reverse(one.badness.unwrap_or(0).wrapping_mul(one.weight).div_ceil(one.range))
        });
        for (one, rest) in &open {
            out.push_str(&self.mark);
            one.exposure.unwrap_or(Tenths(0)).push_to(&mut out, 4);
            out.push_str(rest);
            differs(&mut out, one);
        }
        let rest = score.assessments.iter().filter(|a| a.exposure.is_none());
        if self.all {
            for one in rest {
                let _ = write!(out, "{}", closed(one, self.policy, self.colours));
            }
        } else {
            let closed = rest.count();
            let _ = writeln!(
                out,
                "{} open, {closed} closed or not applicable (--all shows those too)",
                open.len()
            );
        }
        out
    }
}

/// More bytes than most pages have.
const MOST_PAGES: usize = 12 * 1024;

/// What closes an open check, what that takes from an attacker, and what it might break.
fn open(check: &Check, policy: &Policy, colours: bool) -> String {
    let bad = shown(AnsiColor::Red.on_default(), colours);
    let line = shown(Style::new().bold(), colours);
    let dim = shown(Style::new().dimmed(), colours);
    let said = policy.of(check.id).and_then(|a| a.description_bad.as_deref()).unwrap_or(check.open);
    let mut out = format!("{bad:#}  {line}{}{line:#}\n", check.closing);
    wrap(&mut out, said, "        ", "\n");
    wrap(&mut out, &["may break: ", check.breaks].concat(), &format!("        {dim}"), &format!("{dim:#}\n"));
    out
}

fn closed(one: &Assessment, policy: &Policy, colours: bool) -> String {
    let good = shown(AnsiColor::Green.on_default(), colours);
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

/// The width of what is said of a check, in characters.
const SAID: usize = 70;

/// Adds the lines of a text, each between `before` and `after`. A word that is longer than a line has one of its own.
fn wrap(out: &mut String, mut text: &str, before: &str, after: &str) {
    loop {
        let (line, rest) = match first_line(text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        out.push_str(before);
        out.push_str(line);
        out.push_str(after);
        match rest {
            Some(rest) => text = rest,
            None => return,
        }
    }
}

/// Where the blank is that ends the first line of a text; none when all of it is one line.
fn first_line(text: &str) -> Option<usize> {
    let mut beyond = text.chars();
    beyond.nth(SAID)?;
    let fits = text.len() - beyond.as_str().len();
    text[..fits].rfind(' ').or_else(|| Some(fits + text[fits..].find(' ')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut out = String::new();
        wrap(&mut out, text, "", "\n");
        out.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_has_as_many_characters_as_fit() {
        let full = "ä".repeat(SAID - 2);
        assert_eq!(lines(&format!("{full} b c")), [format!("{full} b"), "c".to_owned()]);
        assert_eq!(lines(&format!("{full} bc")), [full.clone(), "bc".to_owned()]);
        assert_eq!(lines(&full), [full]);
    }

    #[test]
    fn a_long_word_is_not_cut() {
        let long = "x".repeat(SAID + 5);
        assert_eq!(lines(&format!("{long} y")), [long.clone(), "y".to_owned()]);
        assert_eq!(lines(&format!("y {long}")), ["y".to_owned(), long]);
    }
}
