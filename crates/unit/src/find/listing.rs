//! The search directories as they are listed, once.

use super::{Root, SearchPath};
use ringfence_terms::{Complaint, Severity};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, openat, statat};
use smol_str::SmolStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// One search directory that exists.
#[derive(Debug)]
pub(super) struct Directory {
    /// As the search path names it, inside the tree.
    pub path: PathBuf,
    /// The same without symlinks.
    pub real: PathBuf,
    /// The directory itself, so that what is in it need not be looked up from the root.
    pub fd: OwnedFd,
    /// What is in it and may matter, in no order.
    pub entries: Vec<(SmolStr, Kind)>,
}

impl Directory {
    /// Opens a directory in it, which the listing has shown to be one and no symlink.
    pub fn open_below(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.fd, name, flags, Mode::empty())?)
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    File,
    Directory,
    Symlink,
    /// Nothing that could be a unit: a socket, a device.
    Other,
}

/// Lists every directory of the search path. One that does not exist is passed over; one that cannot be read is
/// complained about.
pub(super) fn list_all(search: &SearchPath) -> (Vec<Directory>, Vec<Complaint>) {
    let mut directories = Vec::new();
    let mut complaints = Vec::new();
    for path in &search.dirs {
        match list(&search.root, path) {
            Ok(directory) => directories.push(directory),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => complaints.push(unreadable(&search.root, path, &error)),
        }
    }
    (directories, complaints)
}

fn list(root: &Root, path: &Path) -> io::Result<Directory> {
    let (fd, real) = root.open_directory(path)?;
    let entries = entries(&fd)?;
    Ok(Directory { path: path.to_path_buf(), real, fd, entries })
}

/// What is in a directory and may matter, in no order. A name that is not UTF-8 is neither a unit's name nor that of a directory for
/// drop-ins.
pub(super) fn entries(directory: &OwnedFd) -> io::Result<Vec<(SmolStr, Kind)>> {
    let mut buffer = Vec::with_capacity(LISTED_AT_ONCE);
    let mut listing = RawDir::new(directory, buffer.spare_capacity_mut());
    let mut entries = Vec::new();
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        let kind = match entry.file_type() {
            // Not every file system tells what an entry is.
            FileType::Unknown => {
                let stat = statat(directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(stat.st_mode)
            }
            known => known,
        };
        let kind = match kind {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            _ => Kind::Other,
        };
        if !matches!(name, "." | "..") {
            entries.push((SmolStr::new(name), kind));
        }
    }
    Ok(entries)
}

/// The bytes that one system call may return of a directory.
const LISTED_AT_ONCE: usize = 32 * 1024;

/// The complaint that something in the tree could not be read, so that what is in it does not count.
pub(super) fn unreadable(root: &Root, path: &Path, error: &io::Error) -> Complaint {
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied => "run ringfence as root, or make it readable",
        _ => "repair it, or take it away",
    };
    Complaint {
        severity: Severity::Warning,
        message: format!("this cannot be read, so what is in it does not count: {error}"),
        file: root.outside(path).into(),
        line: 0,
        subject: String::new(),
        help: Some(help.to_owned()),
    }
}
