//! Groups of system calls, such as `@clock`.

use crate::SyscallSet;
use crate::syscall::{Syscall, same};
use crate::tables::groups::GROUPS;
use std::fmt;

/// A group of systemd 257.13, such as `@system-service`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group(u8);

/// What a group lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// A call.
    Syscall(Syscall),
    /// Another group, with all that is in it.
    Group(Group),
    /// A name that libseccomp 2.6.0 cannot resolve on any architecture, so that systemd skips it.
    Unresolved(&'static str),
}

impl Group {
    /// Calls that every allow list holds without being asked.
    pub const DEFAULT: Group = Group(0);
    /// Every call that the kernel had when systemd was built, and `@obsolete`. An allow list answers `ENOSYS` to a call
    /// that is not a direct member.
    pub const KNOWN: Group = Group((GROUPS.len() - 1) as u8);

    /// The group of a name with its `@`; names are case-sensitive.
    pub fn named(name: &str) -> Option<Group> {
        GROUPS.iter().position(|group| group.0 == name).map(|at| Group(at as u8))
    }

    /// Every group, in systemd's order: `@default` first, the other groups by name but for `@system-service`, `@timer`
    /// and `@known`, which are last.
    pub fn all() -> impl Iterator<Item = Group> {
        (0..GROUPS.len() as u8).map(Group)
    }

    /// The name with its `@`.
    pub fn name(self) -> &'static str {
        GROUPS[self.0 as usize].0
    }

    /// What the group lists itself, in systemd's order.
    pub fn members(self) -> impl Iterator<Item = Member> {
        GROUPS[self.0 as usize].1.split_ascii_whitespace().map(|name| {
            match (Group::named(name), Syscall::named(name)) {
                (Some(group), _) => Member::Group(group),
                (None, Some(call)) => Member::Syscall(call),
                (None, None) => Member::Unresolved(name),
            }
        })
    }

    /// The calls of the group and of all groups in it, whichever ABI they exist on.
    pub fn calls(self) -> &'static SyscallSet {
        static CALLS: [SyscallSet; GROUPS.len()] = flattened();
        &CALLS[self.0 as usize]
    }

    /// The groups that hold a call, directly or through another group; the one with the fewest calls first.
    pub fn containing(call: Syscall) -> Vec<Group> {
        let mut groups: Vec<Group> = Group::all().filter(|group| group.calls().contains(call)).collect();
        groups.sort_by_key(|group| group.calls().len());
        groups
    }
}

/// Every group's calls. Evaluated when the program is compiled: there are two thousand names in all.
const fn flattened() -> [SyscallSet; GROUPS.len()] {
    let mut all = [SyscallSet::EMPTY; GROUPS.len()];
    let mut at = 0;
    while at < GROUPS.len() {
        all[at] = calls_of(GROUPS[at].1);
        at += 1;
    }
    all
}

const fn calls_of(names: &str) -> SyscallSet {
    let mut calls = SyscallSet::EMPTY;
    let mut rest = names;
    while let Some((name, behind)) = first_word(rest) {
        if name.as_bytes()[0] == b'@' {
            calls = calls.union(calls_of(members_of(name)));
        } else if let Some(call) = Syscall::named(name) {
            calls = calls.with(call);
        }
        rest = behind;
    }
    calls
}

/// The first word of a text, and what follows it: `split_ascii_whitespace` for the compiler.
const fn first_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii();
    let mut end = 0;
    while end < text.len() && !text.as_bytes()[end].is_ascii_whitespace() {
        end += 1;
    }
    if end == 0 { None } else { Some(text.split_at(end)) }
}

const fn members_of(name: &str) -> &'static str {
    let mut at = 0;
    while at < GROUPS.len() {
        if same(GROUPS[at].0, name) {
            return GROUPS[at].1;
        }
        at += 1;
    }
    panic!("a group names another one that does not exist")
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Abi;

    #[test]
    fn the_fixed_groups_are_where_they_are_said_to_be() {
        assert_eq!(Group::DEFAULT.name(), "@default");
        assert_eq!(Group::KNOWN.name(), "@known");
        assert_eq!(Group::named("@clock").map(Group::name), Some("@clock"));
        assert_eq!(Group::named("clock"), None);
        assert_eq!(Group::all().count(), 30);
    }

    #[test]
    fn every_nested_name_is_a_group() {
        for group in Group::all() {
            for member in group.members() {
                assert!(
                    !matches!(member, Member::Unresolved(name) if name.starts_with('@')),
                    "{group}: {member:?}"
                );
            }
        }
    }

    /// The counts of flattened members that exist on each machine, as a running systemd 257.13 scores them.
    #[test]
    fn native_members_are_as_many_as_systemd_scores() {
        for (name, x86_64, aarch64) in [
            ("@swap", 2, 2),
            ("@obsolete", 13, 0),
            ("@clock", 4, 4),
            ("@cpu-emulation", 1, 0),
            ("@debug", 4, 4),
            ("@mount", 11, 11),
            ("@module", 3, 3),
            ("@raw-io", 2, 0),
            ("@reboot", 3, 3),
            ("@privileged", 38, 33),
            ("@resources", 12, 12),
        ] {
            let group = Group::named(name).expect(name);
            let native = |abi| group.calls().iter().filter(|call| call.number(abi).is_some()).count();
            assert_eq!((native(Abi::X86_64), native(Abi::Aarch64)), (x86_64, aarch64), "{name}");
        }
    }

    #[test]
    fn the_narrowest_group_comes_first() {
        let groups = Group::containing(Syscall::of("clock_settime"));
        assert_eq!(
            groups.iter().map(|group| group.name()).collect::<Vec<_>>(),
            ["@clock", "@privileged", "@known"]
        );
    }
}
