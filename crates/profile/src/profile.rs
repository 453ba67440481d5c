//! The profile itself: a set of accesses, made by folding events and by merging.

use crate::intern::{Id, Names, Table};
use crate::{Event, FileKind, FileUse, Operations, Privilege, Program, Recording, RecordingId, What, fold};
use hashbrown::HashSet;
use ringfence_terms::Errno;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// Everything that one or more recordings saw, each access once.
///
/// A profile is a set, and [`Profile::merge`] is its union: associative, commutative and idempotent.
#[derive(Clone, Default)]
pub struct Profile {
    recordings: BTreeMap<RecordingId, Recording>,
    names: Names,
    programs: Table<Arc<Program>>,
    /// Where a link is, and its text.
    links: Table<(Id, Id)>,
    /// Lists of links that were followed on one way.
    ways: Table<Box<[Id]>>,
    files: HashSet<Packed>,
    /// Those names that are paths of accesses.
    paths: HashSet<Id>,
    privileges: BTreeMap<Privilege, BTreeSet<Witness>>,
}

/// A file access, as numbers in the profile's tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Packed {
    path: Id,
    /// The same as `path` where the host's path does not differ or is not known.
    host: Id,
    by: Id,
    via: Id,
    operations: Operations,
    /// 0 for success.
    errno: i32,
    kind: FileKind,
}

/// Who used a privilege, with what result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Witness {
    /// The program.
    pub by: Arc<Program>,
    /// How it ended; `None` when it succeeded.
    pub errno: Option<Errno>,
}

/// One file access in a profile.
#[derive(Clone, Copy)]
pub struct FileAccess<'p> {
    profile: &'p Profile,
    packed: &'p Packed,
}

impl<'p> FileAccess<'p> {
    /// The absolute path as the program sees it; `/proc/self` stands for the program's own directory in `/proc`, and
    /// `/proc/PID` for any other process's.
    pub fn path(self) -> &'p Path {
        self.profile.path(self.packed.path)
    }

    /// The path as the host sees it, where it is known to differ.
    pub fn host(self) -> Option<&'p Path> {
        (self.packed.host != self.packed.path).then(|| self.profile.path(self.packed.host))
    }

    /// What one call did or tried with the path.
    pub fn operations(self) -> Operations {
        self.packed.operations
    }

    /// Who.
    pub fn by(self) -> &'p Arc<Program> {
        self.profile.programs.get(self.packed.by)
    }

    /// How it ended; `None` when it succeeded.
    pub fn errno(self) -> Option<Errno> {
        (self.packed.errno != 0).then_some(Errno(self.packed.errno))
    }

    /// What was found there.
    pub fn kind(self) -> FileKind {
        self.packed.kind
    }

    /// The symlinks that were followed on the way, each with its text.
    pub fn via(self) -> impl ExactSizeIterator<Item = (&'p Path, &'p Path)> {
        let profile = self.profile;
        profile.ways.get(self.packed.via).iter().map(move |&link| profile.link(link))
    }

    /// Whether `other`, to the same path, is the same access by, perhaps, another program.
    pub(crate) fn differs_only_in_program(self, other: FileAccess<'_>) -> bool {
        self.cmp_but_program(other) == Ordering::Equal
    }

    /// The order in which accesses are written.
    fn cmp(self, other: FileAccess<'_>) -> Ordering {
        by_component(self.path(), other.path()).then_with(|| self.cmp_of_one_path(other))
    }

    /// The same for two accesses to one path.
    fn cmp_of_one_path(self, other: FileAccess<'_>) -> Ordering {
        self.cmp_but_program(other).then_with(|| self.by().cmp(other.by()))
    }

    fn cmp_but_program(self, other: FileAccess<'_>) -> Ordering {
        self.host()
            .cmp(&other.host())
            .then_with(|| self.operations().cmp(&other.operations()))
            .then_with(|| self.packed.errno.cmp(&other.packed.errno))
            .then_with(|| self.kind().cmp(&other.kind()))
            .then_with(|| self.via().cmp(other.via()))
    }
}

/// Compares byte by byte, a slash before every other byte: a directory comes directly before everything below it.
fn by_component(a: &Path, b: &Path) -> Ordering {
    const CHUNK: usize = 16;
    let (a, b) = (a.as_os_str().as_bytes(), b.as_os_str().as_bytes());
    // Neighbours share most of their path: what is equal is passed over in chunks.
    let equal = a.chunks_exact(CHUNK).zip(b.chunks_exact(CHUNK)).take_while(|(a, b)| a == b).count() * CHUNK;
    let low = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    a[equal..].iter().map(low).cmp(b[equal..].iter().map(low))
}

impl Profile {
    /// A profile of nothing.
    pub fn new() -> Profile {
        Profile::default()
    }

    /// Adds what `event` says, interpreted as far as the fold does (see `docs/profile.md`); whether that was new.
    pub fn add(&mut self, event: &Event) -> bool {
        match &event.what {
            What::File(file) => {
                let mut new = self.add_file(&event.by, event.errno, file);
                for privilege in fold::implied(file) {
                    new |= self.add_privilege(&event.by, event.errno, privilege);
                }
                new
            }
            What::Privilege(privilege) => self.add_privilege(&event.by, event.errno, privilege.clone()),
        }
    }

    fn add_file(&mut self, by: &Arc<Program>, errno: Option<Errno>, file: &FileUse) -> bool {
        let path = fold::path(file);
        let (kind, host) = fold::known_to_all(file);
        let host = host.filter(|host| *host != file.path);
        let via: Vec<_> = file.via.iter().map(|link| (&link.path, &link.target)).collect();
        self.insert(&path, host, by, &via, file.operations, errno, kind)
    }

    /// Adds one access as it is; whether it was new.
    #[expect(clippy::too_many_arguments, reason = "the parts of an access, each of a type of its own")]
    pub(crate) fn insert(
        &mut self,
        path: &Path,
        host: Option<&Path>,
        by: &Arc<Program>,
        via: &[(impl AsRef<Path>, impl AsRef<Path>)],
        operations: Operations,
        errno: Option<Errno>,
        kind: FileKind,
    ) -> bool {
        let path = self.intern_path(path);
        self.paths.insert(path);
        let host = host.map_or(path, |host| self.intern_path(host));
        let way = via
            .iter()
            .map(|(link, target)| {
                let link = (self.intern_path(link.as_ref()), self.intern_path(target.as_ref()));
                self.links.intern(link)
            })
            .collect();
        let via = self.ways.intern(way);
        let by = self.programs.intern(Arc::clone(by));
        self.files.insert(Packed { path, host, by, via, operations, errno: errno.map_or(0, |e| e.0), kind })
    }

    fn intern_path(&mut self, path: &Path) -> Id {
        self.names.intern(path.as_os_str().as_bytes())
    }

    pub(crate) fn add_privilege(
        &mut self,
        by: &Arc<Program>,
        errno: Option<Errno>,
        privilege: Privilege,
    ) -> bool {
        self.privileges.entry(privilege).or_default().insert(Witness { by: Arc::clone(by), errno })
    }

    /// Adds a recording, or brings the one with that number up to date.
    pub fn record(&mut self, id: RecordingId, recording: &Recording) {
        self.recordings
            .entry(id)
            .and_modify(|known| known.join(recording))
            .or_insert_with(|| recording.clone());
    }

    /// Forgets which capabilities an executable of this name used: whoever sets a process up, and then executes what is
    /// recorded, uses some that are none of that program's.
    pub fn forget_capabilities_of(&mut self, executable: &OsStr) {
        self.privileges.retain(|privilege, witnesses| {
            if matches!(privilege, Privilege::Capability(_)) {
                witnesses.retain(|witness| witness.by.exe.file_name() != Some(executable));
            }
            !witnesses.is_empty()
        });
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Profile) {
        for (id, recording) in &other.recordings {
            self.record(*id, recording);
        }
        for access in other.files_unordered() {
            let via: Vec<_> = access.via().collect();
            let (path, host, by) = (access.path(), access.host(), access.by());
            self.insert(path, host, by, &via, access.operations(), access.errno(), access.kind());
        }
        for (privilege, witnesses) in &other.privileges {
            self.privileges.entry(privilege.clone()).or_default().extend(witnesses.iter().cloned());
        }
    }

    /// The recordings that the profile was made of.
    pub fn recordings(&self) -> impl ExactSizeIterator<Item = (RecordingId, &Recording)> {
        self.recordings.iter().map(|(id, recording)| (*id, recording))
    }

    /// Every file access, in no order.
    pub fn files_unordered(&self) -> impl ExactSizeIterator<Item = FileAccess<'_>> {
        self.files.iter().map(|packed| FileAccess { profile: self, packed })
    }

    /// How many different paths were used.
    pub fn paths(&self) -> usize {
        self.paths.len()
    }

    /// Every file access, by path, a directory directly before what is below it.
    pub fn files(&self) -> Vec<FileAccess<'_>> {
        // Comparing paths is the dear part, so each path is put in its place once, and accesses go by that.
        let mut paths: Vec<Id> = self.paths.iter().copied().collect();
        paths.sort_unstable_by(|a, b| by_component(self.path(*a), self.path(*b)));
        let mut place = vec![0; self.names.len()];
        for (at, path) in (0..).zip(paths) {
            place[path as usize] = at;
        }
        let mut all: Vec<_> = self.files_unordered().collect();
        let place = |access: &FileAccess<'_>| -> u32 { place[access.packed.path as usize] };
        all.sort_unstable_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp_of_one_path(*b)));
        all
    }

    /// Every other privilege, and who used it with what result.
    pub fn privileges(&self) -> impl ExactSizeIterator<Item = (&Privilege, &BTreeSet<Witness>)> {
        self.privileges.iter()
    }

    fn path(&self, id: Id) -> &Path {
        Path::new(OsStr::from_bytes(self.names.get(id)))
    }

    fn link(&self, id: Id) -> (&Path, &Path) {
        let (path, target) = *self.links.get(id);
        (self.path(path), self.path(target))
    }
}

impl PartialEq for Profile {
    fn eq(&self, other: &Profile) -> bool {
        self.recordings == other.recordings
            && self.privileges == other.privileges
            && self.files.len() == other.files.len()
            && self.files().into_iter().zip(other.files()).all(|(a, b)| a.cmp(b) == Ordering::Equal)
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile")
            .field("recordings", &self.recordings)
            .field("files", &self.files())
            .field("privileges", &self.privileges)
            .finish()
    }
}

impl std::fmt::Debug for FileAccess<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} by {}", self.operations(), self.path().display(), self.by())?;
        if let Some(errno) = self.errno() {
            write!(f, " = {errno}")?;
        }
        Ok(())
    }
}
