//! `profile show`: a summary, or every path as a tree.

use crate::args::Format;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, count};
use anstyle::AnsiColor;
use ringfence_profile::{FileAccess, Line, Operation, Operations, Privilege, Profile, Recording, Tree};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

/// A directory of a summary with more lines than this is closed.
const MOST_LINES: usize = 10;

/// Whether a section of a summary is the place for what was done with a path.
type Wants = fn(Operations) -> bool;

/// What a summary tells apart; an access is shown under the first that wants it.
static SECTIONS: &[(&str, Wants)] = {
    use Operation::*;
    &[
        ("changes", |used| {
            used.changes() || [Mount, Umount, Administer].into_iter().any(|o| used.contains(o))
        }),
        ("executes", |used| used.contains(Exec) || used.contains(Interpret)),
        ("connects to", |used| used.contains(ConnectSocket)),
        ("reads", |used| !used.is_empty()),
    ]
};

/// Prints a profile.
pub fn run(profile: &Profile, tree: bool, context: &Context) -> Result<(), Failure> {
    if context.format == Format::Json {
        return profile
            .write(&mut std::io::stdout().lock())
            .or_else(|e| if e.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) })
            .map_err(Failure::from);
    }
    output::text(&if tree { whole_tree(profile) } else { summary(profile) })
}

fn summary(profile: &Profile) -> String {
    let mut text = String::new();
    for (_, recording) in profile.recordings() {
        recorded(&mut text, recording);
    }
    for (at, (title, _)) in SECTIONS.iter().enumerate() {
        let wanted = |access: FileAccess<'_>| {
            let first = SECTIONS.iter().position(|(_, wants)| wants(access.operations()));
            access.errno().is_none() && first == Some(at)
        };
        section(&mut text, title, &Tree::of(profile, wanted));
    }
    section(&mut text, "fails at", &Tree::of(profile, |access| access.errno().is_some()));
    privileges(&mut text, profile);
    text
}

fn recorded(text: &mut String, recording: &Recording) {
    let bold = anstyle::Style::new().bold();
    let lasted = humantime::format_duration(std::time::Duration::from_secs(recording.seconds));
    let complete = match (recording.ended, recording.lost, recording.cut) {
        (true, 0, 0) => "complete".to_owned(),
        (true, lost, cut) => format!("incomplete: {lost} events lost, {cut} paths cut"),
        (false, ..) => "incomplete: it did not come to its end".to_owned(),
    };
    let (target, host) = (shown(OsStr::new(&recording.target)), shown(OsStr::new(&recording.host)));
    push(text, format_args!("{bold}{target}{bold:#} on {host}"));
    push(text, format_args!("  recorded by {} for {lasted}, {complete}", recording.recorder.word()));
    for spot in &recording.blind_spots {
        push(text, format_args!("  note: {}", spot.sentence()));
    }
}

fn section(text: &mut String, title: &str, tree: &Tree<'_>) {
    let lines = tree.lines(MOST_LINES);
    if lines.is_empty() {
        return;
    }
    let paths: usize = lines.iter().map(|line| line.below.max(1)).sum();
    heading(text, title, &count(paths as u64, "path"));
    let width = lines.iter().map(|line| name(line).chars().count()).max().unwrap_or(0).min(60);
    for line in lines {
        let by = line.by.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
        let host = on_host(&line.hosts);
        push(text, format_args!("  {:width$}  {}  ({by}){host}", name(&line), uses(&line)));
    }
}

fn heading(text: &mut String, title: &str, count: &str) {
    let style = AnsiColor::Green.on_default().bold();
    push(text, format_args!("\n{style}{title}{style:#}: {count}"));
}

fn name(line: &Line<'_>) -> String {
    let path = shown(line.path.as_os_str());
    match line.below {
        0 => path,
        1 => format!("{path}/… (1 path)"),
        below => format!("{path}/… ({below} paths)"),
    }
}

/// Where the host has it, if elsewhere.
fn on_host(hosts: &BTreeSet<&Path>) -> String {
    match hosts.iter().map(|host| shown(host.as_os_str())).collect::<Vec<_>>() {
        hosts if hosts.is_empty() => String::new(),
        hosts => format!("  on the host {}", hosts.join(", ")),
    }
}

/// What was done: `read, stat; check = ENOENT`.
fn uses(line: &Line<'_>) -> String {
    let one = |(errno, operations): (&Option<_>, &Operations)| match errno {
        Some(errno) => format!("{operations} = {errno}"),
        None => operations.to_string(),
    };
    line.uses.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn privileges(text: &mut String, profile: &Profile) {
    let mut calls = BTreeSet::new();
    let mut lines = Vec::new();
    for (privilege, witnesses) in profile.privileges() {
        if let Privilege::Syscall { .. } = privilege {
            calls.insert(privilege);
            continue;
        }
        let by: BTreeSet<_> = witnesses.iter().map(|w| shown(&w.by.comm)).collect();
        let by = by.into_iter().collect::<Vec<_>>().join(", ");
        let refused: BTreeSet<_> = witnesses.iter().filter_map(|w| w.errno).map(|e| e.to_string()).collect();
        let refused = match refused.is_empty() {
            true => String::new(),
            false => format!(" = {}", refused.into_iter().collect::<Vec<_>>().join(", ")),
        };
        lines.push(format!("  {}{refused}  ({by})", shown(OsStr::new(&privilege.to_string()))));
    }
    if !lines.is_empty() {
        heading(text, "also", &count(lines.len() as u64, "privilege"));
        lines.iter().for_each(|line| push(text, format_args!("{line}")));
    }
    if !calls.is_empty() {
        push(text, format_args!("\n{}", count(calls.len() as u64, "different system call")));
    }
}

fn whole_tree(profile: &Profile) -> String {
    let mut text = String::new();
    let tree = Tree::of(profile, |_| true);
    branch(&mut text, "/", "", &tree);
    below(&mut text, "", &tree);
    text
}

fn branch(text: &mut String, label: &str, lead: &str, tree: &Tree<'_>) {
    let line = Line { uses: tree.uses.clone(), by: tree.by.clone(), ..Line::default() };
    let host = on_host(&tree.hosts);
    let by = tree.by.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    match tree.uses.is_empty() {
        true => push(text, format_args!("{lead}{label}")),
        false => push(text, format_args!("{lead}{label}  {}  ({by}){host}", uses(&line))),
    }
}

fn below(text: &mut String, lead: &str, tree: &Tree<'_>) {
    let last = tree.below.len().saturating_sub(1);
    for (at, (name, child)) in tree.below.iter().enumerate() {
        let (turn, rest) = if at == last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let slash = if child.below.is_empty() { "" } else { "/" };
        branch(text, &format!("{}{slash}", shown(name)), &format!("{lead}{turn}"), child);
        below(text, &format!("{lead}{rest}"), child);
    }
}

/// A name on a line of a terminal: what would move the cursor is escaped.
pub fn shown(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
        }
        text.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
