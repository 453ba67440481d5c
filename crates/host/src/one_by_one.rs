//! The mounts that planning asks for, looked up one by one: a machine may have thousands, and `/proc/self/mountinfo` is made
//! anew, line by line, for each reader.

use crate::files::{Files, OnMount};
use crate::mountinfo;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use ringfence_sandbox::facts::{Mount, MountFlags, MountSource, Untold};
use ringfence_sys::mount::{MountFlags as Flags, mount_status};
use ringfence_terms::{AbsPath, Errno};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What `statx(2)` and `statmount(2)` tell. Whatever is not plain (a file that cannot be looked at, a mount that shows up
/// elsewhere than where it was looked for) is left to the whole table.
pub struct OneByOne {
    files: Arc<Files>,
    /// The mounts that were asked for, by unique number.
    told: Mutex<HashMap<u64, Mount>>,
}

impl OneByOne {
    /// For the files of the running machine.
    pub fn below(files: Arc<Files>) -> OneByOne {
        OneByOne { files, told: Mutex::default() }
    }

    fn mount(&self, on: OnMount) -> Result<Mount, Untold> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match told.entry(on.unique) {
            Entry::Occupied(known) => Ok(known.get().clone()),
            Entry::Vacant(new) => Ok(new.insert(ask(on.unique)?).clone()),
        }
    }

    /// Where a path lies; none when nothing is there.
    fn place(&self, path: &AbsPath) -> Result<Option<OnMount>, Untold> {
        match self.files.mount(path) {
            Ok(told) => told.map(Some).ok_or(Untold),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
            Err(_) => Err(Untold),
        }
    }
}

fn ask(unique: u64) -> Result<Mount, Untold> {
    let status = mount_status(unique).map_err(|_| Untold)?;
    let mode = if status.super_read_only { "ro" } else { "rw" };
    let options = [mode, &status.options].join(if status.options.is_empty() { "" } else { "," });
    Ok(Mount {
        id: status.id,
        parent: status.parent,
        root: status.root,
        path: AbsPath::parse(status.point).map_err(|_| Untold)?,
        fs_type: status.fs_type,
        source: status.source,
        flags: MountFlags {
            read_only: status.flags.contains(Flags::READ_ONLY),
            nosuid: status.flags.contains(Flags::NOSUID),
            nodev: status.flags.contains(Flags::NODEV),
            noexec: status.flags.contains(Flags::NOEXEC),
        },
        super_read_only: status.super_read_only,
        super_options: options,
    })
}

impl MountSource for OneByOne {
    fn at(&self, path: &AbsPath) -> Result<Option<Mount>, Untold> {
        let Some(on) = self.place(path)?.filter(|on| on.is_root) else { return Ok(None) };
        let mount = self.mount(on)?;
        if mount.path == *path { Ok(Some(mount)) } else { Err(Untold) }
    }

    fn covering(&self, path: &AbsPath) -> Result<Mount, Untold> {
        let mut above = path.clone();
        loop {
            if let Some(on) = self.place(&above)? {
                let mount = self.mount(on)?;
                return if path.is_at_or_below(&mount.path) { Ok(mount) } else { Err(Untold) };
            }
            above = above.parent().ok_or(Untold)?;
        }
    }

    fn all(&self) -> Vec<Mount> {
        mountinfo::read(Path::new("/proc/self/mountinfo"))
            .and_then(|text| mountinfo::parse(&text))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_sandbox::facts::MountTable;
    use std::path::PathBuf;

    #[test]
    fn what_is_told_one_by_one_is_what_the_whole_table_says() {
        let source = OneByOne::below(Arc::new(Files::below(PathBuf::from("/"))));
        if source.covering(&AbsPath::root()).is_err() {
            eprintln!("SKIP: the kernel does not tell mounts one by one (Linux 6.13)");
            assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
            return;
        }
        let table = MountTable::new(source.all());
        let mut told = 0;
        for mount in table.all() {
            // The options are spelt with escapes in the table only.
            let bare = |mount: &Mount| Mount { super_options: String::new(), ..mount.clone() };
            if let Ok(one) = source.at(&mount.path) {
                assert_eq!(one.as_ref().map(bare), Some(bare(mount)));
                told += 1;
            }
            for below in ["etc", "nothing/of/that/name"] {
                let path = mount.path.join(below).unwrap();
                if let Ok(one) = source.covering(&path) {
                    assert_eq!(Some(bare(&one)), table.covering(&path).map(bare), "{path}");
                }
                if let Ok(one) = source.at(&path) {
                    assert_eq!(one.as_ref().map(bare), table.at(&path).map(bare), "{path}");
                }
            }
        }
        assert!(told > 1, "only {told} mounts were told");
    }
}
