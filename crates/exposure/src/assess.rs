//! Every check on one unit.

use crate::checks::{FamilyFlag, Kind, checks};
use crate::score::{Finding, weigh};
use crate::{Check, Policy, Score, ScoreError, Subject};
use ringfence_seccomp::{Group, Sense, SyscallSet};

/// Scores one unit.
///
/// # Errors
/// When the policy is one on which the real tool aborts.
pub fn assess(subject: &Subject<'_>, policy: &Policy) -> Result<Score, ScoreError> {
    let calls = Calls::of(subject);
    let findings = checks().map(|check| find(check, subject, &calls));
    weigh(subject.settings.unit.clone(), findings, policy)
}

fn find(check: &'static Check, subject: &Subject<'_>, calls: &Calls) -> Finding {
    if check.boot && !subject.settings.unit_section.default_dependencies.value {
        return Finding { check, badness: None, differs: None };
    }
    let by_the_book = match check.kind {
        Kind::Rule(rule) => rule(subject),
        Kind::Capabilities(any) => Some(u64::from(subject.settings.sandbox.bounding_set.value.meets(any))),
        Kind::Namespace(word) => Some(u64::from(may_make(subject, word))),
        Kind::Family(flag) => Some(u64::from(may_open(subject, flag))),
        Kind::SyscallGroup(name) => Some(calls.open(name)),
    };
    if subject.is_users_own()
        && let Some((badness, why)) = what_really_applies(check, subject)
        && Some(badness) != by_the_book
    {
        return Finding { check, badness: Some(badness), differs: Some(why) };
    }
    Finding { check, badness: by_the_book, differs: None }
}

/// Where a user manager's units are not what the real tool says of them (systemd issue 21232): such a unit runs as an
/// ordinary user, whatever its lines say, and its manager lacks the privilege to enforce some of them.
fn what_really_applies(check: &Check, subject: &Subject<'_>) -> Option<(u64, &'static str)> {
    match check.kind {
        Kind::Capabilities(_) => Some((0, "a user's own service has no capabilities over the machine")),
        Kind::Rule(_) => match check.id {
            "UserOrDynamicUser" => Some((0, "a user's own service runs as that user, never as root")),
            "IPAddressDeny" => Some((check.range, "a user manager cannot enforce address lists")),
            "DeviceAllow" => Some((check.range, "a user manager cannot enforce device lists")),
            "AmbientCapabilities" => Some((0, "a user manager has no capabilities to hand on")),
            "PrivateUsers" if needs_user_namespace(subject) => {
                Some((0, "a user manager gives every sandboxed service a user namespace of its own"))
            }
            _ => None,
        },
        Kind::Namespace(_) | Kind::Family(_) | Kind::SyscallGroup(_) => None,
    }
}

/// Whether the user manager sets up a user namespace first, because it could not do the rest without
/// (`src/core/exec-invoke.c: exec_context_needs_unprivileged_mount…`, sandbox options of user units).
fn needs_user_namespace(subject: &Subject<'_>) -> bool {
    let sandbox = &subject.settings.sandbox;
    sandbox.private_devices.value
        || sandbox.private_network.value
        || sandbox.private_ipc.value
        || sandbox.protect_hostname.value
        || crate::rules::private_mounts(&Subject { mode: crate::Mode::Manager, ..*subject }) == Some(0)
}

fn may_make(subject: &Subject<'_>, word: &str) -> bool {
    subject.settings.syscalls.namespaces.value.allowed().any(|kind| kind.word() == word)
}

/// All flags start open for a list of denied families and closed for one of allowed families; each listed family flips
/// its flag (`analyze-security.c`, the property `RestrictAddressFamilies`).
fn may_open(subject: &Subject<'_>, flag: FamilyFlag) -> bool {
    let families = &subject.settings.syscalls.address_families.value;
    let allow_list = families.sense() == Some(Sense::Allow);
    let listed = families.listed().any(|family| flag_of(family.name()) == flag);
    listed == allow_list
}

fn flag_of(family: &str) -> FamilyFlag {
    match family {
        "AF_INET" | "AF_INET6" => FamilyFlag::Internet,
        "AF_UNIX" => FamilyFlag::Unix,
        "AF_NETLINK" => FamilyFlag::Netlink,
        "AF_PACKET" => FamilyFlag::Packet,
        _ => FamilyFlag::Other,
    }
}

/// The list of `SystemCallFilter=`, taken out once for the eleven checks that ask it.
struct Calls {
    /// The calls that the machine's own ABI has.
    native: SyscallSet,
    sense: Option<Sense>,
    /// What is on the list without an answer of its own.
    plain: SyscallSet,
    listed: SyscallSet,
}

impl Calls {
    fn of(subject: &Subject<'_>) -> Calls {
        let filter = &subject.settings.syscalls.filter.value;
        let sense = filter.sense().filter(|_| filter.is_active());
        let (plain, listed) = filter.sets();
        Calls { native: *subject.machine.native().calls(), sense, plain, listed }
    }

    /// 10 without a filter; on a list of allowed calls 9 while any of the group is on it; on a list of denied calls 10
    /// while any of the group is not on it (`analyze-security.c: assess_system_call_filter`). Calls that the machine's
    /// own ABI lacks do not count.
    fn open(&self, group: &str) -> u64 {
        let (Some(group), Some(sense)) = (Group::named(group), self.sense) else { return 10 };
        let members = group.calls().intersection(self.native);
        match sense {
            Sense::Allow if !members.intersection(self.plain).is_empty() => 9,
            Sense::Deny if !members.is_subset(&self.listed) => 10,
            Sense::Allow | Sense::Deny => 0,
        }
    }
}
