//! Reading one unit file.

use super::Root;
use super::root::{Last, Missing};
use crate::text::LONG_LINE_MAX;
use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// What a unit file's place holds.
pub(super) enum Contents {
    /// An empty file or a link to `/dev/null`.
    Mask,
    /// Text, or at least bytes, and where they stand inside the tree when every symlink is followed.
    Bytes { bytes: Vec<u8>, real: PathBuf },
}

/// Why there is nothing to parse.
pub(super) enum ReadError {
    /// It does not exist or cannot be opened.
    Open(io::Error),
    /// It was opened and cannot be read; or it is nothing that could be.
    Read(io::Error),
}

/// What is at a unit file's place, symlinks followed.
pub(super) enum Place {
    Mask,
    /// A regular file of so many bytes, more than none, at this path inside the tree, without symlinks.
    File(PathBuf, u64),
    /// Something else: a directory, a pipe.
    Other,
}

/// Looks without opening; opening a pipe would wait for a writer. The path's directory has no symlinks in it.
///
/// What counts as a mask is `src/basic/stat-util.c: null_or_empty`, which does not insist on which character device it
/// is.
pub(super) fn place(root: &Root, path: &Path) -> io::Result<Place> {
    let mut meta = fs::symlink_metadata(root.outside(path))?;
    let mut real = path.to_path_buf();
    if meta.is_symlink() {
        real = root.chase(path, Last::Follow, Missing::Passes)?;
        // A foreign tree's /dev is empty, but a link to /dev/null in it means the same.
        if real == Path::new("/dev/null") {
            return Ok(Place::Mask);
        }
        meta = fs::symlink_metadata(root.outside(&real))?;
    }
    Ok(match () {
        () if meta.file_type().is_char_device() || (meta.is_file() && meta.len() == 0) => Place::Mask,
        () if meta.is_file() => Place::File(real, meta.len()),
        () => Place::Other,
    })
}

/// Reads a file that the listing of its directory has shown to be a regular one; `path` is where it stands inside the
/// tree. What has become something else since is looked at anew.
pub(super) fn read_listed(
    root: &Root,
    directory: &OwnedFd,
    name: &OsStr,
    path: &Path,
) -> Result<Contents, ReadError> {
    // Opening a pipe would wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat(directory, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::LOOP) => return read(root, path),
        Err(error) => return Err(ReadError::Open(error.into())),
    };
    let mut bytes = Vec::with_capacity(READ_AT_ONCE);
    loop {
        let room = bytes.capacity() - bytes.len();
        match rustix::io::read(&file, spare_capacity(&mut bytes)) {
            Ok(count) if count < room => break,
            Ok(_) => bytes.reserve(bytes.len()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(ReadError::Read(error.into())),
        }
    }
    bytes.shrink_to_fit();
    match bytes.is_empty() {
        true => Ok(Contents::Mask),
        false => Ok(Contents::Bytes { bytes, real: path.to_path_buf() }),
    }
}

/// More than most unit files have, so that a second system call need not find the end.
const READ_AT_ONCE: usize = 8 * 1024;

/// Reads what is there.
pub(super) fn read(root: &Root, path: &Path) -> Result<Contents, ReadError> {
    let (real, length) = match place(root, path).map_err(ReadError::Open)? {
        Place::Mask => return Ok(Contents::Mask),
        Place::Other => return Err(ReadError::Read(io::Error::other("it is not a regular file"))),
        Place::File(real, length) => (real, length),
    };
    let file = File::open(root.outside(&real)).map_err(ReadError::Open)?;
    // Its length is known. Asking a `File` to read to its end would make it ask for that again.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).min(LONG_LINE_MAX) + 1);
    file.take(u64::MAX).read_to_end(&mut bytes).map_err(ReadError::Read)?;
    Ok(Contents::Bytes { bytes, real })
}
