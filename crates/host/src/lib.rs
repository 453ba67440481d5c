//! A snapshot of the machine, taken in one place.
//!
//! [`HostFacts`] is the real implementation of [`Facts`]: it reads the mount table, the accounts and the kernel's
//! features once, looks files up when the planner asks and remembers what it saw, so that one plan is computed from one
//! consistent view. It only reads; it changes nothing.
#![forbid(unsafe_code)]

mod accounts;
pub mod boot;
pub mod conditions;
mod features;
mod files;
mod mountinfo;
mod one_by_one;
pub mod packages;

use accounts::Accounts;
use files::Files;
use one_by_one::OneByOne;
use ringfence_sandbox::facts::{Facts, Features, Mount, MountSource, MountTable, Node, User};
use ringfence_terms::{AbsPath, Errno};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads the lines of a mount table in the form of `/proc/self/mountinfo`; of mounts that are stacked on one mount point
/// the top one is last.
///
/// # Errors
/// When a line is not of that form.
pub fn mounts(mountinfo: &[u8]) -> io::Result<Vec<Mount>> {
    mountinfo::parse(mountinfo)
}

/// The facts of this machine, or of an unbooted system tree below a directory.
pub struct HostFacts {
    files: Arc<Files>,
    mounts: MountTable,
    features: Features,
    accounts: Accounts,
}

impl HostFacts {
    /// Takes the snapshot of the running machine.
    ///
    /// # Errors
    /// When `/proc/self/mountinfo` cannot be read.
    pub fn of_this_machine() -> io::Result<HostFacts> {
        let mountinfo = Path::new("/proc/self/mountinfo");
        let text = mountinfo::read(mountinfo)
            .map_err(|e| io::Error::new(e.kind(), format!("cannot read {}: {e}", mountinfo.display())))?;
        let mounts = MountTable::new(mountinfo::parse(&text)?);
        Ok(HostFacts {
            features: features::probe(&mounts),
            mounts,
            files: Arc::new(Files::below(PathBuf::from("/"))),
            accounts: Accounts::read(Path::new("/"))?,
        })
    }

    /// As [`of_this_machine`](Self::of_this_machine), for who asks little: mounts are looked up when somebody asks for them.
    ///
    /// # Errors
    /// Those of [`of_this_machine`](Self::of_this_machine).
    pub fn for_one_unit() -> io::Result<HostFacts> {
        let files = Arc::new(Files::below(PathBuf::from("/")));
        let source = OneByOne::below(Arc::clone(&files));
        // Where the kernel does not tell mounts one by one, or there is no table to fall back to, it is known at once.
        if source.covering(&AbsPath::root()).is_err()
            || rustix::fs::access("/proc/self/mountinfo", rustix::fs::Access::READ_OK).is_err()
        {
            return HostFacts::of_this_machine();
        }
        let mounts = MountTable::asked_of(source);
        Ok(HostFacts {
            features: features::probe(&mounts),
            mounts,
            files,
            accounts: Accounts::read(Path::new("/"))?,
        })
    }

    /// Takes the snapshot of a system tree that is not running: its files and accounts are those below `root`, nothing
    /// is mounted but the tree itself, and the kernel is taken to be able to do everything.
    ///
    /// # Errors
    /// When `root` is no directory.
    pub fn of_tree(root: &Path) -> io::Result<HostFacts> {
        let root = root
            .canonicalize()
            .map_err(|e| io::Error::new(e.kind(), format!("cannot use {} as a root: {e}", root.display())))?;
        Ok(HostFacts {
            features: features::assumed_for_a_tree(),
            mounts: MountTable::new(vec![mountinfo::whole_tree()]),
            accounts: Accounts::read(&root)?,
            files: Arc::new(Files::below(root)),
        })
    }
}

impl Facts for HostFacts {
    fn node(&self, path: &AbsPath) -> Result<Node, Errno> {
        self.files.node(path)
    }

    fn mounts(&self) -> &MountTable {
        &self.mounts
    }

    fn features(&self) -> &Features {
        &self.features
    }

    fn user(&self, name: &str) -> Option<User> {
        self.accounts.user(name)
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.accounts.group(name)
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        self.accounts.group_name(gid).map(str::to_owned)
    }

    fn groups_of(&self, user: &str) -> Vec<u32> {
        self.accounts.groups_of(user)
    }
}
