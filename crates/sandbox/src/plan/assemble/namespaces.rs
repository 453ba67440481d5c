//! What namespaces of other kinds need to see of themselves.

use super::Wanted;
use crate::plan::draft::Draft;
use crate::plan::mode::MountMode;

/// A sysfs that shows the service's own network devices.
pub(super) fn network(wanted: &mut Wanted) {
    let sandbox = &wanted.settings.sandbox;
    if sandbox.private_network.value || sandbox.network_namespace_path.value.is_some() {
        let origin =
            sandbox.private_network.origin.as_ref().or(sandbox.network_namespace_path.origin.as_ref());
        wanted.add(Draft::at("/sys", MountMode::PrivateSysfs, origin));
    }
}

/// The service's own message queues.
pub(super) fn ipc(wanted: &mut Wanted) {
    let sandbox = &wanted.settings.sandbox;
    if sandbox.private_ipc.value || sandbox.ipc_namespace_path.value.is_some() {
        let origin = sandbox.private_ipc.origin.as_ref().or(sandbox.ipc_namespace_path.origin.as_ref());
        wanted.add(Draft::at("/dev/mqueue", MountMode::Mqueue, origin));
    }
}
