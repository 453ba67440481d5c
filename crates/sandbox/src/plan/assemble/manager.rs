//! What connects a service to its manager: credentials, the journal, notifications, later mounts.

use super::Wanted;
use crate::plan::draft::Draft;
use crate::plan::mode::{EntryFlags, MountMode};
use crate::plan::{need, tmpfs};
use ringfence_terms::AbsPath;
use ringfence_unit::Manager;

/// The unit's own credentials, and nobody else's.
pub(super) fn credentials(wanted: &mut Wanted) {
    let own = wanted.run.credentials_directory(wanted.settings);
    let system = wanted.settings.manager == Manager::System;
    if let Some((path, origin)) = &own {
        let cover = if system { AbsPath::parse("/run/credentials").ok() } else { path.parent() };
        if let Some(cover) = cover {
            let mode = MountMode::Tmpfs {
                options: tmpfs::tiny("mode=0755"),
                nosuid: true,
                nodev: true,
                noexec: true,
            };
            wanted.add(Draft::new(cover, mode, origin.as_ref()).read_only());
        }
        let mode = MountMode::Bind { source: path.clone(), recursive: false, id_mapped: false };
        wanted.add(Draft::new(path.clone(), mode, origin.as_ref()).optional(true).read_only());
    }
    if own.is_none() || !system {
        wanted.add(Draft::at("/run/credentials", MountMode::Inaccessible, None).optional(true));
    }
}

/// The journal: of a namespace, or its sockets.
pub(super) fn logs(wanted: &mut Wanted) {
    let settings = wanted.settings;
    let (_, origin) = need::log_sockets(settings);
    if let Some(namespace) = &settings.sandbox.log_namespace.value {
        if let Ok(source) = AbsPath::parse(format!("/run/systemd/journal.{namespace}")) {
            let mode = MountMode::Bind { source, recursive: true, id_mapped: false };
            wanted.add(Draft::at("/run/systemd/journal", mode, origin).read_only());
        }
    } else if settings.bind_log_sockets() && wanted.run.sandboxed {
        for path in
            ["/run/systemd/journal/socket", "/run/systemd/journal/stdout", "/run/systemd/journal/dev-log"]
        {
            let flags = EntryFlags { read_only: true, nosuid: true, noexec: true, exec: false };
            let mut draft = onto_itself(path, origin).flags(flags);
            draft.optional = true;
            wanted.add(draft);
        }
    }
}

/// Where the system manager moves mounts into running services.
pub(in crate::plan) const INCOMING: &str = "/run/systemd/incoming";

/// Where `systemctl bind` brings mounts in later. Only the system manager does that.
pub(super) fn incoming(wanted: &mut Wanted) {
    if wanted.settings.manager == Manager::User {
        return;
    }
    let path = INCOMING;
    let mut draft = if wanted.facts.features().booted_with_systemd {
        let Ok(source) = AbsPath::parse(format!("/run/systemd/propagate/{}", wanted.settings.unit)) else {
            return;
        };
        Draft::at(path, MountMode::Bind { source, recursive: false, id_mapped: false }, None)
    } else {
        Draft::at(path, MountMode::EmptyDir, None)
    };
    draft.for_manager = true;
    wanted.add(draft.read_only());
}

/// The notification socket, which a service with a root of its own would not find otherwise.
pub(super) fn notify_socket(wanted: &mut Wanted) {
    if let Some(socket) = &wanted.run.notify_socket
        && wanted.settings.paths.root_directory.value.is_some()
        && wanted.run.change_root
    {
        let mode = MountMode::Bind { source: socket.clone(), recursive: false, id_mapped: false };
        let origin = wanted.settings.paths.root_directory.origin.as_ref();
        wanted.add(Draft::new(socket.clone(), mode, origin).read_only());
    }
}

/// The host's os-release, for a service with a root of its own.
pub(super) fn os_release(wanted: &mut Wanted) {
    if wanted.run.shows_os_release(wanted.settings)
        && let Ok(source) = AbsPath::parse("/run/systemd/propagate/.os-release-stage")
    {
        let mode = MountMode::Bind { source, recursive: false, id_mapped: false };
        let origin = wanted.settings.paths.root_directory.origin.as_ref();
        let draft = Draft::at("/run/host/.os-release-stage", mode, origin);
        wanted.add(draft.optional(true).read_only());
    }
}

fn onto_itself(path: &'static str, origin: Option<&ringfence_terms::Origin>) -> Draft {
    let mut draft = Draft::at(path, MountMode::Inaccessible, origin);
    draft.mode = MountMode::Bind { source: draft.path.clone(), recursive: false, id_mapped: false };
    draft
}
