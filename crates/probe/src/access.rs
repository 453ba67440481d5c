//! Tries accesses. Nothing is truncated or left behind; device nodes, pipes and sockets are opened without waiting.

use ringfence_probe::{Ending, Endings, OK, Tried};
use ringfence_terms::Errno;
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat};
use std::io::{BufRead, BufReader};
use std::mem::MaybeUninit;
use std::path::Path;
use std::process::Command;

/// Opens everything without side effects on terminals and without waiting for the other end of a pipe.
const GENTLY: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// The beginnings of names that come and go while several units run: the directories that a manager makes for
/// `PrivateTmp=`, what the probe itself makes, and what belongs to one random unit.
const PASSING: [&str; 3] = ["systemd-private-", ".probe-", "agr-"];

/// The kernel's own trees, terminals, the manager's working directory and the harness's: what they list changes all the
/// time.
const BUSY: [&str; 5] = ["/proc", "/sys", "/dev/pts", "/run/systemd", "/agreement"];

/// Directories whose names depend on what is installed; only whether there are any is told.
const SYSTEM: [&str; 18] = [
    "/",
    "/bin",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/opt",
    "/root",
    "/run",
    "/run/lock",
    "/sbin",
    "/tmp",
    "/usr",
    "/usr/lib",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
];

/// Tries everything on one path.
pub fn tried(path: &str) -> Tried {
    let stat = rustix::fs::stat(path);
    let kind = stat.as_ref().ok().map(|stat| FileType::from_raw_mode(stat.st_mode));
    let is_dir = kind == Some(FileType::Directory);
    let endings = Endings {
        stat: ending(stat.as_ref().map(drop).map_err(|errno| *errno)),
        read: ending(if is_dir { names(path).map(drop) } else { open(path, OFlags::RDONLY) }),
        write: ending(if is_dir { write_directory(path) } else { open(path, OFlags::WRONLY) }),
        create: ending(create(path)),
        exec: ending(execute(path, kind)),
    };
    Tried { endings, seen: stat.ok().map(|stat| seen(&stat)), holds: holds(path, kind) }
}

/// Kind, mode, owner and group in one line.
pub fn seen(stat: &Stat) -> String {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => "dir",
        FileType::RegularFile => "file",
        FileType::Symlink => "link",
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        FileType::CharacterDevice => "char",
        FileType::BlockDevice => "block",
        FileType::Unknown => "unknown",
    };
    format!("{kind} {:04o} {}:{}", stat.st_mode & 0o7777, stat.st_uid, stat.st_gid)
}

fn ending(result: rustix::io::Result<()>) -> Ending {
    match result {
        Ok(()) => OK.to_owned(),
        Err(errno) => Errno(errno.raw_os_error()).to_string(),
    }
}

fn open(path: &str, how: OFlags) -> rustix::io::Result<()> {
    rustix::fs::open(path, how | GENTLY, Mode::empty()).map(drop)
}

fn create(path: &str) -> rustix::io::Result<()> {
    rustix::fs::open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | GENTLY, Mode::RUSR | Mode::WUSR)?;
    rustix::fs::unlink(path)
}

fn write_directory(path: &str) -> rustix::io::Result<()> {
    create(&format!("{}/.probe-{}", path.trim_end_matches('/'), std::process::id()))
}

/// What `execve(2)` would say. A regular file's mode and its mount's `noexec` are what `faccessat(2)` checks, too; the
/// fixture's `run-` files are empty of code, so executing them for real ends in `ENOEXEC` exactly when it is allowed.
fn execute(path: &str, kind: Option<FileType>) -> rustix::io::Result<()> {
    rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS)?;
    if kind != Some(FileType::RegularFile) {
        return Err(rustix::io::Errno::ACCESS);
    }
    let name = Path::new(path).file_name().unwrap_or_default();
    if !name.to_string_lossy().starts_with("run-") {
        return Ok(());
    }
    match Command::new(path).spawn().map_err(|error| error.raw_os_error()) {
        Ok(_) | Err(None) => Err(rustix::io::Errno::PROTO), // not one of the fixture's files after all
        Err(Some(raw)) if raw == Errno::ENOEXEC.0 => Ok(()),
        Err(Some(raw)) => Err(rustix::io::Errno::from_raw_os_error(raw)),
    }
}

/// What tells one directory or file of the fixture from another.
fn holds(path: &str, kind: Option<FileType>) -> Option<String> {
    match kind? {
        FileType::Directory if BUSY.iter().any(|busy| path.starts_with(busy)) => None,
        FileType::Directory => names(path).ok().filter(|names| is_telling(names)).map(|mut names| {
            names.retain(|name| !PASSING.iter().any(|start| name.starts_with(start)));
            names.sort();
            match SYSTEM.contains(&path) && !names.is_empty() {
                true => "…".to_owned(),
                false => names.join(" "),
            }
        }),
        FileType::RegularFile => {
            let mut line = String::new();
            let file = rustix::fs::open(path, OFlags::RDONLY | GENTLY, Mode::empty()).ok()?;
            BufReader::new(std::fs::File::from(file)).read_line(&mut line).ok()?;
            line.starts_with("fixture ").then(|| line.trim_end().to_owned())
        }
        _ => None,
    }
}

/// A short list, and not that of `/run/systemd`, wherever that is bound.
fn is_telling(names: &[String]) -> bool {
    names.len() <= 40 && !names.iter().any(|name| name == "propagate")
}

fn names(path: &str) -> rustix::io::Result<Vec<String>> {
    let dir = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut entries = RawDir::new(dir, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    Ok(names)
}
