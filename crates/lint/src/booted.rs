//! A machine that is not running, taken for what it will be once it is booted.

use ringfence_sandbox::facts::{Facts, Features, Mount, MountFlags, MountTable, Node, NodeKind, User};
use ringfence_terms::{AbsPath, Errno};

/// The kernel's file systems that every booted machine has (systemd: `src/shared/mount-setup.c: mount_table`).
const MOUNTS: &[(&str, &str, MountFlags)] = &[
    ("/proc", "proc", MountFlags { read_only: false, nosuid: true, nodev: true, noexec: true }),
    ("/sys", "sysfs", MountFlags { read_only: false, nosuid: true, nodev: true, noexec: true }),
    ("/sys/fs/cgroup", "cgroup2", MountFlags { read_only: false, nosuid: true, nodev: true, noexec: true }),
    ("/dev", "devtmpfs", MountFlags { read_only: false, nosuid: true, nodev: false, noexec: false }),
    ("/dev/pts", "devpts", MountFlags { read_only: false, nosuid: true, nodev: false, noexec: true }),
    ("/dev/shm", "tmpfs", MountFlags { read_only: false, nosuid: true, nodev: true, noexec: false }),
    ("/dev/mqueue", "mqueue", MountFlags { read_only: false, nosuid: true, nodev: true, noexec: true }),
    ("/run", "tmpfs", MountFlags { read_only: false, nosuid: true, nodev: true, noexec: false }),
];

/// Directories that are there once the machine is booted.
const DIRECTORIES: &[(&str, u32)] = &[
    ("/proc", 0o555),
    ("/proc/sys", 0o555),
    ("/proc/sys/kernel", 0o555),
    ("/sys", 0o555),
    ("/sys/fs", 0o755),
    ("/sys/fs/cgroup", 0o755),
    ("/dev", 0o755),
    ("/dev/pts", 0o755),
    ("/dev/shm", 0o1777),
    ("/dev/mqueue", 0o1777),
    ("/run", 0o755),
    ("/run/credentials", 0o755),
    ("/run/lock", 0o1777),
    ("/run/systemd", 0o755),
    ("/run/systemd/inaccessible", 0o755),
    ("/run/systemd/journal", 0o755),
    ("/run/systemd/system", 0o755),
    ("/run/user", 0o755),
    ("/tmp", 0o1777),
];

/// Files that are there once the machine is booted.
const FILES: &[(&str, u32)] = &[("/proc/sys/kernel/hostname", 0o644), ("/proc/sys/kernel/domainname", 0o644)];

/// What lies below these paths is made when the machine boots or runs.
const VOLATILE: &[&str] = &["/dev", "/proc", "/run", "/sys", "/tmp"];

/// Facts of a machine as they will be once it is booted.
pub(crate) struct Booted<'a> {
    facts: &'a dyn Facts,
    mounts: MountTable,
    features: Features,
}

impl<'a> Booted<'a> {
    pub(crate) fn of(facts: &'a dyn Facts) -> Booted<'a> {
        let mut all = facts.mounts().all().to_vec();
        let mut id = all.iter().map(|mount| mount.id).max().unwrap_or(0);
        for (path, fs_type, flags) in MOUNTS {
            let Ok(path) = AbsPath::parse(path) else { continue };
            if facts.mounts().at(&path).is_none() {
                id += 1;
                let parent = all.iter().rev().find(|mount| path.is_below(&mount.path)).map_or(0, |m| m.id);
                all.push(Mount {
                    id,
                    parent,
                    root: "/".into(),
                    path,
                    fs_type: (*fs_type).to_owned(),
                    source: (*fs_type).into(),
                    flags: *flags,
                    super_read_only: false,
                    super_options: String::new(),
                });
            }
        }
        let features = Features { privileged: true, booted_with_systemd: true, ..facts.features().clone() };
        Booted { facts, mounts: MountTable::new(all), features }
    }
}

/// Whether a path lies where nothing is before the machine is booted.
pub(crate) fn is_volatile(path: &AbsPath) -> bool {
    VOLATILE.iter().any(|above| path.as_path().starts_with(above))
}

impl Facts for Booted<'_> {
    fn node(&self, path: &AbsPath) -> Result<Node, Errno> {
        let made = |list: &[(&str, u32)], kind: NodeKind| {
            let (_, mode) = list.iter().find(|(known, _)| path.as_path().as_os_str() == *known)?;
            Some(Node { kind, mode: *mode, uid: 0, gid: 0, rdev: 0, has_acl: false })
        };
        self.facts.node(path).or_else(|errno| {
            made(DIRECTORIES, NodeKind::Directory).or_else(|| made(FILES, NodeKind::File)).ok_or(errno)
        })
    }

    fn mounts(&self) -> &MountTable {
        &self.mounts
    }

    fn features(&self) -> &Features {
        &self.features
    }

    fn user(&self, name: &str) -> Option<User> {
        self.facts.user(name)
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.facts.group(name)
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        self.facts.group_name(gid)
    }

    fn groups_of(&self, user: &str) -> Vec<u32> {
        self.facts.groups_of(user)
    }
}
