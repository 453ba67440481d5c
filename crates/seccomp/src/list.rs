//! A list that lines add to and take away from, each entry with the line that decided it.

use crate::Denial;
use ringfence_terms::Origin;
use std::sync::Arc;

/// Whether a list says what is allowed or what is denied. Its first line decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// Only what is listed is allowed.
    Allow,
    /// What is listed is denied.
    Deny,
}

/// The state of a list once a line has decided its sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List<K> {
    pub(crate) sense: Sense,
    /// The line that decided the sense.
    pub(crate) opened_by: Origin,
    /// Everything that some line spoke about, sorted. A line speaks about hundreds of calls in their order, which
    /// a sorted vector takes in faster than a tree.
    entries: Vec<(K, Entry)>,
}

/// What the last line that spoke about something did, and which line that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) standing: Standing,
    pub(crate) origin: Arc<Origin>,
}

/// What a list says about something that some line spoke about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is on the list; if the list is one of denied things, the answer is the usual one.
    Listed,
    /// It is on the list with an answer of its own. On a list of allowed calls that makes it a denied one.
    Answered(Denial),
    /// It was taken off the list.
    Removed,
}

impl<K: Copy + Ord> List<K> {
    /// An empty list whose first line, with or without `~`, is `origin`.
    pub(crate) fn opened(sense: Sense, origin: &Origin) -> List<K> {
        List { sense, opened_by: origin.clone(), entries: Vec::new() }
    }

    /// One word of a line; `inverted` when the line starts with `~` (systemd: `seccomp_parse_syscall_filter`).
    pub(crate) fn mention(&mut self, item: K, inverted: bool, answer: Option<Denial>, origin: &Arc<Origin>) {
        let standing = match (self.sense, inverted, answer) {
            (_, true, Some(denial)) => Standing::Answered(denial),
            (Sense::Allow, false, _) | (Sense::Deny, true, None) => Standing::Listed,
            (Sense::Allow, true, None) | (Sense::Deny, false, _) => Standing::Removed,
        };
        let entry = Entry { standing, origin: origin.clone() };
        if self.entries.last().is_none_or(|(last, _)| *last < item) {
            self.entries.push((item, entry));
            return;
        }
        match self.position(item) {
            Ok(at) => self.entries[at].1 = entry,
            Err(at) => self.entries.insert(at, (item, entry)),
        }
    }

    /// What the last line that spoke about an item did with it.
    pub(crate) fn entry(&self, item: K) -> Option<&Entry> {
        self.position(item).ok().map(|at| &self.entries[at].1)
    }

    fn position(&self, item: K) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&item, |(item, _)| *item)
    }

    /// What is on the list now, with its own answer where it has one.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (K, Option<Denial>)> {
        self.entries.iter().filter_map(|&(item, ref entry)| match entry.standing {
            Standing::Listed => Some((item, None)),
            Standing::Answered(denial) => Some((item, Some(denial))),
            Standing::Removed => None,
        })
    }

    /// Whether the list has an effect: one of allowed things denies all others even when it is empty.
    pub(crate) fn is_active(&self) -> bool {
        self.sense == Sense::Allow || self.listed().next().is_some()
    }
}
