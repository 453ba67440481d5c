//! What systemd's manual promises where systemd 257 does something else.
//!
//! Four habits of 257 surprise: an access path on the same path as a temporary file system takes the file system away;
//! an entry that does nothing because its path is a mount point already shields that mount from the read-only flag of
//! the entries above; so does an entry that is only about executing; and a redundant read-only entry takes the noexec
//! flag of its twin with it. [`super::Mode::Documented`] plans as if none of them existed.

use super::draft::{Draft, Drafts, State};
use super::entry::{DropReason, Dropped, Outcome};
use super::mode::{EntryFlags, MountMode};

/// As [`MountMode::priority`], but a temporary file system stays and takes on the flags of access paths.
pub(super) fn priority(mode: &MountMode) -> u8 {
    match mode {
        MountMode::Tmpfs { .. } => MountMode::PrivateCgroup.priority(),
        other => other.priority(),
    }
}

/// Whether an entry grants nothing beyond what the one above it, of the same mode, grants already.
pub(super) fn is_redundant(entry: &Draft, above: &Draft) -> bool {
    let exec = |flags: &EntryFlags| (flags.noexec, flags.exec);
    exec(&entry.flags) == exec(&above.flags) || exec(&entry.flags) == (false, false)
}

/// Makes entries shield only from what they are about, once their outcomes are known.
pub(super) fn unshield(entries: &mut Drafts, dropped: &mut Vec<Dropped>) {
    apply_flags_of_no_ops(entries, dropped);
    let mut above: Vec<usize> = Vec::new();
    for at in 0..entries.len() {
        while above.last().is_some_and(|&up| !entries[at].path.is_at_or_below(&entries[up].path)) {
            above.pop();
        }
        if let Some(&up) = above.last() {
            let parent = &entries[up];
            let read_only = parent.flags.read_only || parent.mode.is_read_only();
            let noexec = (parent.flags.noexec || parent.mode.is_noexec()) && !parent.flags.exec;
            inherit(&mut entries[at], read_only, noexec);
        }
        above.push(at);
    }
}

fn inherit(entry: &mut Draft, read_only: bool, noexec: bool) {
    match entry.mode {
        MountMode::Exec | MountMode::NoExec => entry.flags.read_only |= read_only,
        MountMode::ReadOnly | MountMode::ReadWrite if !entry.flags.exec => entry.flags.noexec |= noexec,
        _ => {}
    }
}

/// An entry that did nothing on an existing mount point keeps the flags that it took over from others; without any it
/// goes, so that it does not shield what it does not touch.
fn apply_flags_of_no_ops(entries: &mut Drafts, dropped: &mut Vec<Dropped>) {
    let mut kept: Drafts = Vec::with_capacity(entries.len());
    for mut entry in entries.drain(..) {
        if let State::Done { outcome: Outcome::AlreadyMountPoint, create, turn } = entry.state {
            if entry.flags.read_only {
                entry.mode = MountMode::ReadOnly;
            } else if entry.path.as_bytes() == b"/run" {
                let under = kept.last().map_or_else(|| entry.path.clone(), |above| above.path.clone());
                dropped.push(entry.dropped(DropReason::Redundant { under }));
                continue;
            } else {
                entry.mode = MountMode::ReadWriteImplicit;
            }
            entry.state = State::Done { outcome: Outcome::Mounted, create, turn };
        }
        kept.push(entry);
    }
    *entries = kept;
}
