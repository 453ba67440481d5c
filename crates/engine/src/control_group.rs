//! A control group for the processes of one run (cgroups(7), version 2).

use ringfence_sandbox::facts::MountTable;
use ringfence_sys::fork::fork_process;
use ringfence_terms::AbsPath;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Result;
use rustix::process::{WaitOptions, waitpid};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A control group of one's own.
#[derive(Debug)]
pub struct ControlGroup {
    path: PathBuf,
    directory: OwnedFd,
    /// Tells whether anybody is in it.
    events: Option<OwnedFd>,
}

impl AsFd for ControlGroup {
    /// Its directory.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

impl ControlGroup {
    /// Its directory's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new group below the caller's own, or else below the topmost that is seen; none where that is not allowed.
    pub fn make(name: &str, mounts: &MountTable) -> Option<ControlGroup> {
        let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
        let usual = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].into_iter();
        let usual = usual.filter_map(|path| mounts.at(&AbsPath::parse(path).ok()?));
        // All are looked at only where it is not at one of its usual places.
        let mount = usual
            .chain(std::iter::once_with(|| mounts.all()).flatten())
            .find(|mount| mount.fs_type == "cgroup2")?;
        let top = mount.path.as_path();
        // The mount may show a part of the hierarchy only, and the caller's group may lie outside of it.
        let below = Path::new(own).strip_prefix(Path::new(&mount.root)).ok();
        let own = below.filter(|below| !below.starts_with("..")).map(|below| top.join(below));
        let in_own = own.and_then(|above| ControlGroup::make_below(&above, name));
        in_own.or_else(|| ControlGroup::make_below(top, name)?.if_it_takes_processes())
    }

    fn make_below(above: &Path, name: &str) -> Option<ControlGroup> {
        let path = above.join(name);
        rustix::fs::mkdir(&path, Mode::from_raw_mode(0o755)).ok()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(&path, flags, Mode::empty()).ok();
        // Making the group may be allowed and entering it not: a process is moved by who may write to both ends.
        let cgroup = directory.map(|directory| {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            let events = rustix::fs::openat(&directory, "cgroup.events", flags, Mode::empty()).ok();
            ControlGroup { path: path.clone(), directory, events }
        });
        match cgroup.filter(|cgroup| cgroup.can_be_entered(above)) {
            Some(cgroup) => Some(cgroup),
            None => {
                let _ = std::fs::remove_dir(&path);
                None
            }
        }
    }

    /// The group, unless the kernel lets no process of this one's into it: into another part of the hierarchy not even root
    /// can move from everywhere.
    fn if_it_takes_processes(self) -> Option<ControlGroup> {
        let enter = || {
            let entered = self.open("cgroup.procs").and_then(|file| rustix::io::write(file, b"0"));
            u8::from(entered.is_err())
        };
        let tried = fork_process(enter).and_then(|pid| waitpid(Some(pid), WaitOptions::empty()));
        if tried.is_ok_and(|ended| ended.is_some_and(|(_, status)| status.exit_status() == Some(0))) {
            return Some(self);
        }
        self.remove();
        None
    }

    fn open(&self, file: &str) -> Result<OwnedFd> {
        rustix::fs::openat(&self.directory, file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())
    }

    fn can_be_entered(&self, own: &Path) -> bool {
        let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
        writable(&self.path.join("cgroup.procs")) && writable(&own.join("cgroup.procs"))
    }

    /// Whether no process is in the group nor in any below it (cgroups(7), "cgroup.events"); one that is being waited for
    /// may count.
    pub fn is_empty(&self) -> bool {
        let mut text = [0; 128];
        let length = self.events.as_ref().and_then(|events| rustix::io::pread(events, &mut text, 0).ok());
        length.is_some_and(|length| text[..length].split(|&b| b == b'\n').any(|line| line == b"populated 0"))
    }

    /// The processes in the group and in groups that the service made below it.
    pub fn members(&self) -> BTreeSet<i32> {
        let mut all = BTreeSet::new();
        let mut groups = vec![self.path.clone()];
        while let Some(group) = groups.pop() {
            let text = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
            all.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()));
            let below = std::fs::read_dir(&group).into_iter().flatten().flatten();
            groups.extend(below.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()));
        }
        all
    }

    /// Kills every process in it and below it, those that are just being made included.
    ///
    /// # Errors
    /// Before Linux 5.14.
    pub fn kill(&self) -> Result<()> {
        let file = self.open("cgroup.kill")?;
        rustix::io::write(file, b"1").map(|_| ())
    }

    /// Takes it away, as far as nobody is in it.
    pub fn remove(&self) {
        // Mostly the service has made none below it.
        if rustix::fs::rmdir(&self.path).is_ok() {
            return;
        }
        fn remove(group: &Path) {
            let below = std::fs::read_dir(group).into_iter().flatten().flatten();
            for entry in below.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
                remove(&entry.path());
            }
            let _ = std::fs::remove_dir(group);
        }
        remove(&self.path);
    }

    /// Kills what is left in it, and takes it away.
    pub fn end(self) {
        for _ in 0..400 {
            if self.is_empty() || self.kill().is_err() {
                break;
            }
            // The kernel tells nobody who does not poll, and this is over at once.
            std::thread::sleep(Duration::from_millis(5));
        }
        self.remove();
    }
}
