//! What is proposed, line by line.

use crate::named::Named;
use ringfence_terms::AbsPath;
use std::collections::BTreeSet;
use std::fmt;

/// How tight the proposal is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// The tree read-only, everything unneeded off; headroom for what an exercise does not show.
    #[default]
    Standard,
    /// Only what was needed is visible at all.
    Tight,
}

/// What shapes a proposal besides what was seen.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How tight.
    pub level: Level,
    /// The version of systemd that will read it; a newer directive is not proposed.
    pub systemd: u16,
    /// The recordings show the service in use, not just its start and stop.
    pub exercised: bool,
    /// The service is to be started as the user that it becomes, where there is one.
    pub rootless: bool,
    /// Directories below `/run` that the machine makes at boot; others there are gone after one.
    pub made_at_boot: BTreeSet<String>,
    /// Directories that hold what the service's socket units listen on: they are there before the service is, and must
    /// stay when it stops.
    pub of_sockets: BTreeSet<String>,
    /// The packages that the unit and its programs come from.
    pub packages: Vec<Package>,
    /// Paths that the service's configuration names.
    pub named: Vec<Named>,
    /// Directives that a trial has shown to break the service: left as they are.
    pub relaxed: BTreeSet<String>,
    /// Paths that a trial has shown to be needed for writing, each with what was denied there.
    pub granted: Vec<(String, Evidence)>,
    /// Paths that a trial has shown to be needed for reading, each with what was missing there.
    pub shown: Vec<(String, Evidence)>,
    /// System calls that a trial has shown to be needed.
    pub granted_calls: BTreeSet<String>,
    /// Capabilities that a trial has shown to be needed.
    pub granted_capabilities: BTreeSet<String>,
}

/// A package of the system that the service belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// What it is called.
    pub name: String,
    /// What of the service it has: the unit's file, or a program.
    pub has: String,
    /// Everything that it lists as its own.
    pub lists: BTreeSet<AbsPath>,
}

/// Something seen that speaks for a line, as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence(pub String);

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a line does to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// It takes something away.
    Restricts,
    /// It gives something back that another line takes away.
    Grants,
}

/// One line of a drop-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The directive, without `=`.
    pub directive: &'static str,
    /// The value.
    pub value: String,
    /// Whether it restricts or grants.
    pub strength: Strength,
    /// Why it is there, one sentence.
    pub why: String,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// What somebody should look at before relying on it.
    pub caution: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.directive, self.value)
    }
}

/// A protection that is not proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOpen {
    /// The directive, without `=`.
    pub directive: &'static str,
    /// Why, one sentence.
    pub why: String,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}

/// A drop-in, and what it leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The lines of `[Service]`, in reading order.
    pub lines: Vec<Line>,
    /// What stays open.
    pub left_open: Vec<LeftOpen>,
}

impl Proposal {
    pub(crate) fn restrict(
        &mut self,
        directive: &'static str,
        value: impl Into<String>,
        why: impl Into<String>,
    ) {
        self.lines.push(Line {
            directive,
            value: value.into(),
            strength: Strength::Restricts,
            why: why.into(),
            evidence: Vec::new(),
            caution: None,
        });
    }

    pub(crate) fn grant(
        &mut self,
        directive: &'static str,
        value: impl Into<String>,
        why: impl Into<String>,
        evidence: Vec<Evidence>,
    ) {
        let (value, why) = (value.into(), why.into());
        self.lines.push(Line { directive, value, strength: Strength::Grants, why, evidence, caution: None });
    }

    pub(crate) fn leave_open(
        &mut self,
        directive: &'static str,
        why: impl Into<String>,
        evidence: Vec<Evidence>,
    ) {
        self.left_open.push(LeftOpen { directive, why: why.into(), evidence });
    }

    /// Whether a line for this directive is proposed.
    pub fn has(&self, directive: &str) -> bool {
        self.lines.iter().any(|line| line.directive == directive)
    }

    /// The text of the drop-in. With `explain`, each line has its reason and evidence above it as comments.
    pub fn drop_in(&self, explain: bool) -> String {
        let mut text = String::from("[Service]\n");
        for line in &self.lines {
            if explain {
                for comment in std::iter::once(&line.why).chain(line.caution.as_ref()) {
                    text.push_str(&format!("# {comment}\n"));
                }
                for evidence in line.evidence.iter().take(3) {
                    text.push_str(&format!("#   {}\n", evidence.0.replace('\n', " ")));
                }
            }
            text.push_str(&format!("{line}\n"));
        }
        text
    }
}
