//! From a call that has ended to what is delivered of it.

use crate::attempt::{Attempt, Located, SocketAddress};
use crate::{FileKind, FileUse, Operation, Operations, Privilege, ProcessRelation, What};
use ringfence_calls::{Effect, On, Rule};
use rustix::fs::{major, minor};

/// The processes that a program can name.
pub trait Peers {
    /// Whose a process or group is, by a number as kill(2) takes it.
    fn number(&self, number: i32) -> ProcessRelation;

    /// Whose the program's parent is.
    fn parent(&self) -> ProcessRelation;
}

/// Everything that a call used or tried to use; `peers` tells whose a process is.
pub fn uses(attempt: &Attempt, result: i64, peers: &dyn Peers) -> Vec<What> {
    let succeeded = result >= 0;
    let mut uses = Vec::new();
    for effect in attempt.effects(result) {
        match effect {
            Effect::File { on, operations, kind, set_id } => {
                let Some(located) = located(attempt, on) else { continue };
                let kind = kind_after(expected(attempt, operations, kind), located.file.kind, succeeded);
                let file = FileUse { operations, kind, ..located.file.clone() };
                uses.extend(opened_device(located, operations).map(What::Privilege));
                if set_id != 0 {
                    let path = file.path.clone();
                    uses.push(What::Privilege(Privilege::SetIdBits { path, bits: set_id }));
                }
                uses.push(What::File(file));
            }
            Effect::Address { bind } => uses.extend(address(attempt, bind, succeeded)),
            Effect::Privilege(privilege) => uses.push(What::Privilege(privilege)),
            Effect::Ptrace { way, process } => {
                let of = if process == 0 { peers.parent() } else { peers.number(process) };
                if of != ProcessRelation::Own {
                    uses.push(What::Privilege(Privilege::Ptrace { way, of }));
                }
            }
            Effect::Signal { process } => {
                let to = peers.number(process);
                if to != ProcessRelation::Own {
                    uses.push(What::Privilege(Privilege::Signal(to)));
                }
            }
        }
    }
    uses.extend(execution(attempt, succeeded));
    uses
}

fn located(attempt: &Attempt, on: On) -> Option<&Located> {
    match on {
        On::Name { which, .. } => attempt.located[which].as_ref(),
        On::Object => attempt.object.as_ref(),
    }
}

/// What must be at a path once the call has succeeded, if that is not what was there before.
fn expected(attempt: &Attempt, operations: Operations, kind: FileKind) -> FileKind {
    let moved = || attempt.located[0].as_ref().map_or(FileKind::Unknown, |from| from.file.kind);
    if operations.contains(Operation::Create) {
        FileKind::File
    } else if operations.contains(Operation::LinkTo) || operations.contains(Operation::RenameTo) {
        moved()
    } else {
        kind
    }
}

fn opened_device(located: &Located, operations: Operations) -> Option<Privilege> {
    let found = located.found?;
    let (read, write) = (operations.contains(Operation::Read), operations.contains(Operation::Write));
    let block = match found.kind() {
        FileKind::BlockDevice => true,
        FileKind::CharDevice => false,
        _ => return None,
    };
    let (major, minor) = (major(found.device), minor(found.device));
    (read || write).then_some(Privilege::Device { block, major, minor, read, write, mknod: false })
}

fn address(attempt: &Attempt, bind: bool, succeeded: bool) -> Option<What> {
    Some(match attempt.address.as_ref()? {
        SocketAddress::Other(address) => What::Privilege(match bind {
            true => Privilege::Bind(address.clone()),
            false => Privilege::Connect(address.clone()),
        }),
        SocketAddress::Path(located) => {
            let operation = if bind { Operation::BindSocket } else { Operation::ConnectSocket };
            let kind = kind_after(FileKind::Socket, located.file.kind, succeeded);
            What::File(FileUse { operations: operation.into(), kind, ..located.file.clone() })
        }
    })
}

/// Whether a call is an execution.
pub fn executes(rule: &Rule) -> bool {
    matches!(rule.name, "execve" | "execveat")
}

/// A successful execution: the file, and what runs it. Of a failed one only an interpreter that is missing: the failure
/// itself is among the rule's effects.
fn execution(attempt: &Attempt, succeeded: bool) -> Vec<What> {
    if !executes(attempt.rule) {
        return Vec::new();
    }
    let used = |located: &Located, operation: Operation| {
        What::File(FileUse { operations: operation.into(), ..located.file.clone() })
    };
    let file = attempt.located[0].iter().filter(|_| succeeded).map(|located| used(located, Operation::Exec));
    let interpreters = attempt.interpreters.iter().filter(|i| succeeded || i.found.is_none());
    file.chain(interpreters.map(|located| used(located, Operation::Interpret))).collect()
}

/// Whether a call may move directories, or a thread to another one.
pub(crate) fn may_move(rule: &Rule) -> bool {
    matches!(
        rule.name,
        "chdir"
            | "fchdir"
            | "chroot"
            | "pivot_root"
            | "rename"
            | "renameat"
            | "renameat2"
            | "mount"
            | "move_mount"
            | "umount"
            | "umount2"
            | "setns"
            | "unshare"
    )
}

/// What a successful call changes for the understanding of later ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The process's root or mount namespace.
    pub view: bool,
    /// Who the thread is.
    pub identity: bool,
    /// Where paths lead.
    pub paths: bool,
    /// Who may use a directory.
    pub permissions: bool,
}

/// What a successful call that used `what` changes.
pub fn change(attempt: &Attempt, what: &[What]) -> Change {
    use Operation::*;
    let mut change = Change::default();
    let any = |operations: Operations, of: &[Operation]| of.iter().any(|o| operations.contains(*o));
    for one in what {
        match one {
            What::File(file) => {
                change.view |= any(file.operations, &[Chroot, Mount, Umount]);
                change.paths |= any(file.operations, &[Chroot, Mount, Umount, Symlink, Rmdir]);
                let directory = file.kind == FileKind::Directory;
                change.permissions |= directory && any(file.operations, &[Chmod, Chown, Mkdir]);
                let leads_on = matches!(file.kind, FileKind::Directory | FileKind::Link);
                change.paths |= leads_on && any(file.operations, &[Unlink, RenameFrom, RenameTo]);
            }
            What::Privilege(Privilege::Namespace { kind: crate::NamespaceKind::Mnt, .. }) => {
                change.view = true
            }
            What::Privilege(Privilege::Namespace { kind: crate::NamespaceKind::User, .. }) => {
                change.identity = true
            }
            What::Privilege(Privilege::Identity(_)) => change.identity = true,
            What::Privilege(_) => {}
        }
    }
    change.paths |= change.view;
    change.identity |= attempt.rule.name == "setfsuid";
    change
}

/// What is found at a path after a call.
fn kind_after(expected: FileKind, before: FileKind, succeeded: bool) -> FileKind {
    if succeeded && expected != FileKind::Unknown { expected } else { before }
}
