//! Which systemd is installed.

use ringfence_unit::find::Root;
use std::path::{Path, PathBuf};

/// The version of the systemd that is installed in a tree, as the name of its shared library tells it:
/// `libsystemd-shared-257.so`, in `/usr/lib/systemd` or, on Debian, below a directory for the architecture.
pub fn installed(tree: &Root) -> Option<u16> {
    let lib = tree.outside(Path::new("/usr/lib"));
    let own = [lib.join("systemd"), tree.outside(Path::new("/usr/lib64/systemd"))];
    let by_architecture = entries(&lib).map(|dir| dir.join("systemd"));
    own.into_iter()
        .chain(by_architecture)
        .flat_map(|dir| entries(&dir).collect::<Vec<_>>())
        .filter_map(|f| of_library(&f))
        .max()
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn of_library(file: &Path) -> Option<u16> {
    let name = file.file_name()?.to_str()?.strip_prefix("libsystemd-shared-")?;
    let digits = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    name[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_tells_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(installed(&Root::new(dir.path()).unwrap()), None);
        let lib = dir.path().join("usr/lib/x86_64-linux-gnu/systemd");
        std::fs::create_dir_all(&lib).unwrap();
        std::fs::write(lib.join("libsystemd-shared-257.so"), "").unwrap();
        std::fs::write(lib.join("libsystemd-core-258.so"), "").unwrap();
        assert_eq!(installed(&Root::new(dir.path()).unwrap()), Some(257));
    }
}
