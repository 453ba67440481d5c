//! What is remembered of each process and thread that is traced.

use crate::attempt::Attempt;
use crate::delivery;
use crate::proc::{self, Status};
use crate::resolve::{BELIEVED, Eyes};
use crate::view::{Host, View};
use crate::{NamespaceKind, ProcessRelation, Program};
use hashbrown::HashMap;
use ringfence_profile::Abi;
use rustix::process::{Pid, getpgid};
use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// A traced process.
#[derive(Clone)]
pub(super) struct Process {
    pub view: Rc<View>,
    exe: PathBuf,
    comm: OsString,
    /// Its number in its own PID namespace.
    inner: Pid,
}

/// A traced thread.
pub(super) struct Thread {
    pub process: Pid,
    inner: Pid,
    pub program: Arc<Program>,
    /// Effective user, group, capabilities.
    pub status: Status,
    /// Its last call.
    pub call: (Abi, u32),
    /// The call that it is in, as far as it matters.
    pub attempt: Option<Attempt>,
    /// Who is in the group that the call is to signal: when it has ended, they may have ended of it.
    pub signalled: Vec<Status>,
    /// It sees, of every file, what the recorder sees.
    pub like_recorder: bool,
    /// It, or whoever made it, has restricted itself by Landlock.
    restricted: bool,
    /// How many more calls to stop at, whether they matter or not.
    pub samples: u32,
    working_directory: RefCell<Option<WorkingDirectory>>,
}

/// Where a thread was when it was last looked for.
struct WorkingDirectory {
    path: PathBuf,
    since: Instant,
    /// [`Tracees::moved`] at that time.
    moved: u64,
}

/// Of a thread that made no call yet; it is never delivered.
const NO_CALL: (Abi, u32) = (Abi::X86_64, u32::MAX);

/// All traced processes and threads.
pub(super) struct Tracees {
    pub threads: HashMap<Pid, Thread>,
    processes: HashMap<Pid, Process>,
    programs: HashMap<Program, Arc<Program>>,
    host: Host,
    recorder: (Status, Rights),
    /// How often a directory may have moved, or a thread to another.
    moved: u64,
}

/// What decides, besides a status, which files a thread may use.
#[derive(PartialEq, Eq)]
struct Rights {
    user_namespace: OsString,
    /// What a security module knows it by; empty where none asks.
    label: Vec<u8>,
}

impl Rights {
    fn of(thread: Pid) -> Rights {
        let user_namespace = std::fs::read_link(proc::path(thread, "ns/user")).unwrap_or_default().into();
        Rights {
            user_namespace,
            label: std::fs::read(proc::path(thread, "attr/current")).unwrap_or_default(),
        }
    }
}

impl Tracees {
    pub(super) fn new(host: Host) -> Tracees {
        let own = rustix::thread::gettid();
        // A status that cannot be read is like nobody's.
        let recorder = (Status::read(own).unwrap_or_default(), Rights::of(own));
        Tracees {
            threads: HashMap::new(),
            processes: HashMap::new(),
            programs: HashMap::new(),
            host,
            recorder,
            moved: 0,
        }
    }

    /// Takes up a thread as `/proc` describes it.
    pub(super) fn discover(&mut self, thread: Pid) -> io::Result<()> {
        let status = alive(thread)?;
        let process = Pid::from_raw(status.process).unwrap_or(thread);
        if !self.processes.contains_key(&process) {
            let comm = proc::comm(process)?;
            let described = self.describe(process, &status, comm)?;
            self.processes.insert(process, described);
        }
        let like_recorder = self.is_like_recorder(thread, &status);
        self.insert(thread, process, status, like_recorder, false);
        Ok(())
    }

    /// Takes up a thread that another one made: a program that has not executed yet is its parent's.
    pub(super) fn inherit(&mut self, thread: Pid, parent: Pid) -> io::Result<()> {
        let restricted = self.threads.get(&parent).is_some_and(|maker| maker.restricted);
        if let Some(known) = self.threads.get_mut(&thread) {
            // Taken up before its maker was heard of; it may be in a call by now.
            known.restricted |= restricted;
            known.like_recorder &= !restricted;
            return Ok(());
        }
        let status = alive(thread)?;
        let process = Pid::from_raw(status.process).unwrap_or(thread);
        let Some(maker) = self.threads.get(&parent) else { return self.discover(thread) };
        let namespaces = maker.attempt.as_ref().map(Attempt::namespaces_made).unwrap_or_default();
        let like_recorder =
            match maker.status.has_rights_of(&status) && !namespaces.contains(&NamespaceKind::User) {
                true => maker.like_recorder,
                false => self.is_like_recorder(thread, &status),
            };
        if !self.processes.contains_key(&process)
            && let Some(made_by) = self.processes.get(&maker.process).cloned()
        {
            let mut described = Process { inner: Pid::from_raw(status.inner).unwrap_or(process), ..made_by };
            if namespaces.contains(&NamespaceKind::Mnt) {
                described.view = Rc::new(View::of(process, &self.host)?);
            }
            self.processes.insert(process, described);
        }
        self.insert(thread, process, status, like_recorder, restricted);
        Ok(())
    }

    fn insert(&mut self, thread: Pid, process: Pid, status: Status, like_recorder: bool, restricted: bool) {
        let program = self.program(process, status.user());
        let inner = Pid::from_raw(status.inner_thread).unwrap_or(thread);
        let like_recorder = like_recorder && !restricted;
        let known = Thread {
            process,
            inner,
            program,
            status,
            call: NO_CALL,
            attempt: None,
            signalled: Vec::new(),
            like_recorder,
            restricted,
            samples: 0,
            working_directory: RefCell::new(None),
        };
        self.threads.insert(thread, known);
    }

    fn is_like_recorder(&self, thread: Pid, status: &Status) -> bool {
        status.has_rights_of(&self.recorder.0) && Rights::of(thread) == self.recorder.1
    }

    /// A thread has given up rights in a way that no status shows (landlock_restrict_self(2)).
    pub(super) fn restricted(&mut self, thread: Pid) {
        if let Some(known) = self.threads.get_mut(&thread) {
            known.restricted = true;
            known.like_recorder = false;
        }
    }

    fn describe(&self, process: Pid, status: &Status, comm: OsString) -> io::Result<Process> {
        let view = Rc::new(View::of(process, &self.host)?);
        let exe = std::fs::read_link(proc::path(process, "exe")).unwrap_or_default();
        let exe = view.seen(exe.as_os_str().as_encoded_bytes()).unwrap_or(exe);
        Ok(Process { view, exe, comm, inner: Pid::from_raw(status.inner).unwrap_or(process) })
    }

    fn program(&mut self, process: Pid, uid: u32) -> Arc<Program> {
        let described = self.processes.get(&process);
        let program = Program {
            exe: described.map(|d| d.exe.clone()).unwrap_or_default(),
            comm: described.map(|d| d.comm.clone()).unwrap_or_default(),
            uid,
        };
        Arc::clone(self.programs.entry(program.clone()).or_insert_with(|| Arc::new(program)))
    }

    /// A process executed: its threads but for one are gone, that one has the process's number, and it was `former`; what
    /// it was before, if it was known.
    pub(super) fn executed(&mut self, process: Pid, former: Pid) -> io::Result<Option<Status>> {
        let executing = self.threads.remove(&former);
        self.threads.retain(|_, thread| thread.process != process);
        self.processes.remove(&process);
        self.discover(process)?;
        let (Some(thread), Some(executing)) = (self.threads.get_mut(&process), executing) else {
            return Ok(None);
        };
        thread.attempt = executing.attempt;
        thread.call = executing.call;
        thread.restricted = executing.restricted;
        thread.like_recorder &= !executing.restricted;
        Ok(Some(executing.status))
    }

    /// A thread changed who it is.
    pub(super) fn changed_identity(&mut self, thread: Pid) {
        let Ok(status) = Status::read(thread) else { return };
        let Some(process) = self.threads.get(&thread).map(|t| t.process) else { return };
        let program = self.program(process, status.user());
        let like_recorder = self.is_like_recorder(thread, &status);
        if let Some(known) = self.threads.get_mut(&thread) {
            known.status = status;
            known.program = program;
            known.like_recorder = like_recorder && !known.restricted;
        }
    }

    /// A process's root or mount namespace changed.
    pub(super) fn changed_view(&mut self, thread: Pid) {
        let Some(process) = self.threads.get(&thread).map(|t| t.process) else { return };
        if let (Ok(view), Some(known)) = (View::of(process, &self.host), self.processes.get_mut(&process)) {
            known.view = Rc::new(view);
        }
    }

    /// A call that may move directories, or a thread to another one, begins or has ended.
    pub(super) fn moves(&mut self) {
        self.moved += 1;
    }

    /// A thread's working directory, if it was looked for a moment ago and cannot be another by now.
    pub(super) fn working_directory(&self, thread: Pid) -> Option<PathBuf> {
        let known = self.threads.get(&thread)?.working_directory.borrow();
        known
            .as_ref()
            .filter(|known| known.moved == self.moved && known.since.elapsed() <= BELIEVED)
            .map(|known| known.path.clone())
    }

    /// Remembers a thread's working directory, unless something is on its way that may change it.
    pub(super) fn remember_working_directory(&self, thread: Pid, path: &Path) {
        let moving = |other: &Thread| other.attempt.as_ref().is_some_and(|a| delivery::may_move(a.rule));
        if let Some(known) = self.threads.get(&thread)
            && !self.threads.values().any(moving)
        {
            let (path, since) = (path.to_path_buf(), Instant::now());
            *known.working_directory.borrow_mut() = Some(WorkingDirectory { path, since, moved: self.moved });
        }
    }

    /// A thread is gone; whether it was known.
    pub(super) fn remove(&mut self, thread: Pid) -> bool {
        let Some(gone) = self.threads.remove(&thread) else { return false };
        if !self.threads.values().any(|other| other.process == gone.process) {
            self.processes.remove(&gone.process);
        }
        true
    }

    /// What a thread looks at paths with.
    pub(super) fn eyes(&self, thread: Pid) -> Option<Eyes<'_>> {
        let known = self.threads.get(&thread)?;
        let process = self.processes.get(&known.process)?;
        Some(Eyes { view: &process.view, process: process.inner, thread: known.inner })
    }

    /// Whose a process is, seen from a thread; the number is one in that thread's PID namespace.
    pub(super) fn relation(&self, thread: Pid, process: Pid) -> ProcessRelation {
        let own = self.threads.get(&thread);
        let is_own_thread = |own: &Thread| {
            self.threads.values().any(|other| other.inner == process && other.process == own.process)
        };
        if self.eyes(thread).is_some_and(|eyes| eyes.process == process) || own.is_some_and(is_own_thread) {
            ProcessRelation::Own
        } else if self.processes.values().any(|other| other.inner == process) {
            ProcessRelation::Recorded
        } else {
            ProcessRelation::Foreign
        }
    }

    /// Who the processes are that a number stands for, as the thread would give it to kill(2): of a group, those that are
    /// traced.
    pub(super) fn named(&self, thread: Pid, number: i32) -> Vec<Status> {
        let group = match number {
            -1 => None,
            0 => getpgid(Some(thread)).ok(),
            1.. => {
                let process = Pid::from_raw(number).and_then(|number| self.outer(thread, number));
                return process.and_then(|process| self.status(process)).into_iter().collect();
            }
            _ => number.checked_neg().and_then(Pid::from_raw).and_then(|leader| self.outer(thread, leader)),
        };
        let in_group =
            |process: &&Pid| number == -1 || group.is_some() && getpgid(Some(**process)).ok() == group;
        self.processes.keys().filter(in_group).filter_map(|process| self.status(*process)).collect()
    }

    fn status(&self, process: Pid) -> Option<Status> {
        let known = self.threads.get(&process).map(|thread| thread.status.clone());
        known.or_else(|| Status::read(process).ok())
    }

    /// The number by which the recorder knows a process, from the one in the thread's PID namespace.
    fn outer(&self, thread: Pid, inner: Pid) -> Option<Pid> {
        if let Some((process, _)) = self.processes.iter().find(|(_, known)| known.inner == inner) {
            return Some(*process);
        }
        let namespace = |process: Pid| std::fs::read_link(proc::path(process, "ns/pid")).ok();
        let theirs = namespace(thread)?;
        if namespace(rustix::process::getpid()).as_ref() == Some(&theirs) {
            return Some(inner);
        }
        let is_it = |process: &Pid| {
            let number = Status::read(*process).map(|status| status.inner);
            number.is_ok_and(|number| number == inner.as_raw_nonzero().get())
                && namespace(*process).as_ref() == Some(&theirs)
        };
        proc::processes().ok()?.into_iter().find(is_it)
    }

    /// A thread among the others.
    pub(super) fn peers(&self, thread: Pid) -> Peers<'_> {
        Peers { tracees: self, thread }
    }
}

/// The status of a thread that has not ended. Of one that has, nothing more will be heard; but its maker may be heard of
/// only now, and its number is there until that one has waited for it.
fn alive(thread: Pid) -> io::Result<Status> {
    let status = Status::read(thread)?;
    if status.ended { Err(rustix::io::Errno::SRCH.into()) } else { Ok(status) }
}

/// A thread among the others.
pub(super) struct Peers<'a> {
    tracees: &'a Tracees,
    thread: Pid,
}

impl delivery::Peers for Peers<'_> {
    fn number(&self, number: i32) -> ProcessRelation {
        match number.checked_abs().and_then(Pid::from_raw) {
            // -1 is everybody, 0 is the caller's own group.
            _ if number == -1 => ProcessRelation::Foreign,
            Some(process) => self.tracees.relation(self.thread, process),
            None => ProcessRelation::Own,
        }
    }

    fn parent(&self) -> ProcessRelation {
        let parent = Status::read(self.thread).ok().and_then(|status| Pid::from_raw(status.parent));
        match parent {
            Some(parent) if self.tracees.processes.contains_key(&parent) => ProcessRelation::Recorded,
            _ => ProcessRelation::Foreign,
        }
    }
}
