//! With whose eyes paths are seen: a view for each root directory and mount namespace that acted.

use crate::wire::{RawEvent, Walked, device_numbers};
use ringfence_record::{Eyes, Host, View};
use rustix::process::Pid;
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The number of a root that an event does not tell, because nothing in it is a path (`ROOT_NOT_TOLD`).
const NOT_TOLD: u64 = u64::MAX;

/// The views by the number that the kernel side gives each root; 0 is the host's.
pub struct Views {
    host: Host,
    by_root: HashMap<u64, Rc<View>>,
    /// Where each root is, from the top of its mount namespace.
    paths: HashMap<u64, PathBuf>,
    /// The root that a process has and the one before it, for processes that ever had another than the host's.
    of_process: HashMap<u32, [u64; 2]>,
}

impl Views {
    /// The host's view alone.
    pub fn new() -> rustix::io::Result<Views> {
        let host = Host::new()?;
        let own = Rc::new(View::of(rustix::process::getpid(), &host)?);
        Ok(Views {
            host,
            by_root: HashMap::from([(0, own)]),
            paths: HashMap::new(),
            of_process: HashMap::new(),
        })
    }

    /// Takes note of an event's root; to be called for each event, in order.
    pub fn note(&mut self, event: &RawEvent<'_>) {
        if event.root == NOT_TOLD {
            return;
        }
        let now = self.of_process.get(&event.tgid).map_or(0, |roots| roots[0]);
        if now != event.root {
            self.of_process.insert(event.tgid, [event.root, now]);
        }
        if let Some(root) = &event.root_directory {
            self.paths.insert(event.root, root.path());
        }
        if !self.by_root.contains_key(&event.root)
            && let Some(view) = self.find(event)
        {
            self.by_root.insert(event.root, Rc::new(view));
        }
    }

    /// The process may be gone, or have another root by now. Then its root may still be somewhere in the host's tree.
    fn find(&self, event: &RawEvent<'_>) -> Option<View> {
        let root = event.root_directory.as_ref()?;
        let process = Pid::from_raw(i32::try_from(event.tgid).ok()?)?;
        View::of(process, &self.host)
            .ok()
            .filter(|view| view.is_at(&root.path()))
            .or_else(|| View::below(&self.on_host(root)?).ok())
    }

    /// The view that an event was seen with; the host's when its own could not be had.
    pub fn of(&self, event: &RawEvent<'_>) -> &Rc<View> {
        self.by_root.get(&event.root).unwrap_or(&self.by_root[&0])
    }

    /// Where the root of an event's process is, from the top of its mount namespace.
    pub fn root_path(&self, event: &RawEvent<'_>) -> Option<&PathBuf> {
        self.paths.get(&event.root)
    }

    /// The view that a process had before it changed to the one of this event.
    pub fn before(&self, event: &RawEvent<'_>) -> &Rc<View> {
        let before = self.of_process.get(&event.tgid).map_or(0, |roots| roots[1]);
        self.by_root.get(&before).unwrap_or(&self.by_root[&0])
    }

    /// The eyes of an event's thread.
    pub fn eyes<'v>(&self, event: &RawEvent<'_>, view: &'v Rc<View>) -> Eyes<'v> {
        let number = |n: u32| i32::try_from(n).ok().and_then(Pid::from_raw).unwrap_or(Pid::INIT);
        Eyes { view, process: number(event.inner_process), thread: number(event.inner_thread) }
    }

    /// Where the host sees a file; `None` when it does not.
    pub fn on_host(&self, walked: &Walked<'_>) -> Option<PathBuf> {
        let (major, minor) = device_numbers(walked.device);
        self.host.path_of(major, minor, &walked.in_file_system())
    }
}

/// A path from a directory, both as the process sees them, without `.`, `..` and doubled slashes. `None` where `..` would
/// have to be resolved first.
pub fn plain(base: &Path, name: &[u8]) -> Option<PathBuf> {
    let mut path = if name.starts_with(b"/") { b"/".to_vec() } else { base.as_os_str().as_bytes().to_vec() };
    for component in name.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." => return None,
            _ => {
                if !path.ends_with(b"/") {
                    path.push(b'/');
                }
                path.extend_from_slice(component);
            }
        }
    }
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(&path)))
}
