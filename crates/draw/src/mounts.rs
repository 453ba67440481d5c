//! The plan's entries as a flat list, in the order in which systemd sorts them.

use crate::files::Files;
use crate::layout::pad;
use crate::words;
use ringfence_sandbox::plan::{MountEntry, MountMode, Outcome, Plan};
use std::fmt::Write;

/// The word for an entry's mode, with what its flags make of it.
pub fn mode_word(entry: &MountEntry) -> &'static str {
    match entry.mode {
        MountMode::Bind { .. } if entry.flags.read_only => "bind-read-only",
        ref mode => mode.word(),
    }
}

/// What the entry shows, where that is a path of the host.
pub fn source(entry: &MountEntry) -> Option<String> {
    match &entry.mode {
        MountMode::Bind { source, .. } => Some(source.to_string()),
        _ => None,
    }
}

/// Its options and flags, as words.
pub fn options(entry: &MountEntry) -> Vec<String> {
    let mut all: Vec<String> = match &entry.mode {
        MountMode::Tmpfs { options, nosuid, nodev, noexec } => {
            let flags = [(*nosuid, "nosuid"), (*nodev, "nodev"), (*noexec, "noexec")];
            let flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, word)| word.to_owned());
            options.iter().cloned().chain(flags).collect()
        }
        MountMode::Proc { options } => options.clone(),
        MountMode::Bind { recursive: false, .. } => vec!["norbind".to_owned()],
        MountMode::Bind { id_mapped: true, .. } => vec!["idmap".to_owned()],
        _ => Vec::new(),
    };
    let flags = &entry.flags;
    let set =
        [(flags.read_only, "ro"), (flags.nosuid, "nosuid"), (flags.noexec, "noexec"), (flags.exec, "exec")];
    for (_, word) in set.into_iter().filter(|(on, _)| *on) {
        if !all.iter().any(|known| known == word) {
            all.push(word.to_owned());
        }
    }
    all
}

/// The list for people.
pub fn list(plan: &Plan, files: &Files) -> String {
    let width = plan.mounts.iter().map(|e| e.path.to_string().chars().count()).max().unwrap_or(0).min(40);
    let mut out = String::new();
    for entry in &plan.mounts {
        let mut note = match entry.outcome {
            Outcome::Mounted => String::new(),
            // After a failure no entry is reached any more.
            Outcome::Missing if plan.failure.is_some() => String::new(),
            Outcome::Missing => " (not there, skipped)".to_owned(),
            Outcome::AlreadyMountPoint => " (a mount point already, left as it is)".to_owned(),
        };
        if let Some(source) = source(entry).filter(|source| *source != entry.path.to_string()) {
            note = format!(" ← {source}{note}");
        }
        let options = options(entry);
        if !options.is_empty() {
            note = format!(" {}{note}", options.join(","));
        }
        let by = entry
            .origin
            .as_ref()
            .map_or_else(String::new, |o| format!("  {}= {}", o.directive, files.place(o)));
        let _ = writeln!(out, "{}  {}{note}{by}", pad(&entry.path.to_string(), width), mode_word(entry));
    }
    for dropped in &plan.dropped {
        if let Some(origin) = &dropped.origin {
            let path = pad(&dropped.path.to_string(), width);
            let why = words::drop_reason(&dropped.why);
            let _ = writeln!(out, "{path}  no effect: {why}  {}= {}", origin.directive, files.place(origin));
        }
    }
    out
}
