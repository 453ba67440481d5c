//! Whether a command gets a mount namespace of its own, and which of the automatic settings are on (systemd:
//! `src/core/execute.c: exec_needs_mount_namespace` and what it asks).

use super::{For, Reason};
use crate::facts::Facts;
use ringfence_settings::{
    DirectoryKind, PrivateTmp, ProcSubset, Propagation, ProtectControlGroups, ProtectHome, ProtectProc,
    ProtectSystem, Settings,
};
use ringfence_terms::{Origin, Sourced};

/// Every reason for a mount namespace, in the manual's order; none means that the command shares the host's.
pub(super) fn reasons(settings: &Settings, facts: &dyn Facts, run: &For) -> Vec<Reason> {
    let mut all = Reasons(Vec::new());
    let (paths, sandbox) = (&settings.paths, &settings.sandbox);
    for (on, directive) in [(paths.mount_images, "MountImages"), (paths.extensions, "ExtensionDirectories")] {
        all.when(on, directive, None);
    }
    all.when(paths.root_image.value.is_some(), "RootImage", paths.root_image.origin.as_ref());
    for entry in &paths.access {
        all.when(true, list_name(entry.value.access), entry.origin.as_ref());
    }
    for entry in &paths.binds {
        let name = if entry.value.read_only { "BindReadOnlyPaths" } else { "BindPaths" };
        all.when(true, name, entry.origin.as_ref());
    }
    for entry in &paths.temporary {
        all.when(true, "TemporaryFileSystem", entry.origin.as_ref());
    }
    let flags = &paths.mount_flags;
    let own = matches!(flags.value, Some(Propagation::Slave | Propagation::Private));
    all.when(own, "MountFlags", flags.origin.as_ref());
    all.set("PrivateTmp", &sandbox.private_tmp, |v| match v {
        PrivateTmp::No => false,
        PrivateTmp::Connected => tmp_is_allocated(settings),
        PrivateTmp::Disconnected => true,
    });
    all.set("PrivateDevices", &sandbox.private_devices, |v| *v);
    match paths.private_mounts.value {
        Some(on) => all.when(on, "PrivateMounts", paths.private_mounts.origin.as_ref()),
        None => {
            all.set("PrivateNetwork", &sandbox.private_network, |v| *v);
            all.set("NetworkNamespacePath", &sandbox.network_namespace_path, Option::is_some);
        }
    }
    all.set("ProtectSystem", &sandbox.protect_system, |v| *v != ProtectSystem::No);
    all.set("ProtectHome", &sandbox.protect_home, |v| *v != ProtectHome::No);
    all.set("ProtectKernelTunables", &sandbox.protect_kernel_tunables, |v| *v);
    all.set("ProtectKernelModules", &sandbox.protect_kernel_modules, |v| *v);
    all.set("ProtectKernelLogs", &sandbox.protect_kernel_logs, |v| *v);
    all.when(
        control_groups(settings, facts) != ProtectControlGroups::No,
        "ProtectControlGroups",
        sandbox.protect_control_groups.origin.as_ref(),
    );
    all.set("ProtectProc", &sandbox.protect_proc, |v| *v != ProtectProc::Default);
    all.set("ProcSubset", &sandbox.proc_subset, |v| *v != ProcSubset::All);
    all.set("PrivateIPC", &sandbox.private_ipc, |v| *v);
    all.set("IPCNamespacePath", &sandbox.ipc_namespace_path, Option::is_some);
    all.set("PrivatePIDs", &sandbox.private_pids, |v| *v);
    let with_directories = settings.directories.all.iter().any(|d| run.bases.of(d.value.kind).is_some());
    let root = &paths.root_directory;
    all.when(
        root.value.is_some() && (settings.mount_api_vfs() || with_directories),
        "RootDirectory",
        root.origin.as_ref(),
    );
    if settings.identity.dynamic_user.value {
        for kind in [DirectoryKind::State, DirectoryKind::Cache, DirectoryKind::Logs] {
            for directory in settings.directories.of(kind) {
                all.when(true, kind.directive(), directory.origin.as_ref());
            }
        }
    }
    let (directive, origin) = log_sockets(settings);
    all.when(settings.bind_log_sockets(), directive, origin);
    for directory in &settings.directories.all {
        all.when(directory.value.read_only, directory.value.kind.directive(), directory.origin.as_ref());
    }
    all.0
}

struct Reasons(Vec<Reason>);

impl Reasons {
    fn when(&mut self, on: bool, directive: &'static str, origin: Option<&Origin>) {
        if on {
            self.0.push(Reason { directive, origin: origin.cloned() });
        }
    }

    fn set<T>(&mut self, directive: &'static str, setting: &Sourced<T>, on: impl Fn(&T) -> bool) {
        self.when(on(&setting.value), directive, setting.origin.as_ref());
    }
}

/// The name of one of the five path lists.
pub(super) fn list_name(access: ringfence_settings::PathAccess) -> &'static str {
    use ringfence_settings::PathAccess;
    match access {
        PathAccess::ReadWrite => "ReadWritePaths",
        PathAccess::ReadOnly => "ReadOnlyPaths",
        PathAccess::Inaccessible => "InaccessiblePaths",
        PathAccess::Exec => "ExecPaths",
        PathAccess::NoExec => "NoExecPaths",
    }
}

/// Whether `/proc`, `/sys`, `/dev` and `/run` are mounted, and the line that asks for it (systemd:
/// `namespace_parameters_mount_apivfs`).
pub(super) fn kernel_file_systems<'a>(
    settings: &'a Settings,
    facts: &dyn Facts,
) -> Option<Option<&'a Origin>> {
    let sandbox = &settings.sandbox;
    let paths = &settings.paths;
    if settings.mount_api_vfs() {
        return Some(paths.mount_api_vfs.origin.as_ref().or(paths.root_directory.origin.as_ref()));
    }
    if control_groups(settings, facts) != ProtectControlGroups::No {
        return Some(sandbox.protect_control_groups.origin.as_ref());
    }
    if sandbox.protect_kernel_tunables.value {
        return Some(sandbox.protect_kernel_tunables.origin.as_ref());
    }
    if sandbox.protect_proc.value != ProtectProc::Default {
        return Some(sandbox.protect_proc.origin.as_ref());
    }
    if sandbox.proc_subset.value != ProcSubset::All {
        return Some(sandbox.proc_subset.origin.as_ref());
    }
    sandbox.private_pids.value.then_some(sandbox.private_pids.origin.as_ref())
}

/// Which directive and line decides whether the journal's sockets are shown ([`Settings::bind_log_sockets`]).
pub(super) fn log_sockets(settings: &Settings) -> (&'static str, Option<&Origin>) {
    let (paths, sandbox) = (&settings.paths, &settings.sandbox);
    if sandbox.log_namespace.value.is_some() {
        ("LogNamespace", sandbox.log_namespace.origin.as_ref())
    } else if paths.bind_log_sockets.value.is_some() {
        ("BindLogSockets", paths.bind_log_sockets.origin.as_ref())
    } else if settings.mount_api_vfs() {
        let origin = paths.mount_api_vfs.origin.as_ref().or(paths.root_directory.origin.as_ref());
        ("MountAPIVFS", origin)
    } else {
        ("PrivateDevices", sandbox.private_devices.origin.as_ref())
    }
}

/// Whether a private `/dev` has a `log`: not with a root directory of one's own in which the journal's socket is missing,
/// and even `/` counts as one here (systemd: `src/core/namespace.c: mount_private_dev`).
pub(super) fn dev_log(settings: &Settings, run: &For) -> bool {
    let own_root = run.change_root && settings.paths.root_directory.value.is_some();
    !own_root || (run.sandboxed && settings.bind_log_sockets())
}

/// `ProtectControlGroups=` as this machine can do it: without a unified hierarchy there is no control group namespace
/// (systemd: `exec_get_protect_control_groups`).
pub(super) fn control_groups(settings: &Settings, facts: &dyn Facts) -> ProtectControlGroups {
    match settings.sandbox.protect_control_groups.value {
        ProtectControlGroups::Private if !facts.features().unified_cgroups => ProtectControlGroups::No,
        ProtectControlGroups::Strict if !facts.features().unified_cgroups => ProtectControlGroups::Yes,
        asked => asked,
    }
}

/// `PrivateTmp=yes` needs no directories when both places are inaccessible anyway (systemd:
/// `exec_shared_runtime_make`).
pub(super) fn tmp_is_allocated(settings: &Settings) -> bool {
    let lists = |path: &str| {
        settings
            .paths
            .access(ringfence_settings::PathAccess::Inaccessible)
            .any(|entry| entry.value.path.as_bytes() == path.as_bytes())
    };
    !(lists("/tmp") && (lists("/var/tmp") || lists("/var")))
}
