//! The file tree as a whole: `ProtectSystem=`, `ProtectHome=`, `PrivateTmp=`.

use super::view::Hiding;
use crate::{Case, Evidence, Proposal};
use ringfence_profile::{Operation, Operations};
use ringfence_settings::{PrivateTmp, ProtectHome, ProtectSystem};
use std::path::Path;

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    if !case.broker.is_empty() {
        proposal.leave_open(
            "ProtectSystem",
            "the service runs other people's programs, and what those need cannot be seen here",
            case.broker.clone(),
        );
        return;
    }
    system(case, proposal);
    home(case, proposal);
    temporary(case, proposal);
}

/// With a hidden tree (`TemporaryFileSystem=/`) this line would bring the hidden tree back (systemd 257: both entries are
/// `/`, and read-only outranks tmpfs), so it is never proposed beside one.
fn system(case: &Case<'_>, proposal: &mut Proposal) {
    let hides_root = case.settings.paths.temporary.iter().any(|t| t.value.path.is_root());
    if hides_root || matches!(super::view::hides(case), Hiding::Yes) {
        return;
    }
    if case.settings.sandbox.protect_system.value == ProtectSystem::Strict {
        return;
    }
    if case.is_relaxed("ProtectSystem") {
        proposal.leave_open("ProtectSystem", "the service did not work with a read-only tree", Vec::new());
        return;
    }
    proposal.restrict(
        "ProtectSystem",
        "strict",
        "the whole tree is read-only, but for what is granted below",
    );
}

fn home(case: &Case<'_>, proposal: &mut Proposal) {
    let homes = ["/home", "/root", "/run/user"];
    let inside = |path: &Path| homes.iter().any(|home| path.starts_with(home) && path != Path::new(home));
    // Looking up attributes is harmless; what counts is contents, and what is run from there.
    let looks: Operations =
        [Operation::Stat, Operation::Check, Operation::OpenPath, Operation::Readlink].into_iter().collect();
    let used = case.needs.file_evidence(|access| {
        inside(access.path()) && access.operations().iter().any(|operation| !looks.contains(operation))
    });
    let written: Vec<Evidence> =
        case.needs.written().into_iter().filter(|w| inside(w.path)).map(|w| w.evidence).collect();
    let now = case.settings.sandbox.protect_home.value;
    if case.is_relaxed("ProtectHome") {
        proposal.leave_open("ProtectHome", "the service did not work without users' homes", used);
    } else if used.is_empty() && written.is_empty() {
        if matches!(now, ProtectHome::No | ProtectHome::ReadOnly) {
            proposal.restrict("ProtectHome", "yes", "nothing in users' homes was used");
        }
    } else if now == ProtectHome::No {
        proposal.restrict(
            "ProtectHome",
            "read-only",
            "users' homes are read; what is written there is granted below",
        );
        proposal.leave_open("ProtectHome", "users' homes are used", used);
    }
}

/// A socket in `/tmp` that the service connects to, or offers, is shared on purpose; so is what was there already.
fn temporary(case: &Case<'_>, proposal: &mut Proposal) {
    if case.settings.sandbox.private_tmp.value != PrivateTmp::No {
        return;
    }
    if case.is_relaxed("PrivateTmp") {
        proposal.leave_open("PrivateTmp", "the service did not work with a /tmp of its own", Vec::new());
        return;
    }
    let own: std::collections::BTreeSet<&Path> =
        case.needs.written().into_iter().filter(|w| w.entry).map(|w| w.path).collect();
    let in_tmp =
        |path: &Path| ["/tmp", "/var/tmp"].iter().any(|tmp| path.starts_with(tmp) && path != Path::new(tmp));
    let shared = case.needs.file_evidence(|access| {
        let sockets: Operations = [Operation::BindSocket, Operation::ConnectSocket].into_iter().collect();
        let content: Operations =
            [Operation::Read, Operation::Write, Operation::Exec, Operation::List].into_iter().collect();
        let by_itself = access.path().ancestors().any(|dir| own.contains(dir));
        in_tmp(access.path())
            && (!access.operations().and(sockets).is_empty()
                || !by_itself && !access.operations().and(content).is_empty())
    });
    if shared.is_empty() {
        proposal.restrict("PrivateTmp", "yes", "nothing in /tmp or /var/tmp is shared with others");
    } else {
        proposal.leave_open("PrivateTmp", "files in /tmp are shared with others", shared);
    }
}
