//! The search directories as they are listed, once.

use super::{Root, SearchPath};
use ringfence_terms::{Complaint, Severity};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One search directory that exists.
#[derive(Debug)]
pub(super) struct Directory {
    /// As the search path names it, inside the tree.
    pub path: PathBuf,
    /// The same without symlinks.
    pub real: PathBuf,
    /// What is in it and may matter: files, directories and symlinks with names in UTF-8, sorted.
    pub entries: Vec<(String, Kind)>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    File,
    Directory,
    Symlink,
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
    let real = root.resolve(path)?;
    let mut entries = Vec::new();
    for entry in fs::read_dir(root.outside(&real))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let kind = match () {
            () if kind.is_file() => Kind::File,
            () if kind.is_dir() => Kind::Directory,
            () if kind.is_symlink() => Kind::Symlink,
            () => continue,
        };
        // A name that is not UTF-8 is neither a unit's name nor that of a directory for drop-ins.
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, kind));
        }
    }
    entries.sort();
    Ok(Directory { path: path.to_path_buf(), real, entries })
}

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
