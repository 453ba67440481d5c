//! The way to a path, with the permission to search every directory on it (path_resolution(7)).

use super::permission::EXECUTE;
use super::{Because, Case, Cause, denied, unknown, unreadable};
use crate::facts::NodeKind;
use crate::tree::{Place, Seen};
use ringfence_terms::{AbsPath, Errno};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Why there is no simple yes.
pub(super) enum Stop {
    Denied(Errno, Because),
    Undecidable(String),
}

/// How many symlinks the kernel follows in one look-up (path_resolution(7)).
const MAX_SYMLINKS: u32 = 40;

impl Case<'_> {
    /// Follows a path to its end, symlinks included. Nothing need be at the end; on the way there must be.
    pub(super) fn walk(&self, path: &AbsPath) -> Result<Place, Stop> {
        let (tree, facts) = (&self.view.plan().tree, self.view.facts());
        let mut todo: VecDeque<OsString> = path.components().map(OsString::from).collect();
        let mut done = vec![tree.place(&AbsPath::root(), facts)];
        let mut symlinks = 0;
        while let Some(name) = todo.pop_front() {
            let Some(here) = done.last() else { return Err(unknown(path)) };
            let node = match &here.seen {
                Seen::Node(node) => node,
                Seen::Missing => return Err(self.missing(here)),
                Seen::Unknown => return Err(unknown(&here.path)),
                Seen::Failed(errno) => return Err(unreadable(&here.path, *errno)),
            };
            if node.kind != NodeKind::Directory {
                let reason = format!("{} is not a directory.", here.path);
                return Err(denied(Errno::ENOTDIR, here, Cause::Kind, reason, None));
            }
            self.permitted(here, node, EXECUTE)?;
            if name == ".." {
                if done.len() > 1 {
                    done.pop();
                }
                continue;
            }
            let child = here.path.join(&name).map_err(|_| unknown(path))?;
            if depends_on_the_process(&child) {
                return Err(Stop::Undecidable(format!("{child} depends on the process that looks")));
            }
            let place = self.child(here, &child);
            let Seen::Node(node) = &place.seen else {
                done.push(place);
                continue;
            };
            let NodeKind::Symlink(target) = &node.kind else {
                done.push(place);
                continue;
            };
            symlinks += 1;
            if symlinks > MAX_SYMLINKS {
                let reason = format!("{} leads through too many symlinks.", place.path);
                return Err(denied(Errno::ELOOP, &place, Cause::Kind, reason, None));
            }
            if target.as_bytes().first() == Some(&b'/') {
                done.truncate(1);
            }
            for part in target.as_bytes().split(|&b| b == b'/').rev() {
                if !part.is_empty() && part != b"." {
                    todo.push_front(OsStr::from_bytes(part).to_owned());
                }
            }
        }
        done.pop().ok_or_else(|| unknown(path))
    }

    /// What is at a name in a directory.
    pub(super) fn child(&self, directory: &Place, path: &AbsPath) -> Place {
        let (tree, facts) = (&self.view.plan().tree, self.view.facts());
        let spot = tree.cross(directory.spot.clone(), path.as_path(), facts);
        let seen = tree.seen(&spot, path, facts);
        Place { path: path.clone(), spot, seen }
    }
}

/// What `/proc` shows of processes: it differs for each that looks, and its links do not lead where they say.
fn depends_on_the_process(path: &AbsPath) -> bool {
    let mut names = path.components();
    names.next().is_some_and(|name| name == "proc")
        && names.next().is_some_and(|name| {
            let bytes = name.as_bytes();
            bytes.iter().all(u8::is_ascii_digit) || bytes == b"self" || bytes == b"thread-self"
        })
}
