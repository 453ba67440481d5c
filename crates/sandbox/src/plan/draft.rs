//! An entry while the plan is being made.

use super::entry::{Create, DropReason, Dropped, FlagLines, MountEntry, Outcome};
use super::mode::{EntryFlags, MountMode};
use ringfence_terms::{AbsPath, Origin};

/// An entry before its outcome is known. Its path is one in the service's root.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub path: AbsPath,
    pub requested: Option<AbsPath>,
    pub mode: MountMode,
    pub flags: EntryFlags,
    pub optional: bool,
    pub origin: Option<Origin>,
    pub merged: Vec<Origin>,
    pub flag_lines: FlagLines,
    /// Symlink steps taken so far.
    pub followed: u32,
    /// The entry serves the manager only: without systemd it is made in memory or not at all.
    pub for_manager: bool,
    pub state: State,
}

/// Entries in a list that is sorted and sifted again and again; each takes up several cache lines, and stays where it
/// is.
pub(super) type Drafts = Vec<Box<Draft>>;

/// Whether the simulation has reached an entry yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Done { outcome: Outcome, create: Option<Create>, turn: usize },
}

impl Draft {
    pub fn new(path: AbsPath, mode: MountMode, origin: Option<&Origin>) -> Draft {
        Draft {
            path,
            requested: None,
            mode,
            flags: EntryFlags::default(),
            optional: false,
            origin: origin.cloned(),
            merged: Vec::new(),
            flag_lines: FlagLines::default(),
            followed: 0,
            for_manager: false,
            state: State::Pending,
        }
    }

    /// An entry at a path that is built into systemd.
    pub fn at(path: &'static str, mode: MountMode, origin: Option<&Origin>) -> Draft {
        Draft::new(AbsPath::constant(path), mode, origin)
    }

    pub fn optional(self, optional: bool) -> Draft {
        Draft { optional, ..self }
    }

    pub fn flags(self, flags: EntryFlags) -> Draft {
        Draft { flags, ..self }
    }

    pub fn read_only(mut self) -> Draft {
        self.flags.read_only = true;
        self
    }

    /// Takes on the read-only and exec flags of an entry on the same path; says whether that changed anything.
    pub fn take_flags(&mut self, other: &Draft) -> bool {
        let asks = |draft: &Draft| {
            let (flags, mode) = (&draft.flags, &draft.mode);
            (
                flags.read_only || mode.is_read_only(),
                flags.noexec || mode.is_noexec(),
                flags.exec || *mode == MountMode::Exec,
            )
        };
        let (before, more) = (asks(self), asks(other));
        let mut changed = false;
        let mut take = |had: bool, has: bool, flag: &mut bool, line: &mut Option<Origin>| {
            *flag |= has;
            if has && !had {
                line.clone_from(&other.origin);
                changed = true;
            }
        };
        take(before.0, more.0, &mut self.flags.read_only, &mut self.flag_lines.read_only);
        take(before.1, more.1, &mut self.flags.noexec, &mut self.flag_lines.noexec);
        take(before.2, more.2, &mut self.flags.exec, &mut self.flag_lines.exec);
        if changed {
            self.merged.extend(other.origin.clone());
        }
        changed
    }

    /// The entry as one that has no effect.
    pub fn dropped(self, why: DropReason) -> Dropped {
        let Draft { path, mode, flags, origin, .. } = self;
        Dropped { path, mode, flags, left_flags: false, origin, why }
    }

    pub fn is_pending(&self) -> bool {
        self.state == State::Pending
    }

    /// The entry as it stands when planning is over. One that was never reached, because an earlier one failed, counts
    /// as missing.
    pub fn finish(self) -> MountEntry {
        let (outcome, create, turn) = match self.state {
            State::Pending => (Outcome::Missing, None, usize::MAX),
            State::Done { outcome, create, turn } => (outcome, create, turn),
        };
        MountEntry {
            path: self.path,
            requested: self.requested,
            mode: self.mode,
            flags: self.flags,
            optional: self.optional,
            outcome,
            create,
            origin: self.origin,
            merged: self.merged,
            flag_lines: self.flag_lines,
            turn,
        }
    }
}
