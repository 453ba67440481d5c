//! Who the service is: `User=` and `AmbientCapabilities=` where it needs no root, `PrivateUsers=`.

use crate::rootless::{OF_ROOT, capabilities};
use crate::{Case, Proposal};
use ringfence_profile::{IdentityChange, Privilege};
use ringfence_settings::{Capability, CapabilitySet, PrivateUsers};
use ringfence_unit::Manager;

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    if !case.broker.is_empty() {
        return;
    }
    if let Some(rootless) = &case.rootless {
        let why = "whom it runs as once it has started: nothing of it is root any more";
        proposal.restrict("User", &rootless.user, why);
        if let Some(group) = rootless.group {
            proposal.restrict("Group", group.to_string(), "the group that it takes");
        }
        let kept: Vec<String> = capabilities(&case.needs, true).iter().map(|c| c.name()).collect();
        if !kept.is_empty() {
            let why = "what it needs of root's privileges; low ports, for example";
            proposal.restrict("AmbientCapabilities", kept.join(" "), why);
        }
    }
    users(case, proposal);
}

/// Whether a capability does the same in a user namespace in which everybody keeps their number.
fn is_kept_in_a_namespace(capability: &Capability) -> bool {
    let name = capability.name();
    name == "CAP_SYS_CHROOT" || OF_ROOT.contains(&name.as_str())
}

fn users(case: &Case<'_>, proposal: &mut Proposal) {
    const DIRECTIVE: &str = "PrivateUsers";
    if case.settings.sandbox.private_users.value != PrivateUsers::No {
        return;
    }
    if case.is_relaxed(DIRECTIVE) {
        proposal.leave_open(DIRECTIVE, "the service did not work with it", Vec::new());
        return;
    }
    if case.settings.manager == Manager::User {
        // Nearly every other line implies it, which a user's manager could not enforce without (systemd.exec(5)).
        proposal.restrict(DIRECTIVE, "yes", "a user's service can be nobody else anyway");
        return;
    }
    if !case.options.exercised {
        proposal.leave_open(DIRECTIVE, "without an exercise, working without it proves little", Vec::new());
        return;
    }
    // In such a namespace nobody may set groups (`src/core/exec-invoke.c: setup_private_users`).
    let groups = |p: &Privilege| matches!(p, Privilege::Identity(IdentityChange::Groups));
    let sets_groups = case.needs.privileges().any(groups) && case.rootless.is_none();
    let used = capabilities(&case.needs, case.rootless.is_some());
    let ambient = case.settings.sandbox.ambient.value != CapabilitySet::EMPTY;
    let is_root =
        case.settings.identity.user.value.as_deref().is_none_or(|user| ["root", "0"].contains(&user))
            && !case.settings.identity.dynamic_user.value;
    if !is_root && used.is_empty() && !ambient {
        proposal.restrict(DIRECTIVE, "yes", "it needs no privilege, and no other user's files as theirs");
    } else if is_root
        && !ambient
        && !sets_groups
        && case.options.systemd >= 257
        && used.iter().all(is_kept_in_a_namespace)
    {
        let why = "everybody keeps their number, and root's privileges end at the service's own files and processes";
        proposal.restrict(DIRECTIVE, "identity", why);
    } else if is_root && case.options.systemd < 257 {
        proposal.leave_open(
            DIRECTIVE,
            "root needs its value identity, which systemd 257 is the first to know",
            Vec::new(),
        );
    } else {
        proposal.leave_open(DIRECTIVE, "it uses privileges that no user namespace gives", Vec::new());
    }
}
