//! Loading a unit by the path of its file.

use super::{Environment, Root, SearchPath, UnitTree};
use crate::{LoadState, Manager, Unit, UnitName, UnitNameError};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a path is no unit.
#[derive(Debug)]
pub enum FileError {
    /// There is no file there, or it cannot be reached.
    Unreachable(PathBuf, io::Error),
    /// Its name is no unit name.
    Name(PathBuf, UnitNameError),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Unreachable(path, error) => {
                write!(
                    f,
                    "{}: {error}; give a unit's name, or the path of an existing unit file",
                    path.display()
                )
            }
            FileError::Name(path, error) => {
                write!(f, "{}: {error}; rename the file, for example to NAME.service", path.display())
            }
        }
    }
}

impl std::error::Error for FileError {}

/// The name of the unit in a file: the file's own, a template with `instance` filled in where one is given.
pub fn name_of_file(path: &Path, instance: Option<&str>) -> Result<UnitName, FileError> {
    let text = path.file_name().unwrap_or_default().to_string_lossy();
    let error = |error| FileError::Name(path.to_path_buf(), error);
    let name = UnitName::parse(&text).map_err(error)?;
    match instance {
        Some(instance) if name.is_template() => name.with_instance(instance).map_err(error),
        _ => Ok(name),
    }
}

/// Loads a unit from the path of its file. Only the file's own directory is searched: the drop-ins are those next to
/// it, in `FILE.d/` and in the directories for its template, its prefixes and its type.
///
/// In a tree that is not the running system, the path is one inside the tree.
pub fn load_file(
    root: Root,
    manager: Manager,
    environment: Environment,
    path: &Path,
    instance: Option<&str>,
) -> Result<Unit, FileError> {
    load_with_neighbours(root, manager, environment, path, instance).map(|(unit, _)| unit)
}

/// As [`load_file`], with all units of the directory.
pub fn load_with_neighbours(
    root: Root,
    manager: Manager,
    environment: Environment,
    path: &Path,
    instance: Option<&str>,
) -> Result<(Unit, UnitTree), FileError> {
    let name = name_of_file(path, instance)?;
    let unreachable = |error| FileError::Unreachable(path.to_path_buf(), error);
    let inside = if root.is_system() { std::path::absolute(path) } else { Ok(Path::new("/").join(path)) };
    let inside = inside.map_err(unreachable)?;
    let meta = std::fs::symlink_metadata(root.outside(&inside)).map_err(unreachable)?;
    if meta.is_dir() {
        return Err(unreachable(io::ErrorKind::IsADirectory.into()));
    }
    let directory = inside.parent().unwrap_or(Path::new("/")).to_path_buf();
    let search = SearchPath::of_dirs(root, manager, [directory]);
    let tree = UnitTree::open(search, environment);
    let unit = tree.load(&name);
    if unit.state == LoadState::NotFound && unit.complaints.is_empty() {
        return Err(unreachable(io::ErrorKind::NotFound.into()));
    }
    Ok((unit, tree))
}
