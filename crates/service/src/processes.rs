//! The processes of a service: all that descended from its commands, whoever their parent is now.
//!
//! Where a control group can be made (cgroup v2, writable), they are its members: nothing escapes. Elsewhere this process
//! becomes the parent of every orphan among them (`PR_SET_CHILD_SUBREAPER`), so that all of them stay its descendants.

use ringfence_engine::ControlGroup;
use ringfence_sandbox::facts::MountTable;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Result;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, set_child_subreaper, waitid};
use std::collections::BTreeSet;
use std::path::Path;

/// The processes of one service.
#[derive(Debug)]
pub struct Processes {
    cgroup: Option<ControlGroup>,
    /// Children of this process that were there before, and are none of the service's.
    others: BTreeSet<i32>,
    reaper_before: bool,
}

impl Processes {
    /// Prepares for processes to come.
    pub fn of_a_new_service(name: &str, mounts: &MountTable) -> Result<Processes> {
        let reaper_before = rustix::process::child_subreaper()?.is_some();
        // Any number but none switches it on.
        set_child_subreaper(Some(rustix::process::getpid()))?;
        let others = children_of(rustix::process::getpid()).into_iter().collect();
        Ok(Processes { cgroup: ControlGroup::make(name, mounts), others, reaper_before })
    }

    /// The control group's directory, if there is one.
    pub fn cgroup(&self) -> Option<BorrowedFd<'_>> {
        self.cgroup.as_ref().map(AsFd::as_fd)
    }

    /// The path of the control group's directory, if there is one.
    pub fn cgroup_path(&self) -> Option<&Path> {
        self.cgroup.as_ref().map(ControlGroup::path)
    }

    /// Notes a child of this process that is none of the service's.
    pub fn leave_out(&mut self, child: Pid) {
        self.others.insert(child.as_raw_nonzero().get());
    }

    /// All that live.
    pub fn all(&self) -> Vec<Pid> {
        let found = match &self.cgroup {
            Some(cgroup) if cgroup.is_empty() => BTreeSet::new(),
            Some(cgroup) => cgroup.members(),
            None => self.descendants(),
        };
        found.into_iter().filter_map(Pid::from_raw).filter(|pid| !is_zombie(*pid)).collect()
    }

    /// Whether a process is one of them.
    pub fn contains(&self, pid: Pid) -> bool {
        let pid = pid.as_raw_nonzero().get();
        match &self.cgroup {
            Some(cgroup) => cgroup.members().contains(&pid),
            None => self.descendants().contains(&pid),
        }
    }

    /// Sends a signal to all but some, and how many there were. Those that are stopped are woken up to take it.
    pub fn signal(&self, signal: Signal, but: &[Pid]) -> usize {
        let all: Vec<Pid> = self.all().into_iter().filter(|pid| !but.contains(pid)).collect();
        for pid in &all {
            // One that has gone meanwhile needs no signal.
            let _ = kill_process(*pid, signal);
            if signal != Signal::KILL && signal != Signal::CONT {
                let _ = kill_process(*pid, Signal::CONT);
            }
        }
        all.len()
    }

    /// Kills all at once, those that are just being made included; how many there were.
    pub fn kill(&self) -> usize {
        let count = self.all().len();
        if count == 0 {
            return 0;
        }
        if let Some(cgroup) = &self.cgroup
            && cgroup.kill().is_ok()
        {
            return count;
        }
        self.signal(Signal::KILL, &[]);
        count
    }

    /// Those whose parent is this process now.
    pub fn orphans(&self) -> Vec<Pid> {
        let own = children_of(rustix::process::getpid()).into_iter().filter(|pid| !self.others.contains(pid));
        own.filter_map(Pid::from_raw).filter(|pid| !is_zombie(*pid)).collect()
    }

    /// Takes the statuses of children that nobody waits for: orphans of the service. `awaited` are left alone.
    pub fn reap_orphans(&self, awaited: &[Pid]) {
        for child in children_of(rustix::process::getpid()) {
            let Some(pid) = Pid::from_raw(child) else { continue };
            if self.others.contains(&child) || awaited.contains(&pid) {
                continue;
            }
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }

    fn descendants(&self) -> BTreeSet<i32> {
        let own = rustix::process::getpid();
        let mut above: Vec<i32> =
            children_of(own).into_iter().filter(|child| !self.others.contains(child)).collect();
        let mut found = BTreeSet::new();
        while let Some(parent) = above.pop() {
            if found.insert(parent)
                && let Some(parent) = Pid::from_raw(parent)
            {
                above.extend(children_of(parent));
            }
        }
        found
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if !self.reaper_before {
            let _ = set_child_subreaper(None);
        }
        if let Some(cgroup) = &self.cgroup {
            cgroup.remove();
        }
    }
}

/// The children of a process (proc_tid_children(5)); where the kernel keeps no such list, every process is asked for its
/// parent.
fn children_of(parent: Pid) -> Vec<i32> {
    let parent = parent.as_raw_nonzero().get();
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = threads.map(|thread| std::fs::read_to_string(thread.path().join("children")));
    let known: std::io::Result<Vec<String>> = lists.collect();
    match known {
        Ok(lists) => {
            lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|p| p.parse().ok()).collect()
        }
        Err(_) => {
            let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
            pids.filter(|pid| stat(*pid).is_some_and(|(_, above)| above == parent)).collect()
        }
    }
}

fn is_zombie(pid: Pid) -> bool {
    stat(pid.as_raw_nonzero().get()).is_none_or(|(state, _)| state == 'Z' || state == 'X')
}

/// A process's state and parent (proc_pid_stat(5)).
fn stat(pid: i32) -> Option<(char, i32)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything.
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
