//! Which package a file comes from, as dpkg wrote it down.
//!
//! Where there is another package manager nothing is known: nothing here is needed for anything to be right.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The packages that list one of the files, by name: which of the files, and all else that they list.
///
/// A package's list has one path a line (`/var/lib/dpkg/info/NAME.list`, or `NAME:ARCH.list`; dpkg-query(1)). With a merged
/// `/usr` packages may still list `/lib/x` for what is `/usr/lib/x`.
pub fn of_files(root: &Path, files: &BTreeSet<String>) -> BTreeMap<String, Listed> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(root.join("var/lib/dpkg/info")) else { return found };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".list")) else { continue };
        // One that cannot be read lists nothing.
        let Ok(text) = fs::read_to_string(entry.path()) else { continue };
        let mut has = text.lines().filter(|line| files.contains(*line) || files.contains(&merged(line)));
        if let Some(file) = has.next() {
            let name = name.split(':').next().unwrap_or(name).to_owned();
            let all = text.lines().map(merged).collect();
            found.insert(name, Listed { file: merged(file), all });
        }
    }
    found
}

/// What a package lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The file that was asked for.
    pub file: String,
    /// Everything, directories included.
    pub all: BTreeSet<String>,
}

/// A path as it is where `/bin`, `/lib` and `/sbin` are links into `/usr`.
fn merged(path: &str) -> String {
    let moved = ["/bin/", "/lib/", "/sbin/"].iter().any(|top| path.starts_with(top));
    if moved { format!("/usr{path}") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_a_file_of_it() {
        let root = tempfile::tempdir().unwrap();
        let info = root.path().join("var/lib/dpkg/info");
        fs::create_dir_all(&info).unwrap();
        fs::write(info.join("web-common.list"), "/.\n/etc/web\n/lib/systemd/system/web.service\n").unwrap();
        fs::write(info.join("web:amd64.list"), "/usr/sbin/web\n/usr/lib/web\n").unwrap();
        fs::write(info.join("other.list"), "/usr/bin/other\n").unwrap();
        fs::write(info.join("web-common.md5sums"), "/usr/sbin/web\n").unwrap();
        let asked = ["/usr/lib/systemd/system/web.service", "/usr/sbin/web"].map(str::to_owned).into();
        let found = of_files(root.path(), &asked);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["web", "web-common"]);
        assert_eq!(found["web-common"].file, "/usr/lib/systemd/system/web.service");
        assert!(found["web"].all.contains("/usr/lib/web"));
        assert!(of_files(&root.path().join("nothing"), &asked).is_empty());
    }
}
