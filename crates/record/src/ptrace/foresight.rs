//! The result of a call that only looks, known before the call is made.
//!
//! Waiting for a call's end costs as much as stopping at its beginning. A thread that has the recorder's own rights gets
//! from a look at a path what the recorder gets from the same look in the same view a moment before; so its end need not
//! be waited for. Whatever else could decide the result (other rights, a write, a special file, a flag that is not
//! understood here) has its end waited for.

use super::memory::Arguments;
use crate::FileKind;
use crate::attempt::Attempt;
use crate::resolve::Look;
use crate::view::View;
use ringfence_calls::Rule;
use rustix::fs::{Access, AtFlags, accessat, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

const O_ACCMODE: u64 = 0o3;
const O_CLOEXEC: u64 = 0o2000000;
const O_DIRECTORY: u64 = 0o200000;
const O_LARGEFILE: u64 = 0o100000;
const O_NOCTTY: u64 = 0o400;
const O_NONBLOCK: u64 = 0o4000;
const AT_SYMLINK_NOFOLLOW: u64 = 0x100;

/// The argument that says how a call looks at a path; `None` for a call that does more than to look.
pub(super) fn how(rule: &Rule, arguments: &Arguments) -> Option<u64> {
    match rule.name {
        "stat" | "lstat" | "stat64" | "lstat64" => Some(0),
        "newfstatat" | "fstatat64" | "readlinkat" => Some(arguments.word(3)),
        "statx" | "readlink" | "faccessat" => Some(arguments.word(2)),
        "access" => Some(arguments.word(1)),
        "open" => Some(arguments.word(1)).filter(|flags| only_reads(*flags)),
        "openat" => Some(arguments.word(2)).filter(|flags| only_reads(*flags)),
        _ => None,
    }
}

/// The result of the call, as far as success and error numbers go; `None` where it must be waited for. `look` is what was
/// seen at its end.
pub(super) fn result(attempt: &Attempt, view: &View, look: Option<&Look>) -> Option<i64> {
    let located = attempt.located[0].as_ref()?;
    let name = attempt.names[0].as_deref().filter(|name| !name.is_empty())?;
    // A link of /proc leads to what is open, also where nothing has its name.
    if located.file.via.iter().any(|link| link.path.starts_with("/proc")) {
        return None;
    }
    let argument = attempt.arguments;
    let path = located.file.path.as_os_str().as_bytes();
    let below = OsStr::from_bytes(path.strip_prefix(b"/").filter(|below| !below.is_empty()).unwrap_or(b"."));
    // A link at the end leads to something else.
    let look = look.filter(|look| look.found() == located.found);
    let Some(found) = located.found else {
        // A directory that was removed is still there for those that are in it.
        if is_dots(name) {
            return None;
        }
        // A missing directory or name is missing for everyone with the same rights.
        let seen = match look {
            Some(look) => look.seen.map(drop),
            None => statat(view.root(), below, AtFlags::SYMLINK_NOFOLLOW).map(drop),
        };
        return match seen {
            Err(errno @ (Errno::NOENT | Errno::NOTDIR | Errno::ACCESS)) if only_looks(attempt) => {
                Some(failure(errno))
            }
            _ => None,
        };
    };
    let may = |access| match accessat(view.root(), below, access, AtFlags::empty()) {
        Ok(()) => Some(0),
        Err(errno @ (Errno::ACCESS | Errno::ROFS)) => Some(failure(errno)),
        Err(_) => None,
    };
    match attempt.rule.name {
        "stat" | "lstat" | "stat64" | "lstat64" => Some(0),
        "newfstatat" | "fstatat64" => (argument[3] & !AT_SYMLINK_NOFOLLOW == 0).then_some(0),
        "statx" => (argument[2] & !AT_SYMLINK_NOFOLLOW == 0).then_some(0),
        "readlink" => (found.kind() == FileKind::Link && argument[2] > 0).then_some(1),
        "readlinkat" => (found.kind() == FileKind::Link && argument[3] > 0).then_some(1),
        "access" => may(Access::from_bits(argument[1] as u32)?),
        "faccessat" => may(Access::from_bits(argument[2] as u32)?),
        "open" | "openat" if only_reads(flags(attempt)?) => match found.kind() {
            FileKind::File if flags(attempt)? & O_DIRECTORY != 0 => Some(failure(Errno::NOTDIR)),
            FileKind::File | FileKind::Directory => may(Access::READ_OK),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the call would do nothing but fail at a path that is missing.
fn only_looks(attempt: &Attempt) -> bool {
    match attempt.rule.name {
        "stat" | "lstat" | "stat64" | "lstat64" | "newfstatat" | "fstatat64" | "statx" | "readlink"
        | "readlinkat" | "access" | "faccessat" => true,
        "open" | "openat" => flags(attempt).is_some_and(only_reads),
        _ => false,
    }
}

/// Whether a name leads to a directory without the name of anything.
pub(super) fn is_dots(name: &[u8]) -> bool {
    !name.starts_with(b"/")
        && name.split(|&b| b == b'/').all(|component| matches!(component, b"" | b"." | b".."))
}

fn flags(attempt: &Attempt) -> Option<u64> {
    match attempt.rule.name {
        "open" => Some(attempt.arguments[1]),
        "openat" => Some(attempt.arguments[2]),
        _ => None,
    }
}

fn only_reads(flags: u64) -> bool {
    flags & O_ACCMODE == 0 && flags & !(O_CLOEXEC | O_DIRECTORY | O_LARGEFILE | O_NOCTTY | O_NONBLOCK) == 0
}

fn failure(errno: Errno) -> i64 {
    -i64::from(errno.raw_os_error())
}
