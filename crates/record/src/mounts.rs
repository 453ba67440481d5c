//! A mount table, to tell which file of which file system a path is, and back.

use crate::proc;
use rustix::process::Pid;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The mounts of one mount namespace, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountTable(Vec<Mount>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    device: String,
    /// Which directory of the file system is mounted.
    root: PathBuf,
    point: PathBuf,
}

/// A file, by its file system and its path in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOnDevice {
    device: String,
    path: PathBuf,
}

impl FileOnDevice {
    /// A file on the device of these numbers.
    pub fn new(major: u32, minor: u32, path: &Path) -> FileOnDevice {
        FileOnDevice { device: format!("{major}:{minor}"), path: path.to_path_buf() }
    }
}

impl MountTable {
    /// The mounts that a process sees (proc_pid_mountinfo(5)).
    pub fn of(process: Pid) -> io::Result<MountTable> {
        Ok(MountTable::parse(&std::fs::read(proc::path(process, "mountinfo"))?))
    }

    fn parse(text: &[u8]) -> MountTable {
        let mount = |line: &[u8]| {
            let mut words = line.split(|&b| b == b' ').skip(2);
            let device = String::from_utf8(words.next()?.to_vec()).ok()?;
            Some(Mount { device, root: unescape(words.next()?), point: unescape(words.next()?) })
        };
        MountTable(text.split(|&b| b == b'\n').filter_map(mount).collect())
    }

    /// The file that a path without symlinks leads to: the last made of the deepest mounts has it.
    pub fn file_at(&self, path: &Path) -> Option<FileOnDevice> {
        let mut best: Option<(&Mount, usize)> = None;
        for mount in self.0.iter().filter(|mount| path.starts_with(&mount.point)) {
            let depth = mount.point.as_os_str().len();
            if best.is_none_or(|(_, deepest)| depth >= deepest) {
                best = Some((mount, depth));
            }
        }
        let (mount, _) = best?;
        let path = join(&mount.root, path.strip_prefix(&mount.point).ok()?);
        Some(FileOnDevice { device: mount.device.clone(), path })
    }

    /// A path that leads to a file here: by the mount that shows most of its file system.
    pub fn path_of(&self, file: &FileOnDevice) -> Option<PathBuf> {
        let mut candidates: Vec<&Mount> =
            self.0.iter().filter(|m| m.device == file.device && file.path.starts_with(&m.root)).collect();
        candidates.sort_by_key(|mount| mount.root.as_os_str().len());
        candidates.into_iter().find_map(|mount| {
            let path = join(&mount.point, file.path.strip_prefix(&mount.root).ok()?);
            // Another mount may cover it.
            (self.file_at(&path).as_ref() == Some(file)).then_some(path)
        })
    }
}

fn join(directory: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() { directory.to_path_buf() } else { directory.join(rest) }
}

/// Undoes the kernel's octal escapes of white space and backslashes.
fn unescape(word: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).filter(|b| (b'0'..=b'7').contains(b)).map(|b| b - b'0');
        match (first, digit(0), digit(1), digit(2)) {
            (b'\\', Some(a @ 0..=3), Some(b), Some(c)) => {
                bytes.push(a << 6 | b << 3 | c);
                rest = &after[3..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(lines: &[&str]) -> MountTable {
        MountTable::parse(lines.join("\n").as_bytes())
    }

    #[test]
    fn a_bind_mount_leads_back_to_the_hosts_path() {
        let host = table(&[
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
            "2 1 0:20 / /run rw - tmpfs tmpfs rw",
            "3 1 8:2 / /var rw - ext4 /dev/sda2 rw",
        ]);
        let inside = table(&[
            "9 0 8:1 / / ro - ext4 /dev/sda1 rw",
            "10 9 8:2 /lib/private/x /var/lib/x rw - ext4 /dev/sda2 rw",
            "11 9 0:50 / /tmp rw - tmpfs tmpfs rw",
            r"12 9 0:20 /a\040b /run/x rw - tmpfs tmpfs rw",
        ]);
        let host_path = |path: &str| host.path_of(&inside.file_at(Path::new(path)).unwrap());
        assert_eq!(host_path("/etc/passwd"), Some("/etc/passwd".into()));
        assert_eq!(host_path("/var/lib/x/f"), Some("/var/lib/private/x/f".into()));
        assert_eq!(host_path("/run/x"), Some("/run/a b".into()));
        assert_eq!(host_path("/tmp/f"), None, "a file system that the host has not mounted");
        assert_eq!(
            inside.file_at(Path::new("/var")).unwrap().device,
            "8:1",
            "the host's /var is another mount"
        );
        assert_eq!(host_path("/var"), None, "what the host's mount covers has no path there");
    }
}
