//! `CapabilityBoundingSet=`.

use crate::rootless::capabilities;
use crate::{Case, Level, Proposal};
use ringfence_profile::{IdentityChange, Privilege};
use ringfence_settings::{Capability, CapabilitySet};
use ringfence_terms::AbsPath;
use ringfence_unit::Manager;
use std::collections::BTreeSet;
use std::path::Path;

const DIRECTIVE: &str = "CapabilityBoundingSet";

/// What a service that starts as root and hands work to another user needs in moments that an exercise may not show: new
/// logs after a rotation are handed over, workers are signalled, files of the other user are read.
static ROOT_THAT_DROPS: &[&str] =
    &["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID"];

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    let said = case.settings.sandbox.bounding_set.origin.is_some();
    if said && case.rootless.is_none() || !case.broker.is_empty() {
        return;
    }
    if case.is_relaxed(DIRECTIVE) {
        proposal.leave_open(DIRECTIVE, "the service did not work with it", Vec::new());
        return;
    }
    // Without a user namespace of its own a user's service may not even give up what it does not have (systemd:
    // `capability_bounding_set_drop` fails, status 218).
    if case.settings.manager == Manager::User && !proposal.has("PrivateUsers") {
        proposal.leave_open(
            DIRECTIVE,
            "a user's service can give them up only with PrivateUsers=",
            Vec::new(),
        );
        return;
    }
    let used = capabilities(&case.needs, case.rootless.is_some());
    let mut kept: BTreeSet<Capability> = used.clone();
    let ambient = case.settings.sandbox.ambient.value;
    if ambient != CapabilitySet::EMPTY {
        kept.extend(ambient.iter());
    }
    let drops = case
        .needs
        .privileges()
        .any(|p| matches!(p, Privilege::Identity(IdentityChange::User(uid)) if *uid != 0));
    let starts_as_root =
        case.settings.identity.user.value.is_none() && !case.settings.identity.dynamic_user.value;
    if drops && starts_as_root {
        kept.extend(ROOT_THAT_DROPS.iter().filter_map(|name| Capability::parse(name)));
        // A trial reloads and stops: a master that signals its workers shows so. What a module starts that was not loaded,
        // as Apache's mod_cgid starts a helper, no trial shows.
        if case.options.level == Level::Tight && case.options.exercised && !may_load_more(case) {
            kept.retain(|capability| capability.name() != "CAP_KILL" || used.contains(capability));
        }
    }
    kept.extend(case.options.granted_capabilities.iter().filter_map(|name| Capability::parse(name)));
    let names: Vec<String> = kept.iter().map(|c| c.name()).collect();
    let why = match names.len() {
        0 => "no privilege over the machine was used",
        _ if drops && starts_as_root => {
            "what was used, and what a service needs that starts as root and hands over to another user"
        }
        _ => "what was used",
    };
    let evidence = case.needs.privilege_evidence(|p| matches!(p, Privilege::Capability(_)));
    if said && !names.is_empty() {
        proposal.restrict(DIRECTIVE, "", "less than the unit's own list, which is for root");
    }
    proposal.lines.push(crate::Line {
        directive: DIRECTIVE,
        value: names.join(" "),
        strength: crate::Strength::Restricts,
        why: why.to_owned(),
        evidence,
        caution: None,
    });
}

/// Whether it has modules that it did not load; where no package is known, it may have.
fn may_load_more(case: &Case<'_>) -> bool {
    let loaded: BTreeSet<&Path> = case.needs.files().map(|access| access.path()).collect();
    let is_unused = |path: &AbsPath| {
        path.as_path().extension().is_some_and(|ending| ending == "so") && !loaded.contains(path.as_path())
    };
    case.options.packages.is_empty()
        || case.options.packages.iter().any(|package| package.lists.iter().any(is_unused))
}
