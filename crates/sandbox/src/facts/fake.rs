//! An invented machine for tests: no file is looked at.

use super::{Caller, Facts, Features, Mount, MountFlags, MountTable, Node, NodeKind, User};
use ringfence_terms::{AbsPath, Errno};
use std::collections::{BTreeMap, BTreeSet};

/// A small machine in memory, built by chaining. Parents of a path are made as directories of root, mode 0755.
///
/// ```
/// use ringfence_sandbox::facts::{Facts, fake::FakeFacts};
/// let machine = FakeFacts::debian().dir("/srv/www").owned("/srv/www", 33, 33, 0o750).symlink("/www", "srv/www");
/// assert!(machine.node(&"/srv/www".parse().unwrap()).is_ok());
/// ```
///
/// # Panics
///
/// Every method that takes a path panics when it is not absolute or has a `..` component: that is a mistake in the test.
#[derive(Clone, Debug)]
pub struct FakeFacts {
    nodes: BTreeMap<AbsPath, Node>,
    unreadable: BTreeMap<AbsPath, Errno>,
    mounts: Vec<Mount>,
    table: MountTable,
    features: Features,
    users: Vec<User>,
    groups: BTreeMap<String, u32>,
    members: BTreeSet<(String, u32)>,
}

impl Default for FakeFacts {
    fn default() -> Self {
        FakeFacts::new()
    }
}

impl FakeFacts {
    /// Nothing but `/`, a privileged caller, a recent kernel, root and nobody.
    pub fn new() -> FakeFacts {
        let empty = FakeFacts {
            nodes: BTreeMap::from([(AbsPath::root(), plain(NodeKind::Directory, 0o755))]),
            unreadable: BTreeMap::new(),
            mounts: Vec::new(),
            table: MountTable::default(),
            features: Features {
                privileged: true,
                user_namespaces: true,
                unified_cgroups: true,
                selinux: false,
                apparmor: false,
                kernel: (6, 12),
                caller: Caller::default(),
                booted_with_systemd: true,
            },
            users: Vec::new(),
            groups: BTreeMap::new(),
            members: BTreeSet::new(),
        };
        empty.mount("/", "ext4").user("root", 0, 0).user("nobody", 65534, 65534).group("nogroup", 65534)
    }

    /// A Debian machine with systemd: merged `/usr`, the usual directories, kernel file systems and a few devices.
    pub fn debian() -> FakeFacts {
        let mut it = FakeFacts::new();
        for dir in [
            "/boot",
            "/etc",
            "/home/alice",
            "/mnt",
            "/opt",
            "/srv",
            "/usr/bin",
            "/usr/sbin",
            "/usr/lib/modules",
            "/usr/lib64",
            "/usr/share",
            "/var/cache",
            "/var/lib",
            "/var/log",
        ] {
            it = it.dir(dir);
        }
        for (path, mode) in [("/root", 0o700), ("/tmp", 0o1777), ("/var/tmp", 0o1777)] {
            it = it.dir(path).owned(path, 0, 0, mode);
        }
        for name in ["bin", "sbin", "lib", "lib64"] {
            it = it.symlink(&format!("/{name}"), &format!("usr/{name}"));
        }
        it = it.symlink("/var/run", "/run").symlink("/var/lock", "/run/lock");
        it = it.file("/etc/passwd").file("/etc/shadow").owned("/etc/shadow", 0, 42, 0o640);
        it = it.file("/usr/bin/true").owned("/usr/bin/true", 0, 0, 0o755);
        let kernel = MountFlags { nosuid: true, nodev: true, noexec: true, read_only: false };
        let memory = MountFlags { nosuid: true, nodev: true, ..MountFlags::default() };
        let dev = MountFlags { nosuid: true, ..MountFlags::default() };
        it = it.mount_flags("/proc", "proc", kernel).mount_flags("/sys", "sysfs", kernel);
        it = it.mount_flags("/dev", "devtmpfs", dev).mount_flags("/dev/shm", "tmpfs", memory);
        it = it.mount_flags("/dev/pts", "devpts", MountFlags { noexec: true, ..dev });
        it = it.mount_flags("/dev/mqueue", "mqueue", kernel).mount_flags("/run", "tmpfs", memory);
        it = it.mount_flags("/sys/fs/cgroup", "cgroup2", kernel).owned("/dev/shm", 0, 0, 0o1777);
        for dir in
            ["/run/user", "/run/systemd/journal", "/run/systemd/system", "/run/credentials", "/run/lock"]
        {
            it = it.dir(dir);
        }
        for dir in
            ["/proc/sys/kernel", "/proc/fs", "/proc/irq", "/proc/bus", "/proc/1", "/sys/kernel", "/sys/class"]
        {
            it = it.dir(dir).owned(dir, 0, 0, 0o555);
        }
        for (path, mode) in [
            ("/proc/kallsyms", 0o444),
            ("/proc/kcore", 0o400),
            ("/proc/kmsg", 0o400),
            ("/proc/sysrq-trigger", 0o200),
            ("/proc/sys/kernel/hostname", 0o644),
            ("/proc/sys/kernel/domainname", 0o644),
        ] {
            it = it.file(path).owned(path, 0, 0, mode);
        }
        for (path, number) in [
            ("/dev/null", 0x103),
            ("/dev/zero", 0x105),
            ("/dev/full", 0x107),
            ("/dev/random", 0x108),
            ("/dev/urandom", 0x109),
            ("/dev/tty", 0x500),
        ] {
            it = it.device(path, number);
        }
        it = it.symlink("/dev/ptmx", "pts/ptmx").device("/dev/kmsg", 0x10b).owned("/dev/kmsg", 0, 0, 0o644);
        it.socket("/run/systemd/journal/socket")
            .socket("/run/systemd/journal/stdout")
            .socket("/run/systemd/journal/dev-log")
            .socket("/run/systemd/notify")
    }

    /// A directory of root, mode 0755.
    #[must_use]
    pub fn dir(self, path: &str) -> Self {
        self.put(path, NodeKind::Directory, 0o755)
    }

    /// A regular file of root, mode 0644.
    #[must_use]
    pub fn file(self, path: &str) -> Self {
        self.put(path, NodeKind::File, 0o644)
    }

    /// A symlink.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.put(path, NodeKind::Symlink(target.into()), 0o777)
    }

    /// A unix socket of root that everybody may use.
    #[must_use]
    pub fn socket(self, path: &str) -> Self {
        self.put(path, NodeKind::Socket, 0o666)
    }

    /// A named pipe of root, mode 0644.
    #[must_use]
    pub fn fifo(self, path: &str) -> Self {
        self.put(path, NodeKind::Fifo, 0o644)
    }

    /// A character device that everybody may use.
    #[must_use]
    pub fn device(mut self, path: &str, rdev: u64) -> Self {
        self = self.put(path, NodeKind::CharDevice, 0o666);
        self.change(path, |node| node.rdev = rdev)
    }

    /// Gives what is at a path another owner, group and mode.
    #[must_use]
    pub fn owned(self, path: &str, uid: u32, gid: u32, mode: u32) -> Self {
        self.change(path, |node| (node.uid, node.gid, node.mode) = (uid, gid, mode))
    }

    /// Says that what is at a path has an access control list.
    #[must_use]
    pub fn with_acl(self, path: &str) -> Self {
        self.change(path, |node| node.has_acl = true)
    }

    /// Looking at the path, or below it, fails.
    #[must_use]
    pub fn unreadable(mut self, path: &str, errno: Errno) -> Self {
        self.unreadable.insert(parse(path), errno);
        self
    }

    /// A writable mount; the mount point is made.
    #[must_use]
    pub fn mount(self, path: &str, fs_type: &str) -> Self {
        self.mount_flags(path, fs_type, MountFlags::default())
    }

    /// A mount with these flags; the mount point is made. What the mount point held before stays there to be found.
    #[must_use]
    pub fn mount_flags(mut self, path: &str, fs_type: &str, flags: MountFlags) -> Self {
        if !self.nodes.contains_key(&parse(path)) {
            self = self.dir(path);
        }
        let path = parse(path);
        let parent = self.table.covering(&path).map_or(0, |m| m.id);
        let id = self.mounts.iter().map(|m| m.id).max().unwrap_or(0) + 1;
        self.mounted(Mount {
            id,
            parent,
            root: "/".into(),
            path,
            fs_type: fs_type.into(),
            source: fs_type.into(),
            flags,
            super_read_only: false,
            super_options: String::new(),
        })
    }

    /// Any file.
    #[must_use]
    pub fn exactly(mut self, path: &str, node: Node) -> Self {
        self = self.put(path, node.kind.clone(), node.mode);
        self.change(path, |there| *there = node)
    }

    /// Takes every mount away, the root's too.
    #[must_use]
    pub fn without_mounts(mut self) -> Self {
        self.mounts.clear();
        self.table = MountTable::default();
        self
    }

    /// A mount as `/proc/self/mountinfo` tells it.
    #[must_use]
    pub fn mounted(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self.table = MountTable::new(self.mounts.clone());
        self
    }

    /// An account; its group has its name.
    #[must_use]
    pub fn user(mut self, name: &str, uid: u32, gid: u32) -> Self {
        self.users.push(User {
            name: name.into(),
            uid,
            gid,
            home: format!("/home/{name}").into(),
            shell: "/usr/sbin/nologin".into(),
        });
        self.group(name, gid)
    }

    /// Another home for an account that is there.
    #[must_use]
    pub fn home(mut self, name: &str, home: &str) -> Self {
        for user in self.users.iter_mut().filter(|user| user.name == name) {
            user.home = home.into();
        }
        self
    }

    /// A group.
    #[must_use]
    pub fn group(mut self, name: &str, gid: u32) -> Self {
        self.groups.insert(name.into(), gid);
        self
    }

    /// Lists a user as a member of a group.
    #[must_use]
    pub fn member(mut self, user: &str, gid: u32) -> Self {
        self.members.insert((user.into(), gid));
        self
    }

    /// Changes what the kernel and the caller can do.
    #[must_use]
    pub fn features(mut self, change: impl FnOnce(&mut Features)) -> Self {
        change(&mut self.features);
        self
    }

    fn put(mut self, path: &str, kind: NodeKind, mode: u32) -> Self {
        let path = parse(path);
        for above in path.ancestors_from_root() {
            self.nodes.entry(above).or_insert_with(|| plain(NodeKind::Directory, 0o755));
        }
        self.nodes.insert(path, plain(kind, mode));
        self
    }

    fn change(mut self, path: &str, change: impl FnOnce(&mut Node)) -> Self {
        let path = parse(path);
        change(self.nodes.get_mut(&path).unwrap_or_else(|| panic!("nothing is at {path} yet")));
        self
    }
}

impl Facts for FakeFacts {
    fn node(&self, path: &AbsPath) -> Result<Node, Errno> {
        if let Some(errno) =
            path.ancestors_from_root().iter().rev().find_map(|above| self.unreadable.get(above))
        {
            return Err(*errno);
        }
        if let Some(node) = self.nodes.get(path) {
            return Ok(node.clone());
        }
        let nearest = path.ancestors_from_root().into_iter().rev().find_map(|above| self.nodes.get(&above));
        match nearest {
            Some(node) if node.kind != NodeKind::Directory => Err(Errno::ENOTDIR),
            _ => Err(Errno::ENOENT),
        }
    }

    fn mounts(&self) -> &MountTable {
        &self.table
    }

    fn features(&self) -> &Features {
        &self.features
    }

    fn user(&self, name: &str) -> Option<User> {
        let number = name.parse().ok();
        self.users.iter().find(|u| u.name == name || Some(u.uid) == number).cloned()
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied().or_else(|| name.parse().ok())
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        self.groups.iter().find(|(_, number)| **number == gid).map(|(name, _)| name.clone())
    }

    fn groups_of(&self, user: &str) -> Vec<u32> {
        self.members.iter().filter(|(name, _)| name == user).map(|(_, gid)| *gid).collect()
    }
}

fn plain(kind: NodeKind, mode: u32) -> Node {
    Node { kind, mode, uid: 0, gid: 0, rdev: 0, has_acl: false }
}

fn parse(path: &str) -> AbsPath {
    path.parse().unwrap_or_else(|why| panic!("{path}: {why}"))
}
