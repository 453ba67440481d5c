//! What a boot makes below `/run`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where tmpfiles.d(5) looks, the strongest first: a file hides those of the same name further down.
const DIRECTORIES: [&str; 3] = ["etc/tmpfiles.d", "run/tmpfiles.d", "usr/lib/tmpfiles.d"];

/// The directories below `/run` that systemd-tmpfiles makes at boot, by their paths there. What else is in `/run` was made
/// by something that ran since.
///
/// Lines with specifiers in the path are left out: they are none that a service's own directory has.
pub fn runtime_directories(root: &Path) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    let mut read = BTreeSet::new();
    for directory in DIRECTORIES {
        let Ok(entries) = fs::read_dir(root.join(directory)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !name.as_encoded_bytes().ends_with(b".conf") || !read.insert(name) {
                continue;
            }
            // One that cannot be read says nothing to systemd-tmpfiles either.
            let text = fs::read(entry.path()).unwrap_or_default();
            made.extend(String::from_utf8_lossy(&text).lines().filter_map(directory_made));
        }
    }
    made
}

/// What a service left below `/run` since the last boot: what bears its name there, and in `/run/lock`, and no boot makes.
pub fn left_behind(root: &Path, name: &str) -> Vec<PathBuf> {
    let made = runtime_directories(root);
    let is_its = |entry: &fs::DirEntry| {
        let rest = entry.file_name().to_str().and_then(|entry| entry.strip_prefix(name).map(str::to_owned));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    ["run", "run/lock"]
        .iter()
        .filter_map(|directory| fs::read_dir(root.join(directory)).ok())
        .flat_map(|entries| entries.flatten().filter(is_its).map(|entry| entry.path()))
        .filter(|path| {
            path.strip_prefix(root).is_ok_and(|below| !made.contains(&format!("/{}", below.display())))
        })
        .collect()
}

/// The path of a line that makes a directory (types `d`, `D`, `v`, `q`, `Q`, with any modifiers).
fn directory_made(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (kind, path) = (words.next()?, words.next()?);
    if !kind.starts_with(['d', 'D', 'v', 'q', 'Q']) {
        return None;
    }
    let path = path.trim_matches('"').trim_end_matches('/');
    let path = path.strip_prefix("/var/run/").map_or_else(|| path.to_owned(), |rest| format!("/run/{rest}"));
    (path.starts_with("/run/") && !path.contains('%')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_left_behind_bears_its_name() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("run");
        for directory in ["run/lock/web", "run/web", "run/webmin", "run/lock/other", "usr/lib/tmpfiles.d"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        fs::write(run.join("web.pid"), "").unwrap();
        let left = || {
            let mut left = left_behind(root.path(), "web");
            left.sort();
            left
        };
        assert_eq!(left(), [run.join("lock/web"), run.join("web"), run.join("web.pid")]);
        fs::write(root.path().join("usr/lib/tmpfiles.d/web.conf"), "d /run/web\n").unwrap();
        assert_eq!(left(), [run.join("lock/web"), run.join("web.pid")]);
    }

    #[test]
    fn directories_below_run_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let packages = directory.path().join("usr/lib/tmpfiles.d");
        let own = directory.path().join("etc/tmpfiles.d");
        fs::create_dir_all(&packages).unwrap();
        fs::create_dir_all(&own).unwrap();
        let text = "# d /run/comment\nd /run/php 0755 www-data www-data - -\nD! \"/var/run/x/\"\nf /run/file\nd /run/user-%u\nd /var/lib/y\n";
        fs::write(packages.join("a.conf"), text).unwrap();
        fs::write(packages.join("hidden.conf"), "d /run/hidden\n").unwrap();
        fs::write(own.join("hidden.conf"), "").unwrap();
        let found: Vec<String> = runtime_directories(directory.path()).into_iter().collect();
        assert_eq!(found, ["/run/php", "/run/x"]);
    }
}
