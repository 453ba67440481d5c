//! The host's mount table, indexed by path.

mod asked;

pub use asked::{MountSource, Untold};

use super::Mount;
use asked::Asked;
use hashbrown::{Equivalent, HashMap};
use ringfence_terms::AbsPath;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The mounts that can be reached by path, sorted by path: of mounts that are stacked on one mount point only the top
/// one, and none that a later mount further up hides.
///
/// It is either known as a whole from the start, or [asked for](Self::asked_of) mount by mount.
#[derive(Clone, Debug)]
pub struct MountTable {
    whole: OnceLock<Whole>,
    asked: Option<Arc<Asked>>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
struct Whole {
    reachable: Vec<Mount>,
    at: HashMap<AbsPath, usize>,
}

impl Default for MountTable {
    fn default() -> MountTable {
        MountTable::new(Vec::new())
    }
}

impl MountTable {
    /// Takes the lines of `mountinfo` in any order.
    pub fn new(all: Vec<Mount>) -> MountTable {
        MountTable { whole: OnceLock::from(Whole::of(all)), asked: None }
    }

    /// A table that asks for the mounts that somebody wants to know of, and for all only when it must: a machine may have
    /// thousands.
    pub fn asked_of(source: impl MountSource + 'static) -> MountTable {
        MountTable { whole: OnceLock::new(), asked: Some(Arc::new(Asked::new(Box::new(source)))) }
    }

    fn whole(&self) -> &Whole {
        self.whole.get_or_init(|| Whole::of(self.asked.as_ref().map_or_else(Vec::new, |asked| asked.all())))
    }

    /// What is asked, while not all of it is known.
    fn asked(&self) -> Option<&Asked> {
        self.asked.as_deref().filter(|_| self.whole.get().is_none())
    }

    /// Every reachable mount, sorted by path.
    pub fn all(&self) -> &[Mount] {
        &self.whole().reachable
    }

    /// The mount whose mount point this is.
    pub fn at(&self, path: impl AsRef<Path>) -> Option<&Mount> {
        let path = path.as_ref();
        match self.asked().map(|asked| asked.at(path)) {
            Some(Ok(told)) => told,
            None | Some(Err(Untold)) => self.whole().at(path),
        }
    }

    /// The mount that a path without symlinks lies on.
    pub fn covering(&self, path: &AbsPath) -> Option<&Mount> {
        match self.asked().map(|asked| asked.covering(path)) {
            Some(Ok(told)) => Some(told),
            None | Some(Err(Untold)) => self.whole().covering(path),
        }
    }

    /// The mounts below a path and not at it, sorted by path.
    pub fn below(&self, path: &AbsPath) -> &[Mount] {
        self.whole().below(path)
    }
}

impl Whole {
    fn of(all: Vec<Mount>) -> Whole {
        let mut children: HashMap<u32, Vec<usize>> = HashMap::new();
        let known: HashMap<u32, usize> = all.iter().enumerate().map(|(at, m)| (m.id, at)).collect();
        let mut pending = Vec::new();
        for (at, mount) in all.iter().enumerate() {
            if mount.parent != mount.id && known.contains_key(&mount.parent) {
                children.entry(mount.parent).or_default().push(at);
            } else if mount.path.is_root() {
                pending.push(at);
            }
        }
        let mut reachable = Vec::new();
        let mut seen = vec![false; all.len()];
        while let Some(at) = pending.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            let below = children.get(&all[at].id).map(Vec::as_slice).unwrap_or_default();
            let on_top: Vec<usize> =
                below.iter().copied().filter(|&child| all[child].path == all[at].path).collect();
            // A process's root is what it is, whatever is mounted on it: the kernel lists no mount further down.
            if all[at].path.is_root() {
                reachable.push(at);
                let below: Vec<usize> =
                    below.iter().copied().filter(|child| !on_top.contains(child)).collect();
                pending.extend(uncovered(&all, &below));
            } else if on_top.is_empty() {
                reachable.push(at);
                pending.extend(uncovered(&all, below));
            } else {
                pending.extend(on_top);
            }
        }
        let mut all: Vec<Option<Mount>> = all.into_iter().map(Some).collect();
        let mut reachable: Vec<Mount> = reachable.into_iter().filter_map(|at| all[at].take()).collect();
        reachable.sort_by(|a, b| a.path.cmp(&b.path));
        let at = reachable.iter().enumerate().map(|(index, m)| (m.path.clone(), index)).collect();
        Whole { reachable, at }
    }

    fn at(&self, path: &Path) -> Option<&Mount> {
        self.at.get(&Spelling::of(path)).map(|&index| &self.reachable[index])
    }

    fn covering(&self, path: &AbsPath) -> Option<&Mount> {
        let mut above = path.as_bytes();
        loop {
            if let Some(&index) = self.at.get(&Spelling(above)) {
                return Some(&self.reachable[index]);
            }
            let slash = above.iter().rposition(|&byte| byte == b'/')?;
            above = match slash {
                0 if above.len() > 1 => b"/",
                0 => return None,
                slash => &above[..slash],
            };
        }
    }

    fn below(&self, path: &AbsPath) -> &[Mount] {
        let start = self.reachable.partition_point(|m| m.path <= *path);
        let length = self.reachable[start..].partition_point(|m| m.path.is_below(path));
        &self.reachable[start..start + length]
    }
}

/// A path that is looked for, as it is spelt.
#[derive(Hash)]
struct Spelling<'a>(&'a [u8]);

impl<'a> Spelling<'a> {
    fn of(path: &'a Path) -> Spelling<'a> {
        Spelling(path.as_os_str().as_bytes())
    }
}

impl Equivalent<AbsPath> for Spelling<'_> {
    fn equivalent(&self, path: &AbsPath) -> bool {
        self.0 == path.as_bytes()
    }
}

/// Of mounts that lie on one mount, those that no sibling further up hides.
fn uncovered<'a>(all: &'a [Mount], siblings: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    let mut sorted = siblings.to_vec();
    sorted.sort_by(|&a, &b| all[a].path.cmp(&all[b].path));
    let mut last: Option<usize> = None;
    sorted.into_iter().filter(move |&at| {
        let hidden = last.is_some_and(|top| all[at].path.is_below(&all[top].path));
        if !hidden {
            last = Some(at);
        }
        !hidden
    })
}

#[cfg(test)]
mod tests {
    use super::super::MountFlags;
    use super::*;

    fn mount(id: u32, parent: u32, path: &str) -> Mount {
        Mount {
            id,
            parent,
            root: "/".into(),
            path: path.parse().expect("a path"),
            fs_type: format!("fs{id}"),
            source: "none".into(),
            flags: MountFlags::default(),
            super_read_only: false,
            super_options: String::new(),
        }
    }

    fn types(mounts: &[Mount]) -> Vec<&str> {
        mounts.iter().map(|m| m.fs_type.as_str()).collect()
    }

    #[test]
    fn stacked_and_covered_mounts_are_not_reachable() {
        let table = MountTable::new(vec![
            mount(1, 0, "/"),
            mount(2, 1, "/dev"),
            mount(3, 2, "/dev/pts"),
            mount(4, 3, "/dev/pts"),
            mount(5, 1, "/srv/a/b"),
            mount(6, 1, "/srv/a"),
            mount(7, 6, "/srv/a/c"),
        ]);
        assert_eq!(types(table.all()), ["fs1", "fs2", "fs4", "fs6", "fs7"]);
        assert_eq!(table.covering(&"/srv/a/b/x".parse().expect("a path")).map(|m| m.id), Some(6));
        assert_eq!(types(table.below(&"/srv".parse().expect("a path"))), ["fs6", "fs7"]);
        assert_eq!(types(table.below(&"/dev/pts".parse().expect("a path"))), Vec::<&str>::new());
    }

    #[test]
    fn what_is_mounted_on_the_root_is_not_in_view() {
        let table = MountTable::new(vec![
            mount(1, 0, "/"),
            mount(2, 1, "/"),
            mount(3, 2, "/x"),
            mount(4, 1, "/a"),
            mount(5, 4, "/a"),
        ]);
        assert_eq!(types(table.all()), ["fs1", "fs5"]);
    }

    #[test]
    fn a_table_that_contradicts_itself_does_no_harm() {
        let table = MountTable::new(vec![mount(1, 2, "/"), mount(2, 1, "/"), mount(3, 3, "/x")]);
        assert!(table.all().is_empty());
    }

    /// Knows `/`, `/a` and `/b`, and cannot tell of `/b` alone.
    #[derive(Default)]
    struct Source(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

    impl MountSource for Source {
        fn at(&self, path: &AbsPath) -> Result<Option<Mount>, Untold> {
            self.0.lock().unwrap().push(format!("at {path}"));
            match path.as_bytes() {
                b"/b" => Err(Untold),
                b"/a" => Ok(Some(mount(2, 1, "/a"))),
                _ => Ok(None),
            }
        }

        fn covering(&self, path: &AbsPath) -> Result<Mount, Untold> {
            self.0.lock().unwrap().push(format!("covering {path}"));
            Ok(if path.as_bytes().starts_with(b"/a") { mount(2, 1, "/a") } else { mount(1, 0, "/") })
        }

        fn all(&self) -> Vec<Mount> {
            self.0.lock().unwrap().push("all".to_owned());
            vec![mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 1, "/b")]
        }
    }

    #[test]
    fn a_table_asks_once_for_each_thing_and_for_all_when_it_must() {
        let source = Source::default();
        let asked = std::sync::Arc::clone(&source.0);
        let table = MountTable::asked_of(source);
        let path = |text: &str| AbsPath::parse(text).unwrap();
        for _ in 0..2 {
            assert_eq!(table.at(path("/a")).map(|m| m.id), Some(2));
            assert_eq!(table.at(path("/c")), None);
            assert_eq!(table.covering(&path("/a/x")).map(|m| m.id), Some(2));
            assert_eq!(table.covering(&path("/x")).map(|m| m.id), Some(1));
        }
        assert_eq!(*asked.lock().unwrap(), ["at /a", "at /c", "covering /a/x", "covering /x"]);
        assert_eq!(table.at(path("/b")).map(|m| m.id), Some(3));
        assert_eq!(table.below(&path("/")).len(), 2);
        assert_eq!(table.covering(&path("/b/x")).map(|m| m.id), Some(3));
        assert_eq!(asked.lock().unwrap()[4..], ["at /b", "all"]);
    }
}
