//! Which package a file comes from, as dpkg, pacman or apk wrote it down as text.
//!
//! Where there is another package manager nothing is known: nothing here is needed for anything to be right.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The packages that list one of the files, by name: which of the files, and all else that they list.
pub fn of_files(root: &Path, files: &BTreeSet<String>) -> BTreeMap<String, Listed> {
    let mut found = BTreeMap::new();
    let mut look = |name: &str, lines: &mut dyn Iterator<Item = String>| {
        let all: BTreeSet<String> = lines.map(|path| merged(&path)).collect();
        if let Some(file) = files.iter().map(|file| merged(file)).find(|file| all.contains(file)) {
            found.insert(name.to_owned(), Listed { file, all });
        }
    };
    dpkg(root, &mut look);
    pacman(root, &mut look);
    apk(root, &mut look);
    found
}

/// Is told a package's name and all that it lists.
type Look<'l> = dyn FnMut(&str, &mut dyn Iterator<Item = String>) + 'l;

/// A list is `/var/lib/dpkg/info/NAME.list`, or `NAME:ARCH.list`, one path a line (dpkg-query(1)).
fn dpkg(root: &Path, look: &mut Look<'_>) {
    for entry in entries(&root.join("var/lib/dpkg/info")) {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".list")) else { continue };
        let text = text(&entry.path());
        look(name.split(':').next().unwrap_or(name), &mut text.lines().map(str::to_owned));
    }
}

/// A list is `/var/lib/pacman/local/NAME-VERSION-RELEASE/files`: below a line `%FILES%`, relative to the root, directories with
/// a slash at their end.
fn pacman(root: &Path, look: &mut Look<'_>) {
    for entry in entries(&root.join("var/lib/pacman/local")) {
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|name| name.rsplitn(3, '-').nth(2)) else { continue };
        let text = text(&entry.path().join("files"));
        let listed =
            text.lines().skip_while(|line| *line != "%FILES%").skip(1).take_while(|line| !line.is_empty());
        look(name, &mut listed.map(|path| format!("/{}", path.trim_end_matches('/'))));
    }
}

/// All packages are in `/lib/apk/db/installed`, with an empty line between them: `P:` is the name, `F:` a directory, `R:` a file in
/// the directory last named (apk-package(5)).
fn apk(root: &Path, look: &mut Look<'_>) {
    let text = text(&root.join("lib/apk/db/installed"));
    for package in text.split("\n\n") {
        let Some(name) = package.lines().find_map(|line| line.strip_prefix("P:")) else { continue };
        let mut directory = "";
        let mut listed = package.lines().filter_map(|line| match line.split_once(':')? {
            ("F", path) => {
                directory = path;
                Some(format!("/{path}"))
            }
            ("R", file) => Some(format!("/{directory}/{file}")),
            _ => None,
        });
        look(name, &mut listed);
    }
}

fn entries(directory: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(directory).into_iter().flat_map(Iterator::flatten)
}

/// A list that cannot be read lists nothing.
fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
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

    #[test]
    fn pacman_and_apk_write_it_down_as_well() {
        let root = tempfile::tempdir().unwrap();
        let pacman = root.path().join("var/lib/pacman/local/web-server-1.2-3");
        fs::create_dir_all(&pacman).unwrap();
        let text = "%FILES%\nusr/\nusr/lib/web/\nusr/bin/web\n\n%BACKUP%\netc/web.conf\tsum\n";
        fs::write(pacman.join("files"), text).unwrap();
        let apk = root.path().join("lib/apk/db");
        fs::create_dir_all(&apk).unwrap();
        let text =
            "P:other\nV:1\nF:usr/bin\nR:other\n\nP:dns\nV:2\nF:usr/sbin\nR:dns\na:0:0:755\nF:usr/lib/dns\n";
        fs::write(apk.join("installed"), text).unwrap();
        let asked = ["/usr/bin/web", "/usr/sbin/dns"].map(str::to_owned).into();
        let found = of_files(root.path(), &asked);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["dns", "web-server"]);
        assert!(found["web-server"].all.contains("/usr/lib/web"));
        assert!(!found["web-server"].all.contains("/etc/web.conf"));
        assert!(found["dns"].all.contains("/usr/lib/dns"));
    }
}
