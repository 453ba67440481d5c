//! From a log to findings.

use crate::clue::Clue;
use crate::judge::Judge;
use crate::log::Entry;
use crate::rules::{Actor, CONTEXT, clue};
use crate::{Case, Cause, Finding};
use std::collections::{HashSet, VecDeque};

/// Reads a log and finds what is the matter. Without a case, it says what the log alone tells.
pub fn diagnose(entries: &[Entry], case: Option<&Case<'_>>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut from_status: Vec<Finding> = Vec::new();
    let mut judge = None;
    let mut seen = HashSet::new();
    let mut before: VecDeque<&Entry> = VecDeque::new();
    let own = case.map(|case| case.unit.id.to_string());
    let names = case.map(names).filter(|names| entries.iter().any(|entry| wrote(entry, names)));
    for entry in own.as_deref().map_or(entries, |own| since_last_start(entries, own)) {
        if own.is_some() && entry.unit.is_some() && entry.unit != own {
            continue;
        }
        if entry.unit.is_none() && names.as_ref().is_some_and(|names| is_another(entry, names)) {
            continue;
        }
        let lines: Vec<&Entry> = before.iter().copied().filter(|line| line.pid == entry.pid).collect();
        let told = clue(entry, &lines);
        before.push_front(entry);
        before.truncate(CONTEXT);
        let Some(told) = told else { continue };
        if let (Some(actor), Some(case)) = (&told.actor, case)
            && !is_of(actor, case, entries)
        {
            continue;
        }
        if !seen.insert(told.clue.clone()) {
            continue;
        }
        let judge = judge.get_or_insert_with(|| Judge::new(case));
        let Some(finding) = judge.finding(&told.clue, &entry.line) else { continue };
        let known = if matches!(told.clue, Clue::Status { .. }) { &mut from_status } else { &mut found };
        if !known.iter().any(|known| known.is_like(&finding)) {
            known.push(finding);
        }
    }
    // A bare exit status says less than any other line about the same start.
    if found.is_empty() { from_status } else { keep_the_telling(found) }
}

/// What was wrong before the last start is a thing of the past. systemd says `Starting NAME - DESCRIPTION...` of a start; of
/// a service of Type=simple it does not, and then all is read. Under load journald takes what the service prints before
/// that line, so all counts that comes after the end of the start before.
fn since_last_start<'e>(entries: &'e [Entry], own: &str) -> &'e [Entry] {
    let by_systemd = |entry: &Entry| {
        let named =
            || entry.unit.as_deref() == Some(own) || entry.unit.is_none() && entry.message.contains(own);
        entry.pid.is_none_or(|pid| pid == 1) && named()
    };
    let starts = |entry: &Entry| entry.message.starts_with("Starting ") && by_systemd(entry);
    let ends = |entry: &Entry| {
        let begins =
            ["Failed to start ", "Finished ", "Stopped "].iter().any(|text| entry.message.starts_with(text));
        let says = ["Failed with result", "Deactivated successfully"]
            .iter()
            .any(|text| entry.message.contains(text));
        (begins || says) && by_systemd(entry)
    };
    let last = entries.iter().rposition(starts).unwrap_or(0);
    let from = entries[..last].iter().rposition(ends).map_or(0, |at| at + 1);
    &entries[from..]
}

/// The names under which the unit's output is logged: its commands', and what it says itself (systemd.exec(5),
/// SyslogIdentifier=).
fn names(case: &Case<'_>) -> Vec<String> {
    let mut names: Vec<String> =
        case.settings.service.commands().map(|command| file(&command.path)).collect();
    let said = case.unit.assignments.iter().filter(|a| &*a.origin.directive == "SyslogIdentifier");
    names.extend(said.map(|assignment| assignment.origin.value.to_string()));
    names
}

fn wrote(entry: &Entry, names: &[String]) -> bool {
    entry.program.as_ref().is_some_and(|program| names.contains(program))
}

/// Whether a line of text is another program's, in a log in which the unit's own lines are marked as such.
fn is_another(entry: &Entry, names: &[String]) -> bool {
    let neutral = ["systemd", "kernel", "audit", "auditd"];
    entry.program.as_ref().is_some_and(|program| !neutral.contains(&&**program)) && !wrote(entry, names)
}

fn file(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Whether the process of an audit record is one of the unit's. The kernel's log knows no units.
fn is_of(actor: &Actor, case: &Case<'_>, entries: &[Entry]) -> bool {
    let own = case.unit.id.to_string();
    let is_logged =
        |entry: &Entry| entry.unit.as_ref() == Some(&own) && entry.pid.is_some() && entry.pid == actor.pid;
    if entries.iter().any(is_logged) {
        return true;
    }
    let mut words = case
        .settings
        .service
        .commands()
        .flat_map(|command| std::iter::once(&command.path).chain(&command.argv));
    let names: Vec<String> =
        [&actor.executable, &actor.name].into_iter().flatten().map(|name| file(name)).collect();
    // An interpreter's name has its version in it: python3 is python3.13. A process's own name is cut after 15 bytes.
    let is_it = |word: &str| {
        names.iter().any(|name| {
            *name == word
                || name.starts_with(&format!("{word}."))
                || name.len() == 15 && word.starts_with(name.as_str())
        })
    };
    words.any(|word| {
        word.split([' ', ';', '"', '\'', '(', ')']).map(file).any(|part| !part.is_empty() && is_it(&part))
    })
}

/// What names the call, the family, the kind says more than what does not.
fn keep_the_telling(mut found: Vec<Finding>) -> Vec<Finding> {
    for cause in [
        Cause::SyscallFiltered,
        Cause::AddressFamilyRestricted,
        Cause::NamespaceRestricted,
        Cause::WorkingDirectory,
    ] {
        let names_it = |f: &Finding| f.cause == cause && f.detail.is_some();
        if found.iter().any(names_it) {
            found.retain(|f| f.cause != cause || names_it(f));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::read_log;

    #[test]
    fn only_the_last_start_counts() {
        let log = b"Starting x.service - X...\nx.service: Failed at step USER spawning /x: No such process\n\
            x.service: Failed with result 'exit-code'.\nsaid too early\nStarting x.service - X...\nFinished x.service - X.\n";
        let entries = read_log(log);
        assert_eq!(since_last_start(&entries, "x.service").len(), 3);
        assert_eq!(since_last_start(&entries, "y.service").len(), 6);
    }
}
