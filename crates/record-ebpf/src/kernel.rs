//! The programs in the kernel: loaded, attached, and the maps through which they are spoken with.

use crate::btf::{self, Types};
use crate::table::{self, HANDLERS};
use aya::maps::{Array, Map, MapData, MapError, PerCpuArray, ProgramArray, RingBuf};
use aya::programs::{BtfTracePoint, ProgramFd};
use aya::{Btf, Ebpf, EbpfLoader};
use ringfence_calls::RING_OPERATIONS;
use rustix::fs::{Mode, OFlags, SeekFrom};
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// The compiled programs; `bpf/build` makes them of the source beside them.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../bpf/recorder.bpf.o");

/// The call in it that stands for `bpf_rdonly_cast` (`cast` in `bpf/helpers.h`).
const CAST: [u8; 8] = [0x85, 0, 0, 0, 0x01, 0x00, 0xff, 0x7f];

/// `TASK_…` of `bpf/maps.h`.
mod task {
    pub const UNTRACKED: u32 = 0;
    pub const STARTER: u32 = 0xffff_fffd;
    pub const UNKNOWN: u32 = 0xffff_ffff;
}

/// Which of the `changes` of `bpf/maps.h` are counted here.
const CHANGES_OUTSIDE: u32 = 1;

/// What is recorded, as the kernel side tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Processes that are tracked by number, and what descends from them.
    Processes,
    /// A control group and the groups below it.
    Cgroup(Cgroup),
}

/// A control group of the unified hierarchy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroup {
    /// The root of the mount of the hierarchy through which it is seen.
    pub base: PathBuf,
    /// Its path from there: it may be made, or made anew, while it is recorded.
    pub path: Vec<u8>,
    /// Its inode number; 0 while there is none.
    pub id: u64,
}

/// The longest path of a control group, with its end (`CGROUP_PATH_MAX` in `bpf/event.h`).
pub const CGROUP_PATH: usize = 1024;

/// The programs, attached. Dropping this detaches them.
pub struct Kernel {
    /// Where events arrive.
    pub events: RingBuf<MapData>,
    /// The processes.
    pub tasks: Tasks,
    used: Array<MapData, [u8; 2 * table::CALLS]>,
    next_program: Array<MapData, u32>,
    counters: PerCpuArray<MapData, u64>,
    /// Whether capability checks are seen (Linux 6.14 and later).
    pub sees_capabilities: bool,
    /// Whether io_uring requests are seen (Linux 6.4 and later).
    pub sees_rings: bool,
    /// The kernel empties a table of programs when nobody has it open any more.
    _handlers: ProgramArray<MapData>,
    programs: Ebpf,
}

/// The processes as the kernel side knows them, by number of this process's PID namespace.
pub struct Tasks {
    states: Array<MapData, [u32; 2]>,
    alive: Array<MapData, i32>,
    changes: Array<MapData, u32>,
    by_cgroup: bool,
}

/// `enum counter` of `bpf/event.h`.
#[derive(Clone, Copy, Debug)]
pub enum Counter {
    /// Events for which there was no room.
    Lost = 0,
    /// Paths that were cut.
    Cut = 2,
    /// Programs for which there was no slot.
    Crowded = 4,
}

/// Why the programs could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The kernel has no type information.
    #[error("the kernel has no BTF (/sys/kernel/btf/vmlinux)")]
    NoBtf(#[source] aya::BtfError),
    /// The object does not fit this kernel.
    #[error("the kernel refused the maps or lacks a structure")]
    Object(#[from] aya::EbpfError),
    /// The kernel refused a program.
    #[error("the kernel refused the program {name}")]
    Program {
        /// The function in `bpf/`.
        name: &'static str,
        /// Why.
        source: aya::programs::ProgramError,
    },
    /// A map of the object is missing or is another kind of map: the object is not of this source.
    #[error("the object has no map {0}")]
    Map(&'static str),
    /// The control group's path is too long.
    #[error("the control group's path is longer than {CGROUP_PATH} bytes")]
    CgroupPath,
    /// A map could not be read or written.
    #[error("failed to use a map")]
    Access(#[from] MapError),
    /// The kernel side did not see this process, or could not tell where it is.
    #[error("the programs did not see the recorder's own call")]
    NotSeen,
    /// A step of introducing the recorder to the programs failed.
    #[error("failed to read {path}")]
    Introduction {
        /// What of.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `/proc/sys/kernel/pid_max` could not be read.
    #[error("failed to read /proc/sys/kernel/pid_max")]
    PidMax(#[source] io::Error),
}

/// Where the end of every call is seen.
const CALLS_END: &str = "sys_exit";

/// Programs that see processes come and go, by tracepoint.
const PROCESSES: &[(&str, &str)] = &[
    ("on_exit", "sched_process_exit"),
    ("on_fork", "sched_process_fork"),
    ("on_exec", "sched_process_exec"),
    ("on_signal", "signal_deliver"),
];

/// And control groups, when one is recorded.
const GROUPS: &[(&str, &str)] = &[("on_cgroup", "cgroup_mkdir"), ("on_move", "cgroup_attach_task")];

/// Programs that see what not every kernel shows, by tracepoint: the first that the kernel takes is used.
const CAPABILITIES: &[(&str, &str)] = &[("on_capability", "cap_capable")];
const RING_SUBMIT: &[(&str, &str)] = &[("on_ring_submit", "io_uring_submit_req")];
const RING_COMPLETE: &[(&str, &str)] =
    &[("on_ring_complete", "io_uring_complete"), ("on_ring_complete_old", "io_uring_complete")];

/// Every tracepoint that a program is attached to.
fn tracepoints() -> impl Iterator<Item = &'static str> {
    let others = [PROCESSES, GROUPS, CAPABILITIES, RING_SUBMIT, RING_COMPLETE];
    others.into_iter().flatten().map(|(_, tracepoint)| *tracepoint).chain([CALLS_END])
}

impl Kernel {
    /// Loads and attaches the programs; `buffer` is how many bytes of events wait to be read at most. `casts`: numbers may
    /// become pointers where the kernel can do that.
    pub fn attach(filter: &Filter, buffer: u32, casts: bool) -> Result<Kernel, LoadError> {
        let Types { btf, cast } = btf::of_kernel(tracepoints()).map_err(LoadError::NoBtf)?;
        let pid_max = std::fs::read_to_string("/proc/sys/kernel/pid_max").map_err(LoadError::PidMax)?;
        // Numbers end below pid_max (proc_sys_kernel(5)); what a later, greater one allows would not be tracked.
        let pid_max: u32 = pid_max.trim().parse().unwrap_or(1 << 22);
        let none = Cgroup::default();
        let (by_cgroup, cgroup) = match filter {
            Filter::Processes => (0_u32, &none),
            Filter::Cgroup(cgroup) => (1, cgroup),
        };
        let depth = cgroup.path.split(|&b| b == b'/').filter(|name| !name.is_empty()).count() as u32;
        let mut path = [0; CGROUP_PATH];
        path.get_mut(..cgroup.path.len())
            .filter(|room| room.len() < CGROUP_PATH)
            .ok_or(LoadError::CgroupPath)?
            .copy_from_slice(&cgroup.path);
        let path_size = cgroup.path.len() as u32;
        let calls = table::bytes();
        let cast = cast.filter(|_| casts);
        let object = cast.map_or(Cow::Borrowed(OBJECT), |cast| Cow::Owned(with_casts(cast)));
        let (seed, introduction) = (secret(), secret() >> 1);
        let in_namespace = u32::from(!in_first_pid_namespace()?);
        let mut ebpf = EbpfLoader::new()
            .btf(Some(&btf))
            .override_global("seed", &seed, true)
            .override_global("by_cgroup", &by_cgroup, true)
            .override_global("introduction", &introduction, true)
            .override_global("in_namespace", &in_namespace, true)
            .override_global("cgroup_depth", &depth, true)
            .override_global("cgroup_path", &path, true)
            .override_global("cgroup_path_size", &path_size, true)
            .override_global("ring_size", &buffer, true)
            .override_global("ring_operations", &RING_OPERATIONS, true)
            .override_global("calls", &calls, true)
            .map_max_entries("tasks", pid_max)
            .map_max_entries("events", buffer)
            .override_global("can_cast", &u32::from(cast.is_some()), true)
            .load(&object)?;

        let place = if by_cgroup != 0 { &cgroup.base } else { Path::new("/") };
        introduce(&mut ebpf, place, introduction, &btf)?;
        let mut handlers: ProgramArray<MapData> = take(&mut ebpf, "handlers")?;
        for (handler, name) in HANDLERS {
            let refused = |source| LoadError::Program { name, source };
            let program = load(&mut ebpf, name, CALLS_END, &btf)?;
            let fd: ProgramFd = program.fd().and_then(|fd| Ok(fd.try_clone()?)).map_err(refused)?;
            handlers.set(handler, &fd, 0)?;
        }
        let mut cgroups: Array<MapData, u64> = take(&mut ebpf, "cgroups")?;
        cgroups.set(0, cgroup.id, 0)?;
        let tasks = Tasks {
            states: take(&mut ebpf, "tasks")?,
            alive: take(&mut ebpf, "alive")?,
            changes: take(&mut ebpf, "changes")?,
            by_cgroup: by_cgroup != 0,
        };
        let mut kernel = Kernel {
            events: take(&mut ebpf, "events")?,
            tasks,
            used: take(&mut ebpf, "used")?,
            next_program: take(&mut ebpf, "next_program")?,
            counters: take(&mut ebpf, "counters")?,
            sees_capabilities: attach_one(&mut ebpf, CAPABILITIES, &btf),
            sees_rings: attach_one(&mut ebpf, RING_COMPLETE, &btf)
                && attach_one(&mut ebpf, RING_SUBMIT, &btf),
            _handlers: handlers,
            programs: ebpf,
        };
        for (name, tracepoint) in GROUPS.iter().filter(|_| by_cgroup != 0).chain(PROCESSES) {
            kernel.load_and_attach(name, tracepoint, &btf)?;
        }
        attach(&mut kernel.programs, "dispatch")?;
        Ok(kernel)
    }

    fn load_and_attach(&mut self, name: &'static str, tracepoint: &str, btf: &Btf) -> Result<(), LoadError> {
        load(&mut self.programs, name, tracepoint, btf)?;
        attach(&mut self.programs, name)
    }

    /// How many slots of programs are in use, slot 0 included.
    pub fn programs(&self) -> Result<u32, LoadError> {
        Ok(self.next_program.get(&0, 0)? + 1)
    }

    /// The calls that a program used: a byte for each of both ABIs' numbers, with the bits of `struct calls_used`.
    pub fn calls_used(&self, program: u32) -> Result<[u8; 2 * table::CALLS], LoadError> {
        Ok(self.used.get(&program, 0)?)
    }

    /// A counter, over all processors.
    pub fn count(&self, counter: Counter) -> Result<u64, LoadError> {
        Ok(self.counters.get(&(counter as u32), 0)?.iter().sum())
    }
}

impl Tasks {
    /// From now on what this thread starts is tracked, once it executes something; or no more.
    pub fn set_starter(&mut self, starting: bool) -> Result<(), LoadError> {
        let state = if starting { task::STARTER } else { task::UNTRACKED };
        let thread = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
        Ok(self.states.set(thread, [state, 0], 0)?)
    }

    /// Tracks a process; whether that was new.
    pub fn track(&mut self, process: u32) -> Result<bool, LoadError> {
        if process >= self.states.len() || self.is_tracked(process) {
            return Ok(false);
        }
        self.states.set(process, [task::UNKNOWN, 0], 0)?;
        let before = self.changes.get(&CHANGES_OUTSIDE, 0)?;
        self.changes.set(CHANGES_OUTSIDE, before.wrapping_add(1), 0)?;
        Ok(true)
    }

    /// Whether a process is recorded. One of a control group is, from its first call in it on.
    pub fn is_tracked(&self, process: u32) -> bool {
        self.program_of(process).is_some()
    }

    /// Whether a process is recorded, or was until it ended, and no other has its number since.
    pub fn is_or_was_tracked(&self, process: u32) -> bool {
        self.is_tracked(process) || self.states.get(&process, 0).is_ok_and(|[_, ended]| ended != 0)
    }

    /// The slot of the program that a process runs.
    pub fn program_of(&self, process: u32) -> Option<u32> {
        let state = self.states.get(&process, 0).ok()?[0];
        (state != task::UNTRACKED && state != task::STARTER).then_some(state)
    }

    /// How many processes came to be tracked because another one that was tracked started them, without those that
    /// ended. Those of [`Tasks::track`] do not count when they start, but do when they end.
    pub fn alive(&self) -> Result<i32, LoadError> {
        debug_assert!(!self.by_cgroup, "processes of a control group come and go by it");
        Ok(self.alive.get(&0, 0)?)
    }
}

/// The programs with calls of the kernel's function that makes a number a pointer.
fn with_casts(function: u32) -> Vec<u8> {
    // BPF_JMP | BPF_CALL of BPF_PSEUDO_KFUNC_CALL, which the kernel is told by the number of its type.
    let mut call = [0x85, 0x20, 0, 0, 0, 0, 0, 0];
    call[4..].copy_from_slice(&function.to_le_bytes());
    let mut object = OBJECT.to_vec();
    for instruction in object.chunks_exact_mut(CAST.len()).filter(|bytes| **bytes == CAST) {
        instruction.copy_from_slice(&call);
    }
    object
}

fn take<M: TryFrom<Map, Error = MapError>>(ebpf: &mut Ebpf, name: &'static str) -> Result<M, LoadError> {
    Ok(M::try_from(ebpf.take_map(name).ok_or(LoadError::Map(name))?)?)
}

/// Shows the programs where this process is: whose numbers it knows processes by, and what it sees of the file tree and
/// of the control groups.
fn introduce(ebpf: &mut Ebpf, place: &Path, introduction: u64, btf: &Btf) -> Result<(), LoadError> {
    let name = "on_introduction";
    let refused = |source| LoadError::Program { name, source };
    let unread =
        |errno: rustix::io::Errno| LoadError::Introduction { path: place.to_owned(), source: errno.into() };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(place, flags, Mode::empty()).map_err(unread)?;
    let program = load(ebpf, name, CALLS_END, btf)?;
    let link = program.attach().map_err(refused)?;
    // A directory may refuse such a position; what matters is that it was asked for.
    let _ = rustix::fs::seek(&directory, SeekFrom::Start(introduction));
    program.detach(link).map_err(refused)?;
    program.unload().map_err(refused)?;
    let map = ebpf.map("hosts").ok_or(LoadError::Map("hosts"))?;
    let hosts: Array<&MapData, Host> = Array::try_from(map)?;
    // No mount namespace has the number 0.
    if hosts.get(&0, 0)?[MOUNT_NAMESPACE] == 0 { Err(LoadError::NotSeen) } else { Ok(()) }
}

/// `struct host` of `bpf/maps.h`, in words of four bytes.
type Host = [u32; 12];

/// Where in it the mount namespace's number is.
const MOUNT_NAMESPACE: usize = 8;

/// Whether processes have the same numbers here as on the whole machine.
fn in_first_pid_namespace() -> Result<bool, LoadError> {
    // `PROC_PID_INIT_INO` (linux/proc_ns.h).
    const FIRST: &[u8] = b"pid:[4026531836]";
    let path = "/proc/self/ns/pid";
    let namespace = rustix::fs::readlink(path, Vec::new())
        .map_err(|errno| LoadError::Introduction { path: path.into(), source: errno.into() })?;
    Ok(namespace.as_bytes() == FIRST)
}

/// A number that nobody watched can know.
fn secret() -> u64 {
    let mut bytes = [0; 8];
    match rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty()) {
        Ok(8) => u64::from_ne_bytes(bytes) | 1,
        // Before the pool is initialised, early at boot.
        _ => u64::from(std::process::id()) << 32 | 1,
    }
}

fn load<'e>(
    ebpf: &'e mut Ebpf,
    name: &'static str,
    tracepoint: &str,
    btf: &Btf,
) -> Result<&'e mut BtfTracePoint, LoadError> {
    let refused = |source| LoadError::Program { name, source };
    let program = ebpf.program_mut(name).ok_or(LoadError::Map(name))?;
    let program: &mut BtfTracePoint = program.try_into().map_err(refused)?;
    program.load(tracepoint, btf).map_err(refused)?;
    Ok(program)
}

fn attach(ebpf: &mut Ebpf, name: &'static str) -> Result<(), LoadError> {
    let refused = |source| LoadError::Program { name, source };
    let program = ebpf.program_mut(name).ok_or(LoadError::Map(name))?;
    let program: &mut BtfTracePoint = program.try_into().map_err(refused)?;
    program.attach().map_err(refused)?;
    Ok(())
}

/// Attaches the first of the programs that this kernel takes; whether it took one.
fn attach_one(ebpf: &mut Ebpf, choices: &[(&'static str, &str)], btf: &Btf) -> bool {
    choices
        .iter()
        .any(|(name, tracepoint)| load(ebpf, name, tracepoint, btf).is_ok() && attach(ebpf, name).is_ok())
}
