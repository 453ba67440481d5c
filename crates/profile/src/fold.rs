//! What the fold makes of one sample: the interpretation, in one place, so that old recordings profit from a better one.

use crate::{FileKind, FileUse, Operation, Operations, Privilege, ProcessRelation};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The path under which a use is kept: process and thread numbers in `/proc` are replaced by words, since they are
/// different each time.
pub(crate) fn path(file: &FileUse) -> Cow<'_, Path> {
    let Some((pid, rest)) = process_directory(&file.path) else { return Cow::Borrowed(&file.path) };
    let owner: &[u8] = match file.process {
        Some(ProcessRelation::Own) => b"self",
        Some(_) => b"PID",
        None if pid => b"PID",
        None => return Cow::Borrowed(&file.path),
    };
    let mut bytes = b"/proc/".to_vec();
    bytes.extend_from_slice(owner);
    match rest.strip_prefix(b"/task/") {
        Some(after) => {
            let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
            bytes.extend_from_slice(b"/task/");
            bytes.extend_from_slice(if digits > 0 { b"TID" } else { b"" });
            bytes.extend_from_slice(&after[digits..]);
        }
        None => bytes.extend_from_slice(rest),
    }
    Cow::Owned(Path::new(OsStr::from_bytes(&bytes)).to_path_buf())
}

/// Whether a path below `/proc` names a process by number (else by `self`), and what follows; `None` for other paths.
fn process_directory(path: &Path) -> Option<(bool, &[u8])> {
    let rest = path.as_os_str().as_bytes().strip_prefix(b"/proc/")?;
    let end = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    match name {
        b"self" | b"thread-self" => Some((false, rest)),
        _ if !name.is_empty() && name.iter().all(u8::is_ascii_digit) => Some((true, rest)),
        _ => None,
    }
}

/// The kind and the host's path of a used file, without what only a recorder can know that looks before the call: what kind
/// of file it was that is unlinked, and what was mounted where nothing is any more.
pub(crate) fn known_to_all(file: &FileUse) -> (FileKind, Option<&Path>) {
    let kind = if file.operations.contains(Operation::Unlink) { FileKind::Unknown } else { file.kind };
    let host = file.host.as_deref().filter(|_| !file.operations.contains(Operation::Umount));
    (kind, host)
}

/// The privileges that a use of a path is, besides being an access to a file (systemd.exec(5): ProtectProc=,
/// ProcSubset=, ProtectKernelTunables=, ProtectControlGroups=, ProtectKernelLogs=).
pub(crate) fn implied(file: &FileUse) -> impl Iterator<Item = Privilege> {
    let write = file.operations.changes();
    let bytes = file.path.as_os_str().as_bytes();
    let below = |directory: &[u8]| bytes.strip_prefix(directory).is_some_and(|rest| rest.starts_with(b"/"));
    let proc = below(b"/proc").then(|| match process_directory(&file.path) {
        Some((by_number, _)) => match file.process {
            Some(ProcessRelation::Own) => None,
            Some(relation) => Some(Privilege::ProcOfOther(relation)),
            None => by_number.then_some(Privilege::ProcOfOther(ProcessRelation::Foreign)),
        },
        None => Some(Privilege::ProcKernel { write }),
    });
    let cgroup = write && below(b"/sys/fs/cgroup");
    let sys = write && !cgroup && below(b"/sys");
    let log = !file
        .operations
        .and([Operation::Read, Operation::Write].into_iter().collect::<Operations>())
        .is_empty()
        && matches!(bytes, b"/dev/kmsg" | b"/proc/kmsg");
    [
        proc.flatten(),
        cgroup.then_some(Privilege::CgroupWrite),
        sys.then_some(Privilege::SysWrite),
        log.then_some(Privilege::KernelLog),
    ]
    .into_iter()
    .flatten()
}
