//! `SystemCallLog=`: calls that the kernel logs and carries out.

use crate::filter::calls_named;
use crate::line::{Line, VERBATIM, complaint};
use crate::list::{List, Standing};
use crate::{Ruling, Sense, Syscall, Verdict};
use ringfence_terms::{Complaint, Origin};

/// The state of `SystemCallLog=` after some lines (systemd: `config_parse_syscall_log`).
///
/// Here [`Sense::Allow`] means that only the listed calls are logged, [`Sense::Deny`] that all but them are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyscallLog {
    list: Option<List<Syscall>>,
}

impl SyscallLog {
    /// Takes in one line, and returns what systemd warns about in it.
    pub fn apply(&mut self, origin: &Origin) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let Some(line) = Line::of(origin) else {
            self.list = None;
            return complaints;
        };
        let list = self.list.get_or_insert_with(|| List::opened(line.sense(), origin));
        list.begin(origin);
        for word in line.words(VERBATIM, &mut complaints) {
            match calls_named(&word) {
                Ok(calls) => list.mention(calls.iter(), line.inverted, None),
                Err(message) => complaints.push(complaint(origin, &word, message)),
            }
        }
        complaints
    }

    /// Whether only the listed calls are logged, or all but them; `None` when there is no list.
    pub fn sense(&self) -> Option<Sense> {
        self.list.as_ref().map(|list| list.sense)
    }

    /// The line that decided the sense; `None` when there is no list.
    pub fn opened_by(&self) -> Option<&Origin> {
        self.list.as_ref().map(|list| list.opened_by())
    }

    /// Whether systemd installs a filter at all. It takes an empty list of the kind that logs all but the listed calls
    /// for no list (systemd: `context_has_syscall_logs`).
    pub fn is_active(&self) -> bool {
        self.list.as_ref().is_some_and(|list| match list.sense {
            // The list asks for nothing then, and loading it is skipped (`seccomp_load_syscall_filter_set_raw`).
            Sense::Allow => list.listed().next().is_some(),
            Sense::Deny => list.is_active(),
        })
    }

    /// The calls on the list, in the order of names.
    pub fn listed(&self) -> impl Iterator<Item = Syscall> {
        self.list.iter().flat_map(|list| list.listed().map(|(call, _)| call))
    }

    /// Whether a call is logged, and which line decides that.
    pub fn verdict(&self, call: Syscall) -> Ruling<'_> {
        let Some(list) = self.list.as_ref().filter(|_| self.is_active()) else { return Ruling::FREE };
        let entry = list.entry(call);
        let listed = entry.is_some_and(|entry| entry.standing != Standing::Removed);
        if listed == (list.sense == Sense::Allow) {
            let origin = Some(entry.map_or(list.opened_by(), |entry| entry.origin));
            Ruling { verdict: Verdict::Logged, origin }
        } else {
            Ruling { verdict: Verdict::Allowed, origin: entry.map(|entry| entry.origin) }
        }
    }
}
