//! Which drop-ins apply to a unit, and in which order (systemd: `src/shared/dropin.c: unit_file_find_dropin_paths`).

use super::Root;
use super::listing::{Directory, Kind, unreadable};
use crate::UnitName;
use crate::name::is_unit_type;
use ringfence_terms::{Complaint, Severity};
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The directories for drop-ins of every search directory, in search order, by their names without `.d`.
#[derive(Debug, Default)]
pub(super) struct DropInMap {
    by_search_dir: Vec<HashMap<String, DropInDirectory>>,
}

#[derive(Debug, Default)]
struct DropInDirectory {
    /// Inside the tree, without symlinks, as systemd shows it.
    real: PathBuf,
    /// The names of its `.conf` files.
    files: Vec<OsString>,
    complaints: Vec<Complaint>,
}

impl DropInMap {
    pub(super) fn build(root: &Root, directories: &[Directory]) -> DropInMap {
        let of_dir = |directory: &Directory| {
            let named = directory.entries.iter().filter_map(|(file_name, kind)| {
                let name = file_name.strip_suffix(".d")?;
                let is_candidate =
                    *kind != Kind::File && (is_unit_type(name) || UnitName::parse(name).is_ok());
                is_candidate.then_some((name, file_name, *kind))
            });
            named.map(|(name, file, kind)| (name.to_owned(), read(root, directory, file, kind))).collect()
        };
        DropInMap { by_search_dir: directories.iter().map(of_dir).collect() }
    }

    /// The drop-ins of a unit with these names, its id first, in the order in which they apply; and complaints about
    /// directories among them.
    ///
    /// Of files with one name the first counts, going through all search directories for each of the unit's names, and
    /// through them once more for the type. The order of application is that of file names alone.
    pub(super) fn find(&self, names: &[&UnitName]) -> (Vec<PathBuf>, Vec<Complaint>) {
        let mut files: BTreeMap<&OsString, PathBuf> = BTreeMap::new();
        let mut complaints = Vec::new();
        let mut seen_dirs: Vec<&Path> = Vec::new();
        let mut levels: Vec<Vec<String>> = names.iter().map(|name| name.drop_in_names()).collect();
        levels.extend(names.first().map(|name| vec![name.suffix().to_owned()]));
        for level in &levels {
            for search_dir in &self.by_search_dir {
                for directory in level.iter().filter_map(|name| search_dir.get(name)) {
                    for file in &directory.files {
                        files.entry(file).or_insert_with(|| directory.real.join(file));
                    }
                    if !directory.complaints.is_empty() && !seen_dirs.contains(&&*directory.real) {
                        seen_dirs.push(&directory.real);
                        complaints.extend(directory.complaints.iter().cloned());
                    }
                }
            }
        }
        (files.into_values().collect(), complaints)
    }
}

fn read(root: &Root, directory: &Directory, file_name: &str, kind: Kind) -> DropInDirectory {
    let path = directory.path.join(file_name);
    if kind == Kind::Symlink && !is_seen_by_systemd(root, directory, file_name) {
        return DropInDirectory {
            complaints: root.resolve(&path).map(|_| hidden_link(root, &path)).into_iter().collect(),
            real: path,
            files: Vec::new(),
        };
    }
    // Only of a symlink is it unknown where it leads; the search directory's own were followed before.
    let real = match kind {
        Kind::Symlink => root.resolve(&path),
        _ => Ok(directory.real.join(file_name)),
    };
    match real.and_then(|real| list(root, real)) {
        Ok((real, files)) => DropInDirectory { real, files, complaints: Vec::new() },
        Err(error) if error.kind() == io::ErrorKind::NotFound => DropInDirectory::default(),
        Err(error) => {
            let complaints = vec![unreadable(root, &path, &error)];
            DropInDirectory { real: path, files: Vec::new(), complaints }
        }
    }
}

/// A directory and the names of its `.conf` files, of whatever kind these are
/// (`src/basic/conf-files.c: files_add`).
fn list(root: &Root, real: PathBuf) -> io::Result<(PathBuf, Vec<OsString>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.outside(&real))? {
        let name = entry?.file_name();
        if name.as_bytes().ends_with(b".conf") && !name.as_bytes().starts_with(b".") {
            files.push(name);
        }
    }
    Ok((real, files))
}

/// The manager asks whether a symlink's target is a directory without saying in which directory the link stands, so a
/// relative one is looked up from the manager's working directory, which is `/` (`unit_file_build_name_map`).
fn is_seen_by_systemd(root: &Root, directory: &Directory, file_name: &str) -> bool {
    let Ok(target) = fs::read_link(root.outside(&directory.real.join(file_name))) else { return false };
    let resolved = root.resolve(&Path::new("/").join(target));
    resolved.is_ok_and(|path| root.outside(&path).is_dir())
}

fn hidden_link(root: &Root, path: &Path) -> Complaint {
    Complaint {
        severity: Severity::Warning,
        message: "systemd does not see this directory, because the symlink's target is relative".to_owned(),
        file: root.outside(path).into(),
        line: 0,
        subject: String::new(),
        help: Some("let the symlink point to an absolute path".to_owned()),
    }
}
