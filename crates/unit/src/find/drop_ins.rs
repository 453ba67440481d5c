//! Which drop-ins apply to a unit, and in which order (systemd: `src/shared/dropin.c: unit_file_find_dropin_paths`).

use super::Root;
use super::listing::{Directory, Kind, entries, unreadable};
use crate::UnitName;
use crate::name::is_unit_type;
use hashbrown::HashMap;
use ringfence_terms::{Complaint, Severity};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The directories for drop-ins of every search directory, in search order, by their names without `.d`. Each is listed
/// when a unit first asks for it.
#[derive(Debug, Default)]
pub(super) struct DropInMap {
    by_search_dir: Vec<HashMap<String, Listed>>,
}

#[derive(Debug)]
struct Listed {
    kind: Kind,
    directory: OnceLock<DropInDirectory>,
}

#[derive(Debug, Default)]
struct DropInDirectory {
    /// Inside the tree, without symlinks, as systemd shows it.
    real: PathBuf,
    /// The directory itself, where there is one.
    fd: Option<OwnedFd>,
    /// The names of its `.conf` files, of whatever kind these are (`src/basic/conf-files.c: files_add`).
    files: Vec<(SmolStr, Kind)>,
    complaints: Vec<Complaint>,
}

/// A drop-in that applies to a unit.
pub(super) struct Found<'a> {
    /// Inside the tree; only the last component may be a symlink.
    pub path: PathBuf,
    pub name: &'a str,
    pub kind: Kind,
    pub directory: Option<&'a OwnedFd>,
}

impl DropInMap {
    pub(super) fn build(directories: &[Directory]) -> DropInMap {
        let of_dir = |directory: &Directory| {
            let named = directory.entries.iter().filter_map(|(file_name, kind)| {
                let name = file_name.strip_suffix(".d")?;
                let is_candidate = matches!(kind, Kind::Directory | Kind::Symlink)
                    && (is_unit_type(name) || UnitName::is_valid(name));
                is_candidate.then(|| (name.to_owned(), Listed { kind: *kind, directory: OnceLock::new() }))
            });
            named.collect()
        };
        DropInMap { by_search_dir: directories.iter().map(of_dir).collect() }
    }

    /// The drop-ins of a unit with these names, its id first, in the order in which they apply; and complaints about
    /// directories among them.
    ///
    /// Of files with one name the first counts, going through all search directories for each of the unit's names, and
    /// through them once more for the type. The order of application is that of file names alone.
    pub(super) fn find(
        &self,
        root: &Root,
        directories: &[Directory],
        names: &[&UnitName],
    ) -> (Vec<Found<'_>>, Vec<Complaint>) {
        let mut files: BTreeMap<&str, Found<'_>> = BTreeMap::new();
        let mut complaints = Vec::new();
        let mut seen_dirs: Vec<&Path> = Vec::new();
        let mut levels: Vec<Vec<String>> = names.iter().map(|name| name.drop_in_names()).collect();
        levels.extend(names.first().map(|name| vec![name.suffix().to_owned()]));
        for level in &levels {
            for (search_dir, above) in self.by_search_dir.iter().zip(directories) {
                for (name, listed) in level.iter().filter_map(|name| search_dir.get_key_value(name)) {
                    let directory =
                        listed.directory.get_or_init(|| read(root, above, &format!("{name}.d"), listed.kind));
                    for (file, kind) in &directory.files {
                        files.entry(file).or_insert_with(|| Found {
                            path: directory.real.join(file.as_str()),
                            name: file,
                            kind: *kind,
                            directory: directory.fd.as_ref(),
                        });
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
            ..DropInDirectory::default()
        };
    }
    // Only of a symlink is it unknown where it leads; the search directory's own were followed before.
    let opened = match kind {
        Kind::Symlink => root.open_directory(&path),
        _ => directory.open_below(file_name).map(|fd| (fd, directory.real.join(file_name))),
    };
    match opened.and_then(|(fd, real)| Ok((entries(&fd)?, fd, real))) {
        Ok((mut files, fd, real)) => {
            files.retain(|(name, _)| name.ends_with(".conf") && !name.starts_with('.'));
            DropInDirectory { real, fd: Some(fd), files, complaints: Vec::new() }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => DropInDirectory::default(),
        Err(error) => {
            let complaints = vec![unreadable(root, &path, &error)];
            DropInDirectory { real: path, complaints, ..DropInDirectory::default() }
        }
    }
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
