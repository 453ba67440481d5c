//! System calls by name and by number.

use crate::abi::{Abi, X32_BIT};
use crate::tables::numbers::{NAMES, NUMBERS};
use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

/// A system call that libseccomp 2.6.0 knows by name, on whatever ABI it exists. Sorts by name.
///
/// A name that is not a `Syscall` is skipped by systemd wherever it stands, in a unit as in a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Syscall(u16);

impl Syscall {
    /// The call of that name; names are case-sensitive.
    pub const fn named(name: &str) -> Option<Syscall> {
        let (mut low, mut high) = (0, NAMES.len());
        while low < high {
            let middle = (low + high) / 2;
            match compare(NAMES[middle].as_bytes(), name.as_bytes()) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(Syscall(middle as u16)),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The call of a number in an ABI. The number of an x32 call has the bit 0x40000000.
    pub fn numbered(abi: Abi, number: u32) -> Option<Syscall> {
        static INDEX: LazyLock<Vec<Vec<(u32, Syscall)>>> = LazyLock::new(|| {
            Abi::ALL
                .into_iter()
                .map(|abi| {
                    let mut calls: Vec<(u32, Syscall)> =
                        Syscall::all().filter_map(|call| Some((call.number(abi)?, call))).collect();
                    calls.sort_unstable();
                    calls
                })
                .collect()
        });
        let calls = &INDEX[abi as usize];
        calls.binary_search_by_key(&number, |entry| entry.0).ok().map(|at| calls[at].1)
    }

    /// The call of a name that is known to be in the table: evaluated when the program is compiled, where an unknown
    /// name is an error.
    pub(crate) const fn of(name: &str) -> Syscall {
        match Syscall::named(name) {
            Some(call) => call,
            None => panic!("no such system call"),
        }
    }

    /// The place of the call in the order of names, counted from 0.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// The call at a place in the order of names.
    pub(crate) fn at(index: usize) -> Option<Syscall> {
        (index < NAMES.len()).then_some(Syscall(index as u16))
    }

    /// Every call, in the order of names.
    pub fn all() -> impl Iterator<Item = Syscall> {
        (0..NAMES.len() as u16).map(Syscall)
    }

    /// The name, without parentheses.
    pub fn name(self) -> &'static str {
        NAMES[self.0 as usize]
    }

    /// The number in an ABI; `None` where that ABI lacks the call. The number of an x32 call has the bit 0x40000000.
    pub fn number(self, abi: Abi) -> Option<u32> {
        let number = NUMBERS[self.0 as usize][abi as usize]?;
        Some(if abi == Abi::X32 { number | X32_BIT } else { number })
    }
}

/// Whether two names are the same, which cannot be asked of texts while compiling.
pub(crate) const fn same(a: &str, b: &str) -> bool {
    matches!(compare(a.as_bytes(), b.as_bytes()), Ordering::Equal)
}

/// As `Ord` has it, which cannot be asked while compiling.
const fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return if a[at] < b[at] { Ordering::Less } else { Ordering::Greater };
        }
        at += 1;
    }
    if a.len() == b.len() {
        Ordering::Equal
    } else if a.len() < b.len() {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

impl fmt::Display for Syscall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Syscall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_numbers_lead_back_to_them() {
        assert!(NAMES.is_sorted_by(|a, b| a < b));
        for call in Syscall::all() {
            assert_eq!(Syscall::named(call.name()), Some(call));
            for abi in Abi::ALL {
                if let Some(number) = call.number(abi) {
                    assert_eq!(Syscall::numbered(abi, number), Some(call), "{call} on {abi}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_the_kernels() {
        let number = |name, abi| Syscall::named(name).and_then(|call| call.number(abi));
        for (name, abi, expected) in [
            ("read", Abi::X86_64, Some(0)),
            ("execve", Abi::I386, Some(11)),
            ("execve", Abi::X32, Some(0x4000_0000 + 520)),
            ("write", Abi::X32, Some(0x4000_0001)),
            ("open", Abi::Aarch64, None),
            ("openat", Abi::Aarch64, Some(56)),
            ("clone3", Abi::Riscv64, Some(435)),
            ("_sysctl", Abi::X32, None),
        ] {
            assert_eq!(number(name, abi), expected, "{name} on {abi}");
        }
    }

    #[test]
    fn what_libseccomp_cannot_name_is_no_call() {
        for name in ["file_getattr", "newfstat", "READ", "read ", ""] {
            assert_eq!(Syscall::named(name), None, "{name}");
        }
        assert_eq!(Syscall::numbered(Abi::X86_64, 9999), None);
    }
}
