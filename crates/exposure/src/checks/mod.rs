//! The table of checks.

mod capabilities;
mod kernel;
mod process;
mod system;

use crate::Subject;
use ringfence_settings::CapabilitySet;

/// One check of the table.
#[derive(Debug)]
pub struct Check {
    /// systemd's `json_field`: the name in JSON and in policy files. One has a stray closing parenthesis; that is part
    /// of it.
    pub id: &'static str,
    /// systemd's name in its text output.
    pub name: &'static str,
    /// How much it counts, unless a policy says otherwise.
    pub weight: u64,
    /// The badness that counts in full, unless a policy says otherwise.
    pub range: u64,
    /// Not applicable to units with `DefaultDependencies=no`, which start too early for it.
    pub boot: bool,
    pub(crate) kind: Kind,
    /// The line that closes it.
    pub closing: &'static str,
    /// What an attacker gains where it is open.
    pub open: &'static str,
    /// Which services the closing line breaks, or what.
    pub breaks: &'static str,
}

/// How a check is decided.
#[derive(Debug)]
pub(crate) enum Kind {
    /// By a rule of its own; `None` is not applicable.
    Rule(fn(&Subject<'_>) -> Option<u64>),
    /// Bad while any of these is in the bounding set.
    Capabilities(CapabilitySet),
    /// Bad while namespaces of this type may be made.
    Namespace(&'static str),
    /// Bad while sockets of this kind may be made.
    Family(FamilyFlag),
    /// Bad while a call of this group may be made.
    SyscallGroup(&'static str),
}

/// What the checks on address families tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FamilyFlag {
    /// `AF_INET` and `AF_INET6` together.
    Internet,
    /// `AF_UNIX`.
    Unix,
    /// `AF_NETLINK`.
    Netlink,
    /// `AF_PACKET`.
    Packet,
    /// Every other family.
    Other,
}

/// All checks, in systemd's order.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    PARTS.into_iter().flatten()
}

/// The table's parts, in systemd's order.
const PARTS: [&[Check]; 4] = [system::CHECKS, capabilities::CHECKS, process::CHECKS, kernel::CHECKS];

/// How many checks there are.
pub(crate) fn count() -> usize {
    PARTS.iter().map(|part| part.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_systemds() {
        let all: Vec<&Check> = checks().collect();
        assert_eq!(all.len(), 81);
        assert_eq!(all.iter().map(|c| c.weight).sum::<u64>(), 56460);
        assert_eq!(all.iter().map(|c| c.id).collect::<BTreeSet<_>>().len(), 81);
    }

    #[test]
    fn every_check_says_what_is_open_what_closes_it_and_what_that_breaks() {
        for check in checks() {
            assert!(check.closing.contains('='), "{}", check.id);
            for text in [check.open, check.breaks] {
                assert!(text.len() > 10 && !text.ends_with('.'), "{}: {text}", check.id);
            }
        }
    }
}
