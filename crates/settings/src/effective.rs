//! What follows from several settings together, as systemd itself asks it.

use crate::{
    PrivateTmp, ProcSubset, Propagation, ProtectControlGroups, ProtectHome, ProtectProc, ProtectSystem,
    Settings,
};

impl Settings {
    /// Whether the service has a root directory or image of its own (systemd: `exec_context_with_rootfs`).
    pub fn has_own_root(&self) -> bool {
        self.paths.root_directory.value.as_ref().is_some_and(|root| !root.is_root())
            || self.paths.root_image.value.is_some()
    }

    /// `MountAPIVFS=`, or what it is by default (systemd: `exec_context_get_effective_mount_apivfs`). Directives such as
    /// `ProtectProc=` mount these file systems even where this says no.
    pub fn mount_api_vfs(&self) -> bool {
        self.paths.mount_api_vfs.value.unwrap_or_else(|| self.has_own_root())
    }

    /// `BindLogSockets=`, or what it is by default (systemd: `exec_context_get_effective_bind_log_sockets`).
    pub fn bind_log_sockets(&self) -> bool {
        if self.sandbox.log_namespace.value.is_some() {
            return true;
        }
        self.paths.bind_log_sockets.value.unwrap_or_else(|| {
            self.mount_api_vfs() || (self.has_own_root() && self.sandbox.private_devices.value)
        })
    }

    /// Whether the settings alone ask for a mount namespace (systemd: `exec_needs_mount_namespace` without runtime).
    /// `PrivateTmp=connected` is not among them: it does so only once its directories have been made.
    pub fn needs_mount_namespace(&self) -> bool {
        let (paths, sandbox, directories) = (&self.paths, &self.sandbox, &self.directories);
        let own_network = sandbox.private_network.value || sandbox.network_namespace_path.value.is_some();
        paths.root_image.value.is_some()
            || !paths.access.is_empty()
            || !paths.binds.is_empty()
            || !paths.temporary.is_empty()
            || paths.mount_images
            || paths.extensions
            || matches!(paths.mount_flags.value, Some(Propagation::Slave | Propagation::Private))
            || sandbox.private_tmp.value == PrivateTmp::Disconnected
            || sandbox.private_devices.value
            || paths.private_mounts.value.unwrap_or(own_network)
            || sandbox.protect_system.value != ProtectSystem::No
            || sandbox.protect_home.value != ProtectHome::No
            || sandbox.protect_kernel_tunables.value
            || sandbox.protect_kernel_modules.value
            || sandbox.protect_kernel_logs.value
            || sandbox.protect_control_groups.value != ProtectControlGroups::No
            || sandbox.protect_proc.value != ProtectProc::Default
            || sandbox.proc_subset.value != ProcSubset::All
            || sandbox.private_ipc.value
            || sandbox.ipc_namespace_path.value.is_some()
            || sandbox.private_pids.value
            || (paths.root_directory.value.is_some() && (self.mount_api_vfs() || !directories.all.is_empty()))
            || (self.identity.dynamic_user.value
                && directories.all.iter().any(|d| d.value.kind.has_private_parent()))
            || self.bind_log_sockets()
            || directories.all.iter().any(|d| d.value.read_only)
    }
}
