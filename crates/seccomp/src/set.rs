//! Sets of system calls.

use crate::syscall::Syscall;
use crate::tables::numbers::NAMES;
use std::fmt;

const WORDS: usize = NAMES.len().div_ceil(64);

/// A set of system calls: a bit for each that there is. A group of hundreds is made when the program is compiled, and
/// taken in or compared in a few steps.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SyscallSet([u64; WORDS]);

impl SyscallSet {
    /// No call.
    pub const EMPTY: SyscallSet = SyscallSet([0; WORDS]);

    /// The set with one call more.
    pub const fn with(mut self, call: Syscall) -> SyscallSet {
        self.0[call.index() / 64] |= 1 << (call.index() % 64);
        self
    }

    /// All calls that are in one of two sets.
    pub const fn union(mut self, other: SyscallSet) -> SyscallSet {
        let mut at = 0;
        while at < WORDS {
            self.0[at] |= other.0[at];
            at += 1;
        }
        self
    }

    /// All calls that are in both sets.
    pub const fn intersection(mut self, other: SyscallSet) -> SyscallSet {
        let mut at = 0;
        while at < WORDS {
            self.0[at] &= other.0[at];
            at += 1;
        }
        self
    }

    /// Whether a call is in the set.
    pub const fn contains(&self, call: Syscall) -> bool {
        self.0[call.index() / 64] >> (call.index() % 64) & 1 == 1
    }

    /// Whether every call of the set is in another one too.
    pub fn is_subset(&self, other: &SyscallSet) -> bool {
        self.intersection(*other) == *self
    }

    /// Whether there is no call in the set.
    pub fn is_empty(&self) -> bool {
        *self == SyscallSet::EMPTY
    }

    /// The number of calls.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The calls, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = Syscall> + use<> {
        let words = self.0;
        (0..WORDS).flat_map(move |at| {
            let mut word = words[at];
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                word &= word.checked_sub(1)?;
                Syscall::at(64 * at + bit)
            })
        })
    }
}

impl FromIterator<Syscall> for SyscallSet {
    fn from_iter<I: IntoIterator<Item = Syscall>>(calls: I) -> Self {
        calls.into_iter().fold(SyscallSet::EMPTY, SyscallSet::with)
    }
}

impl fmt::Debug for SyscallSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Group;
    use std::collections::BTreeSet;

    #[test]
    fn a_set_holds_what_was_put_in_and_in_the_order_of_names() {
        let all: SyscallSet = Syscall::all().collect();
        assert!(all.iter().eq(Syscall::all()) && all.len() == NAMES.len());
        let calls = [Syscall::of("write"), Syscall::of("accept"), Syscall::of("read"), Syscall::of("accept")];
        let set: SyscallSet = calls.into_iter().collect();
        assert!(set.iter().map(Syscall::name).eq(["accept", "read", "write"]));
        assert!(set.is_subset(&all) && !all.is_subset(&set) && !set.is_empty());
        assert!(!set.contains(Syscall::of("open")) && SyscallSet::EMPTY.iter().next().is_none());
    }

    #[test]
    fn operations_on_sets_are_those_of_the_library() {
        let sets: Vec<BTreeSet<Syscall>> = Group::all().map(|group| group.calls().iter().collect()).collect();
        for a in &sets {
            for b in &sets {
                let (x, y): (SyscallSet, SyscallSet) =
                    (a.iter().copied().collect(), b.iter().copied().collect());
                assert!(x.union(y).iter().eq(a.union(b).copied()));
                assert!(x.intersection(y).iter().eq(a.intersection(b).copied()));
                assert_eq!(x.is_subset(&y), a.is_subset(b));
            }
        }
    }
}
