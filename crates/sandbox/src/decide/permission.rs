//! Owner, group, mode and capabilities (`fs/namei.c: generic_permission`, `fs/proc/proc_sysctl.c: sysctl_perm`).

use super::walk::Stop;
use super::{Case, Cause, Credentials, Mapped, denied, said};
use crate::facts::{Node, NodeKind};
use crate::tree::{NewFs, Place};
use crate::view::Shows;
use ringfence_settings::Capability;
use ringfence_terms::Errno;

/// The bits of one class of users.
pub(super) const READ: u32 = 4;
pub(super) const WRITE: u32 = 2;
pub(super) const EXECUTE: u32 = 1;

/// What the mode bits and the capabilities say.
enum Answer {
    Yes,
    No,
    /// An access control list decides.
    List,
}

impl Case<'_> {
    /// Permission for one kind of access to what is at a place.
    pub(super) fn permitted(&self, place: &Place, node: &Node, wanted: u32) -> Result<(), Stop> {
        let answer = if self.is_sysctl(place, node) {
            sysctl(self.who, node, wanted)
        } else {
            generic(self.who, node, wanted)
        };
        let path = &place.path;
        match answer {
            Answer::Yes => Ok(()),
            Answer::List => {
                Err(Stop::Undecidable(format!("{path} has an access control list, which is not read here")))
            }
            Answer::No => {
                let mounted = self.view.mounted(place.spot.clone());
                if let Shows::New(NewFs::Inaccessible(_)) = mounted.shows {
                    let origin = mounted.made_by.and_then(|entry| entry.origin.clone());
                    let reason = format!("{path} is made inaccessible by {}.", said(&origin));
                    return Err(denied(Errno::EACCES, place, Cause::Inaccessible, reason, origin));
                }
                let may = match (wanted, &node.kind) {
                    (EXECUTE, NodeKind::Directory) => "enter",
                    (EXECUTE, _) => "execute",
                    (WRITE, _) => "write to",
                    _ => "read",
                };
                let reason = format!(
                    "{path} belongs to user {} and group {} with mode {:04o}; user {} may not {may} it.",
                    node.uid, node.gid, node.mode, self.who.uid
                );
                Err(denied(Errno::EACCES, place, Cause::Permissions, reason, None))
            }
        }
    }
}

/// Files that the kernel opens only for those who have a capability, whatever the mode says (proc(5), mem(4)).
const GUARDED: [(&str, Capability); 5] = [
    ("/proc/kmsg", Capability::SYSLOG),
    ("/proc/mtrr", Capability::SYS_ADMIN),
    ("/proc/kcore", Capability::SYS_RAWIO),
    ("/dev/mem", Capability::SYS_RAWIO),
    ("/dev/port", Capability::SYS_RAWIO),
];

impl Case<'_> {
    /// A kernel variable's permissions are those of root and its group, and no capability stands above them.
    fn is_sysctl(&self, place: &Place, node: &Node) -> bool {
        node.kind == NodeKind::File
            && place.path.as_bytes().starts_with(b"/proc/sys/")
            && self.view.mounted(place.spot.clone()).fs_type == "proc"
    }

    /// The capability that opening a file of the kernel takes, if it takes one. It is one over the whole machine, which
    /// a user namespace of the service's own does not give.
    pub(super) fn capable(&self, place: &Place) -> Result<(), Stop> {
        let path = &place.path;
        let guard = GUARDED.iter().find(|(guarded, _)| guarded.as_bytes() == path.as_bytes());
        let Some((_, capability)) = guard else { return Ok(()) };
        let mounted = self.view.mounted(place.spot.clone());
        let covered = matches!(mounted.shows, Shows::New(NewFs::Inaccessible(_)));
        if covered || (self.who.capabilities.contains(*capability) && self.who.mapped == Mapped::All) {
            return Ok(());
        }
        let reason = format!("Opening {path} takes {capability}, which the service does not have.");
        Err(denied(Errno::EPERM, place, Cause::Capability, reason, None))
    }
}

fn generic(who: &Credentials, node: &Node, wanted: u32) -> Answer {
    let owner = node.uid == who.uid;
    let in_group = node.gid == who.gid || who.groups.contains(&node.gid);
    let class = if owner {
        node.mode >> 6
    } else if in_group {
        node.mode >> 3
    } else {
        node.mode
    };
    let by_list = node.has_acl && !owner;
    if !by_list && class & wanted == wanted {
        return Answer::Yes;
    }
    if overrides(who, node, wanted) {
        return Answer::Yes;
    }
    if by_list { Answer::List } else { Answer::No }
}

/// Capabilities that stand above the mode; executing a file needs one execute bit nevertheless.
fn overrides(who: &Credentials, node: &Node, wanted: u32) -> bool {
    if !who.mapped.has(node.uid, node.gid) {
        return false;
    }
    let has = |capability| who.capabilities.contains(capability);
    let searching = node.kind == NodeKind::Directory && wanted & WRITE == 0;
    if (searching || wanted == READ) && has(Capability::DAC_READ_SEARCH) {
        return true;
    }
    let executable = node.kind == NodeKind::Directory || wanted & EXECUTE == 0 || node.mode & 0o111 != 0;
    executable && has(Capability::DAC_OVERRIDE)
}

fn sysctl(who: &Credentials, node: &Node, wanted: u32) -> Answer {
    let class = match (who.uid, who.gid) {
        (0, _) => node.mode >> 6,
        (_, 0) => node.mode >> 3,
        _ => node.mode,
    };
    if class & wanted == wanted && wanted & EXECUTE == 0 { Answer::Yes } else { Answer::No }
}
