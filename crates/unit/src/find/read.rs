//! Reading one unit file.

use super::Root;
use super::root::{Last, Missing};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// What a unit file's place holds.
pub(super) enum Contents {
    /// An empty file or a link to `/dev/null`.
    Mask,
    /// Text, or at least bytes.
    Bytes(Vec<u8>),
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
    /// A regular file that is not empty, at this path of the running system.
    File(PathBuf),
    /// Something else: a directory, a pipe.
    Other,
}

/// Looks without opening; opening a pipe would wait for a writer. What counts as a mask is
/// `src/basic/stat-util.c: null_or_empty`, which does not insist on which character device it is.
pub(super) fn place(root: &Root, path: &Path) -> io::Result<Place> {
    let real = root.chase(path, Last::Follow, Missing::Passes)?;
    // A foreign tree's /dev is empty, but a link to /dev/null in it means the same.
    if real == Path::new("/dev/null") {
        return Ok(Place::Mask);
    }
    let outside = root.outside(&real);
    let meta = fs::metadata(&outside)?;
    Ok(match () {
        () if meta.file_type().is_char_device() || (meta.is_file() && meta.len() == 0) => Place::Mask,
        () if meta.is_file() => Place::File(outside),
        () => Place::Other,
    })
}

/// Reads what is there.
pub(super) fn read(root: &Root, path: &Path) -> Result<Contents, ReadError> {
    let outside = match place(root, path).map_err(ReadError::Open)? {
        Place::Mask => return Ok(Contents::Mask),
        Place::Other => return Err(ReadError::Read(io::Error::other("it is not a regular file"))),
        Place::File(outside) => outside,
    };
    let mut bytes = Vec::new();
    let mut file = File::open(&outside).map_err(ReadError::Open)?;
    file.read_to_end(&mut bytes).map_err(ReadError::Read)?;
    Ok(Contents::Bytes(bytes))
}
