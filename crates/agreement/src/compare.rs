//! The differences between two outcomes of one unit.

use crate::case::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One thing that two runs of a unit do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: `exit status`, `access PATH`, `mount PATH`, `process NAME`.
    pub about: String,
    /// What systemd makes of it.
    pub systemd: String,
    /// What ringfence makes of it.
    pub ringfence: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    systemd:   {}\n    ringfence: {}", self.about, self.systemd, self.ringfence)
    }
}

/// Attributes of the process that are different in every run, or that only a manager can give, and why.
const PASSING: &[(&str, &str)] = &[
    ("env INVOCATION_ID", "random for each start"),
    ("env SYSTEMD_EXEC_PID", "the process's number"),
    ("env LISTEN_PID", "the process's number"),
    ("env MAINPID", "the main process's number"),
    ("env WATCHDOG_PID", "the process's number"),
    ("env FDSTORE", "descriptors are stored by a manager that outlives the service"),
    ("env JOURNAL_STREAM", "names a socket"),
    (
        "env MEMORY_PRESSURE_WATCH",
        "names the unit's control group, which only a manager of control groups makes",
    ),
    ("env MEMORY_PRESSURE_WRITE", "goes with MEMORY_PRESSURE_WATCH"),
    ("env NOTIFY_SOCKET", "each manager has its own"),
];

/// Whether an attribute says nothing about the unit.
pub fn passing(name: &str) -> bool {
    PASSING.iter().any(|row| row.0 == name)
}

/// Everything that differs, the exit status first: when the probe ran only once there is nothing else to compare.
pub fn differences(systemd: &Outcome, ringfence: &Outcome) -> Vec<Difference> {
    let ran = |outcome: &Outcome| outcome.result == "success";
    let mut all = Vec::new();
    // A unit that systemd refuses to load has no exit status; ringfence's number for that is 2. A command that the manager
    // cannot even spawn has none either; ringfence's is that of the step that failed.
    let status = |outcome: &Outcome| match outcome.result.as_str() {
        // An error after the filters are loaded: systemd is killed by SIGSYS when a filter forbids to log it.
        "signal" | "core-dump" if outcome.status == 159 && ringfence.status >= 200 => {
            ringfence.status.to_string()
        }
        // The main process has no part in it: another command failed, and its status ringfence alone tells.
        "exit-code" | "signal" | "core-dump" if outcome.status == 0 && ringfence.status != 0 => {
            ringfence.status.to_string()
        }
        "success" | "exit-code" | "signal" | "core-dump" => outcome.status.to_string(),
        // Skipped, which is no failure.
        "exec-condition" => "0".to_owned(),
        // No process failed, and still the start did.
        "protocol" if ringfence.status != 0 => ringfence.status.to_string(),
        "resources" if ringfence.status >= 200 => ringfence.status.to_string(),
        other => format!("2 ({other})"),
    };
    let (theirs, ours) = (status(systemd), status(ringfence));
    if theirs.split(' ').next() != ours.split(' ').next() {
        let with_log = |status: String, outcome: &Outcome| match outcome.log.is_empty() {
            true => status,
            false => format!("{status}: {}", outcome.log.join(" | ")),
        };
        all.push(Difference {
            about: "exit status".to_owned(),
            systemd: with_log(theirs, systemd),
            ringfence: with_log(ours, ringfence),
        });
    }
    if !ran(systemd) || !ran(ringfence) {
        return all;
    }
    let tried = |outcome: &Outcome| -> BTreeMap<String, String> {
        let line = |text: String| without_strangers(undynamic(&text));
        outcome.tried.iter().map(|(path, tried)| (path.clone(), line(tried.to_string()))).collect()
    };
    compare("access", &tried(systemd), &tried(ringfence), &mut all);
    compare("mount", &points(systemd), &points(ringfence), &mut all);
    let attributes = |outcome: &Outcome| -> BTreeMap<String, String> {
        let kept = outcome.process.iter().filter(|(name, _)| !passing(name));
        kept.map(|(name, value)| (name.clone(), undynamic(value))).collect()
    };
    compare("process", &attributes(systemd), &attributes(ringfence), &mut all);
    all
}

fn compare(
    what: &str,
    systemd: &BTreeMap<String, String>,
    ringfence: &BTreeMap<String, String>,
    all: &mut Vec<Difference>,
) {
    let names: BTreeSet<&String> = systemd.keys().chain(ringfence.keys()).collect();
    for name in names {
        let side =
            |map: &BTreeMap<String, String>| map.get(name).cloned().unwrap_or_else(|| "(nothing)".to_owned());
        let (theirs, ours) = (side(systemd), side(ringfence));
        if theirs != ours {
            all.push(Difference { about: format!("{what} {name}"), systemd: theirs, ringfence: ours });
        }
    }
}

fn points(outcome: &Outcome) -> BTreeMap<String, String> {
    let Some(mounts) = &outcome.mounts else { return BTreeMap::new() };
    mounts
        .iter()
        .filter_map(|line| line.split_once(' '))
        .filter(|(at, _)| !at.ends_with("/memory.pressure")) // goes with MEMORY_PRESSURE_WATCH
        .map(|(at, rest)| (at.to_owned(), rest.to_owned()))
        .collect()
}

/// All inaccessible directories of a machine are one: what a service of root makes in it, others see.
fn without_strangers(mut line: String) -> String {
    const EMPTY: &str = "; dir 0000 0:0; ";
    if let Some(at) = line.find(EMPTY) {
        line.truncate(at + EMPTY.len());
    }
    line
}

/// Which user number `DynamicUser=` gives is each manager's own choice in this range (systemd: `uid-range.h`).
fn undynamic(text: &str) -> String {
    let number = |digits: &str| match digits.parse::<u32>() {
        Ok(61184..=65519) => "dynamic".to_owned(),
        _ => digits.to_owned(),
    };
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            out += &number(&std::mem::take(&mut digits));
            out.push(c);
        }
    }
    out + &number(&digits)
}

#[cfg(test)]
mod tests {
    use super::undynamic;

    #[test]
    fn only_numbers_of_the_dynamic_range_are_made_alike() {
        assert_eq!(
            undynamic("dir 0755 63847:63847; a65000b 165000"),
            "dir 0755 dynamic:dynamic; adynamicb 165000"
        );
    }
}
