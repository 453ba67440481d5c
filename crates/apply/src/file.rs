//! Files that are there whole or not at all.

use crate::tree;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Stat, Uid, XattrFlags};
use rustix::io::Errno;

/// Puts a file in a directory in one step: whoever looks sees the old one or the new one. It outlasts a loss of power when this
/// returns. `like` is a file whose mode, owner and extended attributes (a security label among them) it takes over; without
/// one it is root's, for all to read.
pub fn replace(directory: &OwnedFd, name: &str, content: &[u8], like: Option<&OwnedFd>) -> Result<(), Errno> {
    remove(directory, BESIDE)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let done = rustix::fs::openat(directory, BESIDE, flags, Mode::from_raw_mode(0o600))
        .and_then(|file| {
            write_all(&file, content)?;
            match like {
                Some(like) => take_over(like, &file)?,
                None => rustix::fs::fchmod(&file, Mode::from_raw_mode(0o644))?,
            }
            rustix::fs::fsync(&file)
        })
        .and_then(|()| rustix::fs::renameat(directory, BESIDE, directory, name))
        .and_then(|()| tree::sync(directory));
    if done.is_err() {
        // The reason is told already; a leftover has a name that nobody reads and that the next attempt removes.
        let _ = remove(directory, BESIDE);
    }
    done
}

/// The name under which a file is written before it takes its place. systemd reads no hidden files.
pub const BESIDE: &str = ".ringfence.new";

/// Removes a file; one that is not there is as good.
pub fn remove(directory: impl AsFd, name: &str) -> Result<(), Errno> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// The file's own attributes, not those of what a link points to; `None` when it is not there.
pub fn stat(directory: impl AsFd, name: &str) -> Result<Option<Stat>, Errno> {
    match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Opens a regular file for reading; `None` when it is not there.
pub fn open(directory: impl AsFd, name: &str) -> Result<Option<OwnedFd>, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::openat(directory, name, flags, Mode::empty()) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// A file's content.
pub fn read(file: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let mut content = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match rustix::io::read(file, &mut chunk) {
            Ok(0) => return Ok(content),
            Ok(length) => content.extend_from_slice(&chunk[..length]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

fn write_all(file: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(file, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Mode, owner and extended attributes.
fn take_over(from: &OwnedFd, to: &OwnedFd) -> Result<(), Errno> {
    let stat = rustix::fs::fstat(from)?;
    rustix::fs::fchown(to, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)))?;
    rustix::fs::fchmod(to, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    let names = match all_of(|space| rustix::fs::flistxattr(from, space)) {
        Ok(names) => names,
        // A file system without any.
        Err(Errno::NOTSUP) => return Ok(()),
        Err(errno) => return Err(errno),
    };
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let value = all_of(|space| rustix::fs::fgetxattr(from, name, space))?;
        rustix::fs::fsetxattr(to, name, &value, XattrFlags::empty())?;
    }
    Ok(())
}

/// Asks for as much as there is; the kernel says how much that may be at most (xattr(7): 64 KiB).
fn all_of(ask: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut space = vec![0; 64 * 1024];
    let length = ask(&mut space)?;
    space.truncate(length);
    Ok(space)
}
