//! System calls: systemd's own groups rather than the bare recording, so that a C library's next release still works.

use crate::{Case, Evidence, Proposal};
use ringfence_profile::{Abi, Privilege};
use ringfence_seccomp::{Group, Syscall};
use std::collections::BTreeSet;

const DIRECTIVE: &str = "SystemCallFilter";

/// Groups that `@system-service` contains and that a service seldom needs: taken out again where none of their calls that
/// the list lets in was used. Only whole groups, and only ones that no library calls behind a program's back.
static SELDOM: &[&str] = &["@privileged", "@resources"];

/// Groups that are never let in whole: most of their calls have power over the machine.
static TOO_MUCH: &[&str] = &[
    "@clock",
    "@cpu-emulation",
    "@debug",
    "@module",
    "@mount",
    "@obsolete",
    "@privileged",
    "@raw-io",
    "@reboot",
    "@swap",
];

/// Groups to add when a used call is not in `@system-service`, the narrowest that has it first.
fn narrowest_group(call: Syscall) -> Option<Group> {
    Group::containing(call)
        .into_iter()
        .filter(|group| !["@known", "@system-service", "@default"].contains(&group.name()))
        .min_by_key(|group| group.calls().len())
}

fn call_name(abi: Abi, number: u32) -> Option<&'static str> {
    Syscall::numbered(abi, number).map(|call| call.name())
}

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    if !case.broker.is_empty() {
        return;
    }
    architectures(case, proposal);
    if case.settings.syscalls.filter.value.is_active() {
        return;
    }
    if case.is_relaxed(DIRECTIVE) {
        proposal.leave_open(DIRECTIVE, "the service did not work with it", Vec::new());
        return;
    }
    let used = used_calls(case);
    if used.is_empty() {
        proposal.leave_open(DIRECTIVE, "the recording has no system calls in it", Vec::new());
        return;
    }
    let Some(service) = Group::named("@system-service") else { return };
    let mut allowed = vec!["@system-service".to_owned()];
    let mut evidence = Vec::new();
    for call in used.iter().filter(|call| !service.calls().contains(**call)) {
        let word = match narrowest_group(*call) {
            Some(group) if group.calls().len() <= 16 && !TOO_MUCH.contains(&group.name()) => group.name(),
            _ => call.name(),
        };
        evidence.push(Evidence(format!("{}() was used", call.name())));
        if !allowed.iter().any(|known| known == word) {
            allowed.push(word.to_owned());
        }
    }
    let why = "the calls of ordinary services, and what was used besides";
    proposal.lines.push(crate::Line {
        directive: DIRECTIVE,
        value: allowed.join(" "),
        strength: crate::Strength::Restricts,
        why: why.to_owned(),
        evidence,
        caution: None,
    });
    for name in SELDOM {
        deny_seldom(case, proposal, name, &used);
    }
    if case.settings.syscalls.filter.value.denial().origin.is_none() {
        proposal.restrict(
            "SystemCallErrorNumber",
            "EPERM",
            "a call that no recording showed fails, instead of killing the service",
        );
    }
}

fn deny_seldom(case: &Case<'_>, proposal: &mut Proposal, name: &str, used: &BTreeSet<Syscall>) {
    let Some(group) = Group::named(name) else { return };
    let needed: Vec<Syscall> = group.calls().iter().filter(|call| used.contains(call)).collect();
    let relaxed = case.options.relaxed.contains(&format!("{DIRECTIVE}=~{name}"));
    if needed.is_empty() && !relaxed && case.options.exercised {
        proposal.restrict(DIRECTIVE, format!("~{name}"), format!("no call of {name} was used"));
    } else {
        let evidence = needed.iter().map(|call| Evidence(format!("{}() was used", call.name()))).collect();
        proposal.leave_open(DIRECTIVE, format!("some of {name} stays allowed"), evidence);
    }
}

fn used_calls(case: &Case<'_>) -> BTreeSet<Syscall> {
    let mut used: BTreeSet<Syscall> = case
        .needs
        .privileges()
        .filter_map(|p| {
            let Privilege::Syscall { abi, number } = p else { return None };
            Syscall::named(call_name(*abi, *number)?)
        })
        .collect();
    used.extend(case.options.granted_calls.iter().filter_map(|name| Syscall::named(name)));
    used
}

/// `native`, unless a program of another ABI ran.
fn architectures(case: &Case<'_>, proposal: &mut Proposal) {
    const ARCHITECTURES: &str = "SystemCallArchitectures";
    if case.settings.syscalls.architectures.value.is_active() {
        return;
    }
    let foreign = case
        .needs
        .privilege_evidence(|p| matches!(p, Privilege::Syscall { abi: Abi::I386 | Abi::X32 | Abi::Arm, .. }));
    if case.is_relaxed(ARCHITECTURES) || !foreign.is_empty() {
        proposal.leave_open(ARCHITECTURES, "programs of another architecture run", foreign);
    } else {
        proposal.restrict(ARCHITECTURES, "native", "only programs of the machine's own architecture ran");
    }
}
