//! What `/proc` says about a process.

use rustix::process::Pid;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A file of a process's directory.
pub fn path(process: Pid, file: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{}/{file}", process.as_raw_nonzero()))
}

/// The parts of `/proc/PID/status` that recorders need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The process that this thread belongs to.
    pub process: i32,
    /// The process that made it.
    pub parent: i32,
    /// The process's number in its innermost PID namespace.
    pub inner: i32,
    /// The thread's number in its innermost PID namespace.
    pub inner_thread: i32,
    /// Real, effective, saved and file system user.
    pub users: [u32; 4],
    /// Real, effective, saved and file system group.
    pub groups: [u32; 4],
    /// Supplementary groups.
    pub more_groups: Vec<u32>,
    /// The permitted capabilities, one bit each.
    pub permitted: u64,
    /// The effective capabilities, one bit each.
    pub effective: u64,
    /// A seccomp filter is in force.
    pub filtered: bool,
    /// The thread that traces it; 0 for none.
    pub tracer: i32,
    /// It has ended, and is only still there to be collected.
    pub ended: bool,
}

impl Status {
    /// Reads the status of a process or thread.
    pub fn read(thread: Pid) -> io::Result<Status> {
        Ok(Status::parse(&std::fs::read(path(thread, "status"))?))
    }

    /// A line that is missing leaves its field at zero: kernels differ in what they show.
    fn parse(text: &[u8]) -> Status {
        let mut status = Status::default();
        for line in text.split(|&b| b == b'\n') {
            let Some((key, value)) = std::str::from_utf8(line).ok().and_then(|l| l.split_once(':')) else {
                continue;
            };
            let mut words = value.split_ascii_whitespace();
            let number = |word: Option<&str>| word.and_then(|w| w.parse().ok()).unwrap_or_default();
            let set =
                |word: Option<&str>| word.and_then(|w| u64::from_str_radix(w, 16).ok()).unwrap_or_default();
            match key {
                "Tgid" => status.process = number(words.next()),
                "PPid" => status.parent = number(words.next()),
                "NStgid" => status.inner = number(words.last()),
                "NSpid" => status.inner_thread = number(words.last()),
                "Uid" => status.users = four(words),
                "Gid" => status.groups = four(words),
                "Groups" => status.more_groups = words.filter_map(|w| w.parse().ok()).collect(),
                "CapPrm" => status.permitted = set(words.next()),
                "CapEff" => status.effective = set(words.next()),
                "TracerPid" => status.tracer = number(words.next()),
                "State" => status.ended = matches!(words.next(), Some("Z" | "X")),
                "Seccomp" => status.filtered = words.next() == Some("2"),
                _ => {}
            }
        }
        status
    }
}

fn four<'w>(words: impl Iterator<Item = &'w str>) -> [u32; 4] {
    let mut four = [0; 4];
    four.iter_mut().zip(words).for_each(|(id, word)| *id = word.parse().unwrap_or_default());
    four
}

impl Status {
    /// The effective user.
    pub fn user(&self) -> u32 {
        self.users[1]
    }

    /// Whether the kernel gives both the same access to files, as far as a status can tell: one real, effective and file
    /// system identity, the same groups and capabilities.
    pub fn has_rights_of(&self, other: &Status) -> bool {
        let one = |ids: &[u32; 4]| ids.iter().all(|id| *id == ids[0]);
        one(&self.users)
            && one(&self.groups)
            && self.users == other.users
            && self.groups == other.groups
            && self.more_groups == other.more_groups
            && self.effective == other.effective
    }
}

/// A process's name: `/proc/PID/comm`.
pub fn comm(process: Pid) -> io::Result<OsString> {
    let mut name = std::fs::read(path(process, "comm"))?;
    if name.last() == Some(&b'\n') {
        name.pop();
    }
    Ok(OsString::from_vec(name))
}

/// The threads of a process, or the children of a thread: the numbers that name or fill a file of `/proc`.
pub fn threads(process: Pid) -> io::Result<Vec<Pid>> {
    std::fs::read_dir(path(process, "task"))?
        .filter_map(|entry| entry.map(|e| number(e.file_name().as_bytes())).transpose())
        .collect()
}

/// Every process that there is.
pub fn processes() -> io::Result<Vec<Pid>> {
    std::fs::read_dir("/proc")?
        .filter_map(|entry| entry.map(|e| number(e.file_name().as_bytes())).transpose())
        .collect()
}

/// The processes and all that descend from them.
pub fn family(roots: &[Pid]) -> Vec<Pid> {
    let parents: Vec<(Pid, i32)> = processes()
        .unwrap_or_default()
        .into_iter()
        .filter_map(|pid| Some((pid, Status::read(pid).ok()?.parent)))
        .collect();
    let mut family = roots.to_vec();
    let mut at = 0;
    while let Some(&process) = family.get(at) {
        let children = parents.iter().filter(|(_, parent)| *parent == process.as_raw_nonzero().get());
        let new: Vec<Pid> =
            children.map(|(child, _)| *child).filter(|child| !family.contains(child)).collect();
        family.extend(new);
        at += 1;
    }
    family
}

/// A process number in digits.
pub fn number(digits: &[u8]) -> Option<Pid> {
    std::str::from_utf8(digits).ok()?.parse().ok().and_then(Pid::from_raw)
}

/// A path that the kernel made from a file that is open or in use, without the ` (deleted)` that it puts at the end of
/// one without a name; and whether that was there.
pub fn undeleted(path: &[u8]) -> (&[u8], bool) {
    path.strip_suffix(b" (deleted)").map_or((path, false), |path| (path, true))
}

/// Whether the kernel made the name up: a memfd, or a file made with `O_TMPFILE`.
pub fn is_nameless(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let numbered = name.strip_prefix(b"#").is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit));
    numbered || path.as_os_str().as_bytes().starts_with(b"/memfd:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_status() {
        let text = b"Name:\ta\xffb\nState:\tZ (zombie)\nTracerPid:\t6\nTgid:\t40\nPPid:\t7\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n\
            Groups:\t9 10 \nNStgid:\t40\t3\nNSpid:\t41\t4\n\
            CapPrm:\t00000000000000ff\nCapEff:\t0000000000000001\nSeccomp:\t2\n";
        let expected = Status {
            process: 40,
            parent: 7,
            inner: 3,
            inner_thread: 4,
            users: [1, 2, 3, 4],
            groups: [5, 6, 7, 8],
            more_groups: vec![9, 10],
            permitted: 0xff,
            effective: 1,
            filtered: true,
            tracer: 6,
            ended: true,
        };
        assert_eq!(Status::parse(text), expected);
        assert_eq!(Status::parse(b"\n\nx"), Status::default());
    }
}
