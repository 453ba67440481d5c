//! Sorting the entries and dropping those without effect (systemd: `src/core/namespace.c: sort_and_drop_unused_mounts`).

use super::draft::{Draft, Drafts};
use super::entry::{DropReason, Dropped};
use super::mode::MountMode;
use super::{Mode, documented};

/// What is not in the list any more.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Every entry that was dropped.
    pub dropped: Vec<Dropped>,
    /// Of these, the ones that had been mounted by then: their mounts stay.
    pub mounted: Drafts,
}

impl Gone {
    fn take(&mut self, entry: Box<Draft>, why: DropReason) {
        if !entry.is_pending() {
            self.mounted.push(entry.clone());
        }
        self.dropped.push(entry.dropped(why));
    }
}

/// All passes, in systemd's order. Runs again whenever a symlink has moved an entry.
pub(super) fn normalise(entries: &mut Drafts, gone: &mut Gone, mode: Mode) {
    sort(entries, mode);
    drop_duplicates(entries, gone);
    drop_inaccessible(entries, gone);
    drop_nop(entries, gone, mode);
}

/// Parents before children; on one path the stricter mode first, and of equal modes the one that was added first.
fn sort(entries: &mut [Box<Draft>], mode: Mode) {
    let rank = |entry: &Draft| match mode {
        Mode::Faithful => entry.mode.priority(),
        Mode::Documented => documented::priority(&entry.mode),
    };
    entries.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| rank(a).cmp(&rank(b))));
}

/// Of entries on one path that are not mounted yet the first stays, and takes on the read-only and exec flags of the
/// others; not their source, options or nosuid.
fn drop_duplicates(entries: &mut Drafts, gone: &mut Gone) {
    let mut kept: Drafts = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        match kept.last_mut() {
            Some(winner) if winner.path == entry.path && winner.is_pending() && entry.is_pending() => {
                let left_flags = winner.take_flags(&entry);
                let why =
                    DropReason::DuplicateOf { winner: winner.origin.clone(), mode: winner.mode.clone() };
                gone.dropped.push(Dropped { left_flags, ..entry.dropped(why) });
            }
            _ => kept.push(entry),
        }
    }
    *entries = kept;
}

/// Below an inaccessible path there is nothing.
fn drop_inaccessible(entries: &mut Drafts, gone: &mut Gone) {
    let mut kept: Drafts = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        match kept.last() {
            Some(above)
                if above.mode == MountMode::Inaccessible && entry.path.is_at_or_below(&above.path) =>
            {
                let why = DropReason::Masked { by: above.path.clone(), origin: above.origin.clone() };
                gone.take(entry, why);
            }
            _ => kept.push(entry),
        }
    }
    *entries = kept;
}

/// An entry that asks for what the nearest entry above it grants already is redundant. Its noexec or exec flag goes
/// with it, which nobody expects; [`Mode::Documented`] keeps such an entry.
fn drop_nop(entries: &mut Drafts, gone: &mut Gone, mode: Mode) {
    let mut kept: Drafts = Vec::with_capacity(entries.len());
    let mut above: Vec<usize> = Vec::new();
    for entry in entries.drain(..) {
        while above.last().is_some_and(|&at| !entry.path.is_at_or_below(&kept[at].path)) {
            above.pop();
        }
        let nearest = above.last().map(|&at| &kept[at]);
        let may_be_redundant =
            matches!(entry.mode, MountMode::ReadOnly | MountMode::ReadWrite | MountMode::ReadWriteImplicit);
        match nearest {
            Some(parent)
                if may_be_redundant
                    && parent.mode == entry.mode
                    && (mode == Mode::Faithful || documented::is_redundant(&entry, parent)) =>
            {
                let why = DropReason::Redundant { under: parent.path.clone() };
                gone.take(entry, why);
            }
            _ => {
                above.push(kept.len());
                kept.push(entry);
            }
        }
    }
    *entries = kept;
}
