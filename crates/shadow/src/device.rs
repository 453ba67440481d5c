//! The shadow's `/dev`: the pseudo devices, and those whose use changes nothing outside.

use rustix::fs::{AtFlags, CWD, Dev, FileType, Mode};
use rustix::io::{Errno, Result};
use std::path::Path;

/// Node, its number, its mode. `net/tun` belongs to the network namespace, `fuse` to who opens it.
const NODES: [(&str, u32, u32, u32); 8] = [
    ("null", 1, 3, 0o666),
    ("zero", 1, 5, 0o666),
    ("full", 1, 7, 0o666),
    ("random", 1, 8, 0o666),
    ("urandom", 1, 9, 0o666),
    ("tty", 5, 0, 0o666),
    ("net/tun", 10, 200, 0o666),
    ("fuse", 10, 229, 0o666),
];

const LINKS: [(&str, &str); 6] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
    ("core", "/proc/kcore"),
];

/// Fills an empty directory that will be `/dev`.
pub fn fill(dev: &Path) -> Result<()> {
    fill_with(dev, &|path, name| {
        let Some((_, major, minor, mode)) = NODES.into_iter().find(|(known, ..)| *known == name) else {
            return Ok(());
        };
        let number: Dev = rustix::fs::makedev(major, minor);
        rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, Mode::from_raw_mode(mode), number)?;
        // mknod(2) takes the umask off the mode.
        rustix::fs::chmodat(CWD, path, Mode::from_raw_mode(mode), AtFlags::empty())
    })
}

/// The same with the machine's own nodes, for who may not make any.
pub fn fill_from_machine(dev: &Path) -> Result<()> {
    fill_with(dev, &|path, name| {
        let own = Path::new("/dev").join(name);
        if rustix::fs::stat(&own).is_err() {
            return Ok(());
        }
        rustix::fs::mknodat(CWD, path, FileType::RegularFile, Mode::from_raw_mode(0o600), 0)?;
        rustix::mount::mount_bind(&own, path)
    })
}

fn fill_with(dev: &Path, node: &dyn Fn(&Path, &str) -> Result<()>) -> Result<()> {
    for directory in ["net", "pts", "shm", "mqueue"] {
        rustix::fs::mkdirat(CWD, dev.join(directory), Mode::from_raw_mode(0o755))?;
    }
    for (name, ..) in NODES {
        node(&dev.join(name), name)?;
    }
    for (name, target) in LINKS {
        rustix::fs::symlinkat(target, CWD, dev.join(name))?;
    }
    log_socket(dev)
}

/// Services name `/dev/log`, and some units bring it in: it is there as on the machine, but nobody listens.
fn log_socket(dev: &Path) -> Result<()> {
    let log = dev.join("log");
    match rustix::fs::readlink("/dev/log", Vec::new()) {
        Ok(target) => rustix::fs::symlinkat(target, CWD, log),
        Err(Errno::INVAL) => rustix::fs::mknodat(CWD, &log, FileType::Socket, Mode::from_raw_mode(0o666), 0),
        Err(_) => Ok(()),
    }
}
