//! Devices: `PrivateDevices=`, or else a list.

use crate::{Case, Proposal};
use ringfence_profile::{Operation, Operations, Privilege};
use std::collections::BTreeMap;
use std::path::Path;

const DIRECTIVE: &str = "PrivateDevices";

/// What a private `/dev` has: null, zero, full, random, urandom, tty, ptmx, and the terminals
/// (`src/core/namespace.c: mount_private_dev`).
fn is_pseudo(block: bool, major: u32, minor: u32) -> bool {
    !block && matches!((major, minor), (1, 3 | 5 | 7 | 8 | 9) | (5, 0 | 2) | (136..=143, _))
}

pub(super) fn propose(case: &Case<'_>, proposal: &mut Proposal) {
    if case.settings.sandbox.private_devices.value || !case.broker.is_empty() {
        return;
    }
    let used = case.needs.privilege_evidence(
        |p| matches!(p, Privilege::Device { block, major, minor, .. } if !is_pseudo(*block, *major, *minor)),
    );
    if used.is_empty() && !case.is_relaxed(DIRECTIVE) {
        proposal.restrict(DIRECTIVE, "yes", "no device but the pseudo ones was used");
        return;
    }
    proposal.leave_open(DIRECTIVE, "it uses devices of the machine", used.clone());
    if used.is_empty() || case.is_relaxed("DevicePolicy") {
        return;
    }
    proposal.restrict("DevicePolicy", "closed", "no device but these and the pseudo ones");
    let opens: Operations = [Operation::Read, Operation::Write].into_iter().collect();
    let mut nodes: BTreeMap<&Path, Operations> = BTreeMap::new();
    for access in case.needs.files().filter(|a| a.path().starts_with("/dev")) {
        let kind = access.kind();
        let is_device = matches!(
            kind,
            ringfence_profile::FileKind::CharDevice | ringfence_profile::FileKind::BlockDevice
        );
        if is_device && !access.operations().and(opens).is_empty() {
            let operations = nodes.entry(access.path()).or_default();
            *operations = operations.with(access.operations());
        }
    }
    for (node, operations) in nodes {
        let read = if operations.contains(Operation::Read) { "r" } else { "" };
        let write = if operations.contains(Operation::Write) { "w" } else { "" };
        let value = format!("{} {read}{write}", node.display());
        proposal.grant("DeviceAllow", value, "this device was opened", Vec::new());
    }
}
