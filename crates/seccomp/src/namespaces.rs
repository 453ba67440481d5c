//! `RestrictNamespaces=`: which kinds of namespace may be made or entered.

use crate::line::{Line, VERBATIM, complaint};
use crate::{Ruling, Verdict};
use ringfence_terms::{Complaint, Errno, Origin};
use std::collections::BTreeMap;
use std::fmt;

/// A kind of namespace (namespaces(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamespaceType {
    /// Control groups.
    Cgroup,
    /// System V IPC and POSIX message queues.
    Ipc,
    /// The network.
    Net,
    /// Mounts.
    Mnt,
    /// Process numbers.
    Pid,
    /// Users and capabilities.
    User,
    /// Host name.
    Uts,
    /// Clock offsets. systemd denies it whenever any other kind is denied, unless it is listed as allowed.
    Time,
}

impl NamespaceType {
    /// Every kind, in systemd's order (`namespace_info`).
    pub const ALL: [NamespaceType; 8] = [
        NamespaceType::Cgroup,
        NamespaceType::Ipc,
        NamespaceType::Net,
        NamespaceType::Mnt,
        NamespaceType::Pid,
        NamespaceType::User,
        NamespaceType::Uts,
        NamespaceType::Time,
    ];

    /// The kind of a word in a unit, which is its name in `/proc/PID/ns/`; case-sensitive.
    pub fn named(word: &str) -> Option<NamespaceType> {
        NamespaceType::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word for it in a unit.
    pub fn word(self) -> &'static str {
        match self {
            NamespaceType::Cgroup => "cgroup",
            NamespaceType::Ipc => "ipc",
            NamespaceType::Net => "net",
            NamespaceType::Mnt => "mnt",
            NamespaceType::Pid => "pid",
            NamespaceType::User => "user",
            NamespaceType::Uts => "uts",
            NamespaceType::Time => "time",
        }
    }

    /// The flag by which `clone()`, `unshare()` and `setns()` name it (`linux/sched.h`, `CLONE_NEW…`).
    pub fn clone_flag(self) -> u32 {
        match self {
            NamespaceType::Cgroup => 0x0200_0000,
            NamespaceType::Ipc => 0x0800_0000,
            NamespaceType::Net => 0x4000_0000,
            NamespaceType::Mnt => 0x0002_0000,
            NamespaceType::Pid => 0x2000_0000,
            NamespaceType::User => 0x1000_0000,
            NamespaceType::Uts => 0x0400_0000,
            NamespaceType::Time => 0x0000_0080,
        }
    }
}

impl fmt::Display for NamespaceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The state of `RestrictNamespaces=` after some lines (systemd: `config_parse_restrict_namespaces`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceRestriction {
    /// Whether each kind is allowed, and the line that says so; empty before the first line.
    kinds: BTreeMap<NamespaceType, (bool, Origin)>,
}

impl NamespaceRestriction {
    /// Takes in one line, and returns what systemd warns about in it.
    pub fn apply(&mut self, origin: &Origin) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let Some(line) = Line::of(origin) else {
            self.kinds.clear();
            return complaints;
        };
        match origin.value.to_ascii_lowercase().as_str() {
            "1" | "yes" | "y" | "true" | "t" | "on" => self.set_all(origin, |_| false),
            "0" | "no" | "n" | "false" | "f" | "off" => {
                self.set_all(origin, |kind| kind != NamespaceType::Time)
            }
            _ => {
                let words = line.words(VERBATIM, &mut complaints);
                if !complaints.is_empty() {
                    return vec![complaint(
                        origin,
                        &origin.value,
                        "the whole line is ignored: it ends in a backslash".into(),
                    )];
                }
                let mut listed = Vec::new();
                for word in &words {
                    match NamespaceType::named(word) {
                        Some(kind) => listed.push(kind),
                        None => complaints.push(complaint(origin, word, not_a_kind(word))),
                    }
                }
                if complaints.is_empty() {
                    self.merge(&listed, line.inverted, origin);
                }
            }
        }
        complaints
    }

    fn merge(&mut self, listed: &[NamespaceType], inverted: bool, origin: &Origin) {
        if self.kinds.is_empty() {
            let time = NamespaceType::Time;
            self.set_all(origin, |kind| {
                if inverted { kind != time && !listed.contains(&kind) } else { listed.contains(&kind) }
            });
        } else {
            for &kind in listed {
                self.kinds.insert(kind, (!inverted, origin.clone()));
            }
        }
    }

    fn set_all(&mut self, origin: &Origin, allowed: impl Fn(NamespaceType) -> bool) {
        self.kinds =
            NamespaceType::ALL.into_iter().map(|kind| (kind, (allowed(kind), origin.clone()))).collect();
    }

    /// Whether some line has been taken in since the last reset, even one that denies nothing.
    pub fn is_set(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// Whether systemd installs a filter at all: it does once one of the seven kinds but `time` is denied (systemd:
    /// `exec_context_restrict_namespaces_set`).
    pub fn is_active(&self) -> bool {
        self.kinds.iter().any(|(kind, (allowed, _))| *kind != NamespaceType::Time && !allowed)
    }

    /// The kinds that may be made and entered.
    pub fn allowed(&self) -> impl Iterator<Item = NamespaceType> {
        NamespaceType::ALL.into_iter().filter(|&kind| self.verdict(kind).verdict == Verdict::Allowed)
    }

    /// What an attempt to make or enter a namespace of this kind answers, and which line decides that.
    pub fn verdict(&self, kind: NamespaceType) -> Ruling<'_> {
        match self.kinds.get(&kind).filter(|_| self.is_active()) {
            None => Ruling::FREE,
            Some((true, origin)) => Ruling { verdict: Verdict::Allowed, origin: Some(origin) },
            Some((false, origin)) => Ruling { verdict: Verdict::Errno(Errno::EPERM), origin: Some(origin) },
        }
    }
}

fn not_a_kind(word: &str) -> String {
    format!("`{word}` is not a kind of namespace, so the whole line is ignored")
}
