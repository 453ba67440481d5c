//! From a path as a program writes it to the path that it leads to, with every symlink on the way.
//!
//! The kernel's own rules (path_resolution(7)), played by hand in the program's view, because the kernel does not tell
//! which links it followed.

use crate::proc;
use crate::view::View;
use crate::{FileKind, Link};
use hashbrown::hash_map::Entry;
use hashbrown::{Equivalent, HashMap};
use rustix::fs::{AtFlags, RawMode, Stat, readlinkat, statat};
use rustix::io::Errno;
use rustix::process::Pid;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Whose eyes to look with.
#[derive(Clone, Copy)]
pub struct Eyes<'a> {
    /// The root and mounts.
    pub view: &'a Rc<View>,
    /// The process as `/proc` in its view numbers it.
    pub process: Pid,
    /// The thread as `/proc` in its view numbers it.
    pub thread: Pid,
}

/// Where a path leads.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The path without links; where it leads nowhere, what could be resolved, and the rest as it was.
    pub path: PathBuf,
    /// The links that were followed.
    pub via: Vec<Link>,
    /// What is there.
    pub found: Option<Found>,
}

impl Resolved {
    /// A path that was come to without following a link.
    pub(crate) fn unlinked(path: PathBuf, found: Option<Found>) -> Resolved {
        Resolved { path, via: Vec::new(), found }
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its mode, with its type.
    pub mode: u32,
    /// Its owner.
    pub user: u32,
    /// Its group.
    pub group: u32,
    /// The device that it stands for, if it is one.
    pub device: u64,
    /// Its number of names.
    pub links: u64,
}

/// What is at the end of a path.
#[derive(Clone, Debug)]
pub struct Look {
    /// The directory's number: another one when the way to it changes.
    pub directory: u64,
    /// The name in it.
    pub last: Vec<u8>,
    /// What is there; a link is not followed.
    pub seen: Result<Seen, Errno>,
}

impl Look {
    /// What is there, if anything is.
    pub fn found(&self) -> Option<Found> {
        self.seen.ok().map(|seen| seen.found)
    }
}

/// What is at a path, and all that tells whether it is what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What decides who may use it.
    pub found: Found,
    device: u64,
    inode: u64,
    changed: (i64, u64),
}

impl From<Stat> for Seen {
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the widths differ between architectures"
    )]
    fn from(stat: Stat) -> Seen {
        Seen {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u64),
            found: stat.into(),
        }
    }
}

impl Found {
    /// Its type.
    pub fn kind(&self) -> FileKind {
        FileKind::from_mode(self.mode)
    }
}

impl From<Stat> for Found {
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the widths differ between architectures"
    )]
    fn from(stat: Stat) -> Found {
        Found {
            mode: RawMode::from(stat.st_mode) as u32,
            user: stat.st_uid,
            group: stat.st_gid,
            device: stat.st_rdev as u64,
            links: stat.st_nlink as u64,
        }
    }
}

/// How many links the kernel follows (`MAXSYMLINKS`, `linux/namei.h`).
const MAX_LINKS: usize = 40;

/// How long a directory is believed to lead where it led: what other processes than the recorded ones change is seen
/// after that time.
pub(crate) const BELIEVED: Duration = Duration::from_secs(1);

/// Resolves paths, and remembers where directories lead.
#[derive(Default)]
pub struct Resolver {
    directories: HashMap<KeptKey, Directory>,
    /// Directories that were numbered.
    numbered: u64,
}

struct Directory {
    path: Vec<u8>,
    via: Vec<Link>,
    since: Instant,
    number: u64,
    /// Keeps the view alive, and with it the number that stands for it in the key.
    _view: Rc<View>,
}

impl Resolver {
    /// Where `name` leads, from the directory `base` if it is relative. A link at its end is followed if `follow` says
    /// so, or if a slash follows it.
    pub fn resolve(&mut self, eyes: Eyes<'_>, base: &Path, name: &[u8], follow: bool) -> Resolved {
        self.resolve_from(eyes, base, name, follow, None)
    }

    /// The same after a look at its end.
    pub(crate) fn resolve_from(
        &mut self,
        eyes: Eyes<'_>,
        base: &Path,
        name: &[u8],
        follow: bool,
        look: Option<&Look>,
    ) -> Resolved {
        let asked = Asked::new(base, name);
        let follow = follow || asked.ends_with_slash();
        let mut walk = match self.remembered(eyes, asked.directory()) {
            Some(known) if asked.is_name() => known.walk(),
            _ => {
                let walk = Walk::to(eyes, asked.directory());
                if asked.is_name() && walk.may_be_believed() {
                    self.remember(eyes, asked.directory(), &walk);
                }
                walk
            }
        };
        walk.ahead = look.map(Look::found);
        let found = walk.follow(eyes, asked.last(), follow);
        walk.resolved(found)
    }

    /// Looks at what is at the end of a path; `None` where its directory cannot be believed to lead there for a while, or
    /// where more than a name follows.
    pub(crate) fn look(&mut self, eyes: Eyes<'_>, base: &Path, name: &[u8]) -> Option<Look> {
        let asked = Asked::new(base, name);
        if !asked.is_name() || asked.ends_with_slash() {
            return None;
        }
        if self.remembered(eyes, asked.directory()).is_none() {
            let walk = Walk::to(eyes, asked.directory());
            if !walk.may_be_believed() {
                return None;
            }
            self.remember(eyes, asked.directory(), &walk);
        }
        // The directory is not kept open to look from there: what is mounted could not be unmounted then.
        let directory = self.directories.get(&Key::of(eyes, asked.directory()))?;
        let last = asked.last().to_vec();
        let path = [&directory.path, &b"/"[..], &last].concat();
        let seen = statat(eyes.view.root(), below_root(&path), AtFlags::SYMLINK_NOFOLLOW).map(Seen::from);
        Some(Look { directory: directory.number, last, seen })
    }

    /// A directory that leads where it led.
    fn remembered(&mut self, eyes: Eyes<'_>, directory: &[u8]) -> Option<&Directory> {
        let known = self.directories.get(&Key::of(eyes, directory))?;
        (known.since.elapsed() <= BELIEVED).then_some(known)
    }

    /// One that leads where it led keeps its number.
    fn remember(&mut self, eyes: Eyes<'_>, directory: &[u8], walk: &Walk) {
        self.numbered += 1;
        let mut new = Directory {
            path: walk.path.clone(),
            via: walk.via.clone(),
            since: Instant::now(),
            number: self.numbered,
            _view: Rc::clone(eyes.view),
        };
        match self.directories.entry(Key::of(eyes, directory).owned()) {
            Entry::Occupied(mut known) => {
                let before = known.get();
                if (&before.path, &before.via) == (&new.path, &new.via) {
                    new.number = before.number;
                }
                known.insert(new);
            }
            Entry::Vacant(place) => {
                place.insert(new);
            }
        }
    }

    /// Forgets everything: directories, links or mounts have changed.
    pub fn forget(&mut self) {
        self.directories.clear();
    }
}

impl Directory {
    /// A walk that has come here.
    fn walk(&self) -> Walk {
        Walk { path: self.path.clone(), via: self.via.clone(), ..Walk::default() }
    }
}

/// What a directory is remembered by: the view's address, and its path.
#[derive(Hash)]
pub(crate) struct Key<'d>(usize, &'d [u8]);

/// The same, kept.
pub(crate) type KeptKey = (usize, Vec<u8>);

impl<'d> Key<'d> {
    pub(crate) fn of(eyes: Eyes<'_>, directory: &'d [u8]) -> Key<'d> {
        Key::in_view(eyes.view, directory)
    }

    pub(crate) fn in_view(view: &Rc<View>, directory: &'d [u8]) -> Key<'d> {
        Key(Rc::as_ptr(view) as usize, directory)
    }

    pub(crate) fn owned(&self) -> KeptKey {
        (self.0, self.1.to_vec())
    }
}

impl Equivalent<KeptKey> for Key<'_> {
    fn equivalent(&self, kept: &KeptKey) -> bool {
        self.0 == kept.0 && self.1 == kept.1
    }
}

/// A path from the root as it was asked for.
struct Asked {
    path: Vec<u8>,
    /// Where the slash is before the last name.
    slash: usize,
    /// Where that name ends.
    end: usize,
}

impl Asked {
    fn new(base: &Path, name: &[u8]) -> Asked {
        let mut path = Vec::with_capacity(base.as_os_str().len() + name.len() + 1);
        let mut name = name;
        if name.first() != Some(&b'/') {
            let mut base = base.as_os_str().as_bytes();
            // There are no links in a base, so its name tells what is above it, also when it was removed meanwhile.
            while let Some(rest) = name.strip_prefix(b"..").filter(|rest| matches!(rest, [] | [b'/', ..])) {
                base = &base[..base.iter().rposition(|&b| b == b'/').unwrap_or(0)];
                // A slash at the end stays: what is before it must be a directory.
                let slashes = rest.iter().take_while(|&&b| b == b'/').count();
                name = &rest[slashes..];
            }
            path.extend_from_slice(base);
            path.push(b'/');
        }
        path.extend_from_slice(name);
        let end = path.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
        let slash = path[..end].iter().rposition(|&b| b == b'/').unwrap_or(0);
        Asked { path, slash, end }
    }

    fn directory(&self) -> &[u8] {
        &self.path[..self.slash]
    }

    fn last(&self) -> &[u8] {
        self.path.get(self.slash + 1..self.end).unwrap_or_default()
    }

    /// Whether the last name is one in the directory.
    fn is_name(&self) -> bool {
        !matches!(self.last(), b"" | b"." | b"..")
    }

    fn ends_with_slash(&self) -> bool {
        self.path.last() == Some(&b'/')
    }
}

/// A name as it is meant where nothing leads out of the directory that it is relative to (`RESOLVE_IN_ROOT`, openat2(2)).
pub fn in_root(name: &[u8]) -> Vec<u8> {
    let mut components: Vec<&[u8]> = Vec::new();
    for component in name.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." => drop(components.pop()),
            _ => components.push(component),
        }
    }
    if components.is_empty() { b".".to_vec() } else { components.join(&b'/') }
}

/// A walk down a path.
#[derive(Default)]
struct Walk {
    /// Where it is, without links; empty for the root.
    path: Vec<u8>,
    via: Vec<Link>,
    /// What was left when it could not go on.
    missing: Vec<u8>,
    /// It went through `/proc`, so it may lead elsewhere for another process.
    personal: bool,
    /// What is at the next name that is a last one, where that was looked at before.
    ahead: Option<Option<Found>>,
}

impl Walk {
    /// A walk to a directory.
    fn to(eyes: Eyes<'_>, directory: &[u8]) -> Walk {
        let mut walk = Walk::default();
        walk.follow(eyes, directory, true);
        walk
    }

    fn may_be_believed(&self) -> bool {
        self.missing.is_empty() && !self.personal
    }

    fn resolved(mut self, found: Option<Found>) -> Resolved {
        self.path.extend_from_slice(&self.missing);
        if self.path.is_empty() {
            self.path.push(b'/');
        }
        Resolved { path: PathBuf::from(OsString::from_vec(self.path)), via: self.via, found }
    }

    /// Walks on along `name`; what is there, if anything is.
    fn follow(&mut self, eyes: Eyes<'_>, name: &[u8], follow_last: bool) -> Option<Found> {
        let split =
            |name: &[u8]| -> Vec<Vec<u8>> { name.split(|&b| b == b'/').rev().map(<[u8]>::to_vec).collect() };
        let mut todo = split(name);
        if !self.missing.is_empty() {
            self.give_up(todo);
            return None;
        }
        while let Some(component) = todo.pop() {
            match &component[..] {
                b"" | b"." => continue,
                b".." => {
                    let up = self.path.iter().rposition(|&b| b == b'/').unwrap_or(0);
                    self.path.truncate(up);
                    continue;
                }
                _ => {}
            }
            let before = self.path.len();
            self.path.push(b'/');
            self.path.extend_from_slice(&component);
            let is_last = todo.iter().all(|c| c.is_empty());
            // A directory in the middle need not be looked at twice: readlink alone tells whether it is a link.
            if is_last {
                let last = self.ahead.take().unwrap_or_else(|| stat(eyes, &self.path));
                if last.is_none_or(|f| f.kind() != FileKind::Link) || !follow_last {
                    return last;
                }
            }
            match self.read_link(eyes) {
                Ok(target) if self.via.len() < MAX_LINKS => {
                    // What has no path is known by the link's.
                    let Some(target) = target else { return stat_behind(eyes, &self.path) };
                    match target.strip_prefix(b"/") {
                        Some(_) => self.path.clear(),
                        None => self.path.truncate(before),
                    }
                    todo.extend(split(&target));
                }
                Err(Errno::INVAL) => {}
                Ok(_) | Err(_) => {
                    self.path.truncate(before);
                    todo.push(component);
                    self.give_up(todo);
                    return None;
                }
            }
        }
        stat(eyes, &self.path)
    }

    fn give_up(&mut self, todo: Vec<Vec<u8>>) {
        for component in todo.iter().rev().filter(|c| !c.is_empty()) {
            self.missing.push(b'/');
            self.missing.extend_from_slice(component);
        }
    }

    /// The text of the link that the walk stands at, noted as followed. `None` for a link of `/proc` to something
    /// that has no path in this view.
    fn read_link(&mut self, eyes: Eyes<'_>) -> rustix::io::Result<Option<Vec<u8>>> {
        self.personal |= self.path.starts_with(b"/proc/");
        // `/proc/self` is whoever asks, so it must not be asked from here; and no list of links needs it.
        match &self.path[..] {
            b"/proc/self" => return Ok(Some(eyes.process.as_raw_nonzero().to_string().into_bytes())),
            b"/proc/thread-self" => {
                return Ok(Some(
                    format!("{}/task/{}", eyes.process.as_raw_nonzero(), eyes.thread.as_raw_nonzero())
                        .into_bytes(),
                ));
            }
            _ => {}
        }
        let text = readlinkat(eyes.view.root(), below_root(&self.path), Vec::new())?.into_bytes();
        let target = if is_magic(&self.path) {
            match eyes.view.seen(proc::undeleted(&text).0).filter(|path| !proc::is_nameless(path)) {
                Some(path) => path.into_os_string().into_vec(),
                None => return Ok(None),
            }
        } else {
            text
        };
        self.via.push(Link { path: path_buf(&own_as_self(&self.path, eyes)), target: path_buf(&target) });
        Ok(Some(target))
    }
}

/// Whether a link below `/proc` leads straight to a file, whatever its text (proc_pid_fd(5), exe, cwd, root, map_files).
fn is_magic(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/proc/") else { return false };
    rest.first().is_some_and(u8::is_ascii_digit) && rest.contains(&b'/')
}

/// The path with the process's own number in `/proc` as `self`: links are not numbered anew each time.
fn own_as_self<'p>(path: &'p [u8], eyes: Eyes<'_>) -> std::borrow::Cow<'p, [u8]> {
    let own = format!("/proc/{}/", eyes.process.as_raw_nonzero());
    match path.strip_prefix(own.as_bytes()) {
        Some(rest) => [b"/proc/self/", rest].concat().into(),
        None => path.into(),
    }
}

fn path_buf(bytes: &[u8]) -> PathBuf {
    Path::new(OsStr::from_bytes(bytes)).to_path_buf()
}

fn below_root(path: &[u8]) -> &OsStr {
    let below = path.strip_prefix(b"/").unwrap_or(path);
    OsStr::from_bytes(if below.is_empty() { b"." } else { below })
}

fn stat_behind(eyes: Eyes<'_>, path: &[u8]) -> Option<Found> {
    statat(eyes.view.root(), below_root(path), AtFlags::empty()).ok().map(Found::from)
}

fn stat(eyes: Eyes<'_>, path: &[u8]) -> Option<Found> {
    statat(eyes.view.root(), below_root(path), AtFlags::SYMLINK_NOFOLLOW).ok().map(Found::from)
}
