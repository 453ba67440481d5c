//! Privileges that an executed file gives, or would have given.

use crate::attempt::Attempt;
use crate::proc::{self, Status};
use crate::{ExecGain, FileKind};
use rustix::process::Pid;

/// What an execution gave.
pub(super) enum Gain {
    None,
    /// The file would have given something, but a tracer without privileges keeps it from that (ptrace(2)).
    Suppressed,
    Gained(ExecGain),
}

const S_ISUID: u32 = 0o4000;
const S_ISGID: u32 = 0o2000;

/// What the execution that a process has just done gave it.
pub(super) fn of(attempt: &Attempt, process: Pid, before: &Status, after: &Status) -> Gain {
    let Some(located) = &attempt.located[0] else { return Gain::None };
    let user = before.users[1] != after.users[1];
    let group = before.groups[1] != after.groups[1];
    // Root's capabilities come and go with its number, not with the file (capabilities(7)).
    let ordinary = before.users[1] != 0 && !user;
    let capabilities = ordinary && after.permitted & !before.permitted != 0;
    if user || group || capabilities {
        return Gain::Gained(ExecGain { path: located.file.path.clone(), user, group, capabilities });
    }
    let Some(found) = located.found.filter(|found| found.kind() == FileKind::File) else { return Gain::None };
    let wants_user = found.mode & S_ISUID != 0 && found.user != after.users[1];
    let wants_group = found.mode & S_ISGID != 0 && found.mode & 0o010 != 0 && found.group != after.groups[1];
    let mut value = [0_u8; 64];
    let wants_capabilities = ordinary
        && rustix::fs::getxattr(proc::path(process, "exe"), "security.capability", &mut value[..]).is_ok();
    if wants_user || wants_group || wants_capabilities { Gain::Suppressed } else { Gain::None }
}
