//! `statmount(2)` and `listmount(2)`.

use super::MountFlags;
use crate::last_error;
use rustix::io::{Errno, Result};
use std::ffi::{CStr, OsString};
use std::os::unix::ffi::OsStringExt;

/// What the kernel tells of a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountStatus {
    /// Its number in `mountinfo`.
    pub id: u32,
    /// That of the mount that it lies on.
    pub parent: u32,
    /// Where it is mounted, seen from the caller's root.
    pub point: OsString,
    /// The directory of the file system that is its root.
    pub root: OsString,
    /// The file system's type, with what a driver adds: `fuse.sshfs`.
    pub fs_type: String,
    /// The mount source.
    pub source: OsString,
    /// The mount's own flags.
    pub flags: MountFlags,
    /// The file system's own read-only flag.
    pub super_read_only: bool,
    /// The file system's other options.
    pub options: String,
}

/// `struct mnt_id_req` of `linux/mount.h`, as of Linux 6.8.
#[repr(C)]
struct Request {
    size: u32,
    spare: u32,
    mount: u64,
    parameter: u64,
}

impl Request {
    fn new(mount: u64, parameter: u64) -> Request {
        Request { size: size_of::<Request>() as u32, spare: 0, mount, parameter }
    }
}

const SYS_STATMOUNT: libc::c_long = 457;
const SYS_LISTMOUNT: libc::c_long = 458;

/// Where the strings of `struct statmount` begin.
const STRINGS: usize = 512;

/// Asks for one mount by its unique number (`STATX_MNT_ID_UNIQUE`).
///
/// # Errors
/// `ENOSYS` before Linux 6.8, `EOPNOTSUPP` before 6.13, which tells too little; `ENOENT` and `EPERM` for a mount that is not
/// seen from here.
pub fn mount_status(unique: u64) -> Result<MountStatus> {
    const SUPER: u64 = 1;
    const BASIC: u64 = 2;
    const ROOT: u64 = 8;
    const POINT: u64 = 0x10;
    const TYPE: u64 = 0x20;
    const OPTIONS: u64 = 0x80;
    const SUBTYPE: u64 = 0x100;
    const SOURCE: u64 = 0x200;
    const NEEDED: u64 = SUPER | BASIC | ROOT | POINT | TYPE | SOURCE;
    let request = Request::new(unique, NEEDED | OPTIONS | SUBTYPE);
    // Three strings may be as long as a path.
    let mut answer = [0u8; STRINGS + 3 * 4096];
    // SAFETY: the kernel reads `size_of::<Request>()` bytes of `request`, laid out as C lays out `struct mnt_id_req`, and
    // writes at most the given number of bytes into `answer`; both live until the call returns.
    let result = unsafe {
        libc::syscall(SYS_STATMOUNT, &raw const request, answer.as_mut_ptr(), answer.len(), 0 as libc::c_uint)
    };
    if result != 0 {
        return Err(last_error());
    }
    // The offsets are those of `struct statmount` of `linux/mount.h`.
    let word = |at: usize| answer[at..].first_chunk().map_or(0, |bytes| u32::from_ne_bytes(*bytes));
    let long = |at: usize| answer[at..].first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
    let mask = long(8);
    if mask & NEEDED != NEEDED {
        return Err(Errno::OPNOTSUPP);
    }
    let text = |bit: u64, at: usize| -> Vec<u8> {
        let told = (mask & bit != 0).then(|| answer.get(STRINGS + word(at) as usize..)).flatten();
        told.and_then(|rest| CStr::from_bytes_until_nul(rest).ok())
            .map_or_else(Vec::new, |s| s.to_bytes().to_vec())
    };
    let string = |bit, at| String::from_utf8_lossy(&text(bit, at)).into_owned();
    let subtype = string(SUBTYPE, 120);
    Ok(MountStatus {
        id: word(56),
        parent: word(60),
        point: OsString::from_vec(text(POINT, 108)),
        root: OsString::from_vec(text(ROOT, 104)),
        fs_type: string(TYPE, 36) + if subtype.is_empty() { "" } else { "." } + &subtype,
        source: OsString::from_vec(text(SOURCE, 124)),
        flags: MountFlags(long(64)),
        super_read_only: word(32) & libc::MS_RDONLY as u32 != 0,
        options: string(OPTIONS, 4),
    })
}

/// The unique numbers of the mounts below the caller's root directory, which need be no mount point itself; `own` is the number
/// of the mount that it lies on. None if they are more than a few dozen: then the whole table tells more for less.
///
/// # Errors
/// `ENOSYS` before Linux 6.8.
pub fn few_mounts_below_root(own: u64) -> Result<Option<Vec<u64>>> {
    const ALL: u64 = u64::MAX;
    let request = Request::new(ALL, 0);
    let mut found = [0u64; 64];
    // SAFETY: as above; the kernel writes at most `found.len()` numbers.
    let count = unsafe {
        libc::syscall(SYS_LISTMOUNT, &raw const request, found.as_mut_ptr(), found.len(), 0 as libc::c_uint)
    };
    let count = usize::try_from(count).map_err(|_| last_error())?;
    let below = found.iter().take(count).filter(|mount| **mount != own);
    Ok((count < found.len()).then(|| below.copied().collect()))
}
