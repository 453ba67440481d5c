//! Paths as a tree, whole or with large directories closed.

use crate::{FileAccess, Operations, Profile};
use ringfence_terms::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A directory or file, and what is below it.
#[derive(Clone, Debug, Default)]
pub struct Tree<'p> {
    /// What was done with it, by result.
    pub uses: BTreeMap<Option<Errno>, Operations>,
    /// The names of the programs that did it.
    pub by: BTreeSet<&'p OsStr>,
    /// The host's paths of it, where they differ.
    pub hosts: BTreeSet<&'p Path>,
    /// What is below, by name.
    pub below: BTreeMap<&'p OsStr, Tree<'p>>,
}

/// A path with what was done with it; or a directory with what was done with everything in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line<'p> {
    /// The path.
    pub path: PathBuf,
    /// How many used paths are meant: the path and those below it; 0 when only the path itself is meant.
    pub below: usize,
    /// What was done, by result.
    pub uses: BTreeMap<Option<Errno>, Operations>,
    /// The names of the programs that did it.
    pub by: BTreeSet<&'p OsStr>,
    /// The host's paths of it, where they differ.
    pub hosts: BTreeSet<&'p Path>,
}

impl<'p> Tree<'p> {
    /// The tree of those accesses that `wanted` wants.
    pub fn of(profile: &'p Profile, wanted: impl Fn(FileAccess<'p>) -> bool) -> Tree<'p> {
        let mut root = Tree::default();
        for access in profile.files_unordered().filter(|access| wanted(*access)) {
            let mut node = &mut root;
            for name in access.path().iter().filter(|name| *name != "/") {
                node = node.below.entry(name).or_default();
            }
            join(&mut node.uses, access.errno(), access.operations());
            node.by.insert(&access.by().comm);
            node.hosts.extend(access.host());
        }
        root
    }

    /// Its paths, a directory before what is below it. A directory, the root apart, that would take more than `most`
    /// lines takes one.
    pub fn lines(&self, most: usize) -> Vec<Line<'p>> {
        let mut lines = self.own_line(Path::new("/"));
        for (name, tree) in &self.below {
            lines.extend(tree.lines_at(&Path::new("/").join(name), most));
        }
        lines
    }

    fn lines_at(&self, path: &Path, most: usize) -> Vec<Line<'p>> {
        let mut lines = self.own_line(path);
        for (name, tree) in &self.below {
            lines.extend(tree.lines_at(&path.join(name), most));
        }
        if lines.len() > most {
            let mut all = Line { path: path.to_owned(), ..Line::default() };
            for line in lines {
                all.hosts.extend(
                    line.hosts.iter().filter_map(|host| above(host, line.path.strip_prefix(path).ok()?)),
                );
                all.below += line.below.max(1);
                line.uses.into_iter().for_each(|(errno, operations)| join(&mut all.uses, errno, operations));
                all.by.extend(line.by);
            }
            lines = vec![all];
        }
        lines
    }

    fn own_line(&self, path: &Path) -> Vec<Line<'p>> {
        let (uses, by, hosts) = (self.uses.clone(), self.by.clone(), self.hosts.clone());
        let line = Line { path: path.to_owned(), below: 0, uses, by, hosts };
        if self.uses.is_empty() { Vec::new() } else { vec![line] }
    }
}

/// The host's path of a directory, from that of what is below it.
fn above<'p>(host: &'p Path, below: &Path) -> Option<&'p Path> {
    host.ends_with(below).then(|| host.ancestors().nth(below.iter().count())).flatten()
}

fn join(uses: &mut BTreeMap<Option<Errno>, Operations>, errno: Option<Errno>, operations: Operations) {
    let known = uses.entry(errno).or_default();
    *known = known.with(operations);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, FileKind, FileUse, Operation, Program, What};
    use std::sync::Arc;

    fn profile(paths: &[&str]) -> Profile {
        let mut profile = Profile::new();
        for path in paths {
            let file = FileUse {
                operations: Operation::Read.into(),
                path: path.into(),
                host: None,
                kind: FileKind::File,
                via: Vec::new(),
                process: None,
            };
            let by = Arc::new(Program { exe: "/bin/x".into(), comm: "x".into(), uid: 0 });
            profile.add(&Event { by, errno: None, what: What::File(file) });
        }
        profile
    }

    #[test]
    fn the_hosts_paths_are_told_of_closed_directories_too() {
        let mut profile = profile(&["/etc/a"]);
        for name in ["a", "b/c", "d"] {
            let file = FileUse {
                operations: Operation::Write.into(),
                path: Path::new("/tmp").join(name),
                host: Some(Path::new("/tmp/private/tmp").join(name)),
                kind: FileKind::File,
                via: Vec::new(),
                process: None,
            };
            let by = Arc::new(Program { exe: "/bin/x".into(), comm: "x".into(), uid: 0 });
            profile.add(&Event { by, errno: None, what: What::File(file) });
        }
        let tree = Tree::of(&profile, |_| true);
        let shown = |most| -> Vec<(String, Vec<String>)> {
            let text = |path: &Path| path.display().to_string();
            let lines = tree.lines(most).into_iter();
            lines.map(|line| (text(&line.path), line.hosts.into_iter().map(text).collect())).collect()
        };
        let tmp = ("/tmp".to_owned(), vec!["/tmp/private/tmp".to_owned()]);
        assert_eq!(shown(2), [("/etc/a".to_owned(), vec![]), tmp]);
        assert_eq!(shown(9)[2], ("/tmp/b/c".to_owned(), vec!["/tmp/private/tmp/b/c".to_owned()]));
    }

    #[test]
    fn large_directories_are_closed_from_the_bottom_up() {
        let profile = profile(&["/", "/a/b/1", "/a/b/2", "/a/b/3", "/a/c", "/d/e"]);
        let tree = Tree::of(&profile, |_| true);
        let shown = |most| -> Vec<(String, usize)> {
            tree.lines(most).into_iter().map(|line| (line.path.display().to_string(), line.below)).collect()
        };
        let line = |path: &str, below| (path.to_owned(), below);
        assert_eq!(shown(9).len(), 6);
        assert_eq!(shown(2), [line("/", 0), line("/a/b", 3), line("/a/c", 0), line("/d/e", 0)]);
        assert_eq!(shown(1), [line("/", 0), line("/a", 4), line("/d/e", 0)]);
    }
}
