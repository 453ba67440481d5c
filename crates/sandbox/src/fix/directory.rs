//! `StateDirectory=` and its kin: the service's own directory, made for it, owned by it, writable in every sandbox.

use super::lines::line;
use super::{Asked, Candidate};
use crate::facts::NodeKind;
use ringfence_settings::DirectoryKind;
use ringfence_terms::{AbsPath, Errno};

/// Directories below the five bases that belong to the system, not to one service.
const SHARED: [&str; 16] = [
    "systemd",
    "lock",
    "user",
    "dbus",
    "udev",
    "credentials",
    "mount",
    "private",
    "lost+found",
    "log",
    "shm",
    "host",
    "journal",
    "dpkg",
    "apt",
    "sudo",
];

impl Asked<'_> {
    /// The directive whose family the path belongs to, when the directory there is nobody else's.
    pub(super) fn own_directory(&self) -> Option<Candidate> {
        let path = &self.access.path;
        for kind in DirectoryKind::ALL {
            let base = AbsPath::parse(kind.system_base()).ok()?;
            let Some(below) = path.is_below(&base).then(|| path.rebase(&base, &AbsPath::root())).flatten()
            else {
                continue;
            };
            let name = below.components().next()?.to_str()?.to_owned();
            let own = base.join(&name).ok()?;
            let is_file = own == *path && name.contains('.');
            if is_file || SHARED.contains(&name.as_str()) || !self.may_own(&own, &name) {
                return None;
            }
            let directive = kind.directive();
            let listed = self.settings.directories.of(kind).any(|d| d.value.path == name);
            if listed {
                return None;
            }
            let price = match kind {
                DirectoryKind::Runtime => "; it is removed when the service stops",
                DirectoryKind::Configuration => {
                    "; systemd makes it when it is missing and leaves its owner alone"
                }
                _ => "",
            };
            return Some(Candidate {
                lines: vec![line(directive, &[name])?],
                why: format!(
                    "{own} becomes the service's own directory: made for it, owned by it, and writable in its sandbox{price}."
                ),
                shows: vec![own.clone()],
                writes: vec![own],
            });
        }
        None
    }

    /// systemd gives the directory to the service's user, with all that is in it: fine when it is missing, when it is
    /// that user's already, or when it has the unit's name.
    fn may_own(&self, directory: &AbsPath, name: &str) -> bool {
        match self.facts.node(directory) {
            Err(Errno::ENOENT) => true,
            Err(_) => false,
            Ok(node) => {
                let named_so = self.settings.unit.prefix() == name;
                node.kind == NodeKind::Directory
                    && node.mode & 0o1002 == 0
                    && (node.uid == self.who.uid || named_so)
            }
        }
    }
}
