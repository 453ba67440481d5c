//! From settings to entries, one family of directives after the other, in systemd's order (`src/core/namespace.c:
//! setup_namespace`). The order matters only for entries of the same path and mode.

mod access;
mod binds;
mod devices;
mod home_and_system;
mod kernel;
mod manager;
mod namespaces;
mod temporary;

pub(super) use manager::INCOMING;

use super::draft::{Draft, Drafts};
use super::entry::{DropReason, Dropped};
use super::{For, Root, need};
use crate::facts::Facts;
use ringfence_settings::{ProtectControlGroups, Settings};

/// What every family looks at.
pub(super) struct Wanted<'a> {
    pub settings: &'a Settings,
    pub facts: &'a dyn Facts,
    pub run: &'a For,
    pub root: &'a Root,
    /// `ProtectControlGroups=` as this machine can do it.
    pub control_groups: ProtectControlGroups,
    pub entries: Drafts,
    pub dropped: Vec<Dropped>,
}

/// Every entry that the settings ask for, neither sorted nor pruned.
pub(super) fn assemble<'a>(
    settings: &'a Settings,
    facts: &'a dyn Facts,
    run: &'a For,
    root: &'a Root,
) -> Wanted<'a> {
    let control_groups = need::control_groups(settings, facts);
    let mut wanted =
        Wanted { settings, facts, run, root, control_groups, entries: Vec::new(), dropped: Vec::new() };
    let sandboxed = run.sandboxed;
    access::read_write(&mut wanted);
    if sandboxed {
        access::restrictions(&mut wanted);
    }
    binds::private_roots(&mut wanted);
    binds::binds(&mut wanted);
    binds::directories(&mut wanted);
    temporary::file_systems(&mut wanted);
    if sandboxed {
        temporary::private_tmp(&mut wanted);
        devices::private_dev(&mut wanted);
        kernel::tunables(&mut wanted);
        kernel::modules(&mut wanted);
        kernel::logs(&mut wanted);
        kernel::control_groups(&mut wanted);
        home_and_system::home(&mut wanted);
        home_and_system::system(&mut wanted);
        kernel::file_systems(&mut wanted);
        kernel::hostname(&mut wanted);
        namespaces::network(&mut wanted);
        namespaces::ipc(&mut wanted);
    }
    manager::credentials(&mut wanted);
    manager::logs(&mut wanted);
    manager::incoming(&mut wanted);
    manager::notify_socket(&mut wanted);
    manager::os_release(&mut wanted);
    wanted
}

impl Wanted<'_> {
    fn add(&mut self, entry: Draft) {
        self.entries.push(Box::new(entry));
    }

    /// Remembers an entry that lies outside the service's root.
    fn outside(&mut self, entry: Draft) {
        self.dropped.push(entry.dropped(DropReason::OutsideRoot));
    }
}
