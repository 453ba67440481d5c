//! A recording while it runs: events are read, understood and delivered, until the target is gone.

use crate::decode::Decoder;
use crate::kernel::{Counter, Kernel, LoadError};
use crate::table::CALLS;
use crate::wire::RawEvent;
use ringfence_calls::is_unseen_request;
use ringfence_profile::Abi;
use ringfence_record::{
    BlindSpot, Command, Ended, Event, IoUringUse, Privilege, RecordError, Sink, Stop, Target, What, proc,
};
use ringfence_terms::Errno;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

/// How long events may lie before they are read. The kernel side wakes the reader earlier when there are many.
const INTERVAL: Duration = Duration::from_millis(50);

/// How often counters and calls used are looked at.
const ACCOUNT: Duration = Duration::from_millis(500);

/// How long a control group may be gone before its service is: restarting removes and makes it.
const GROUP_GONE: Duration = Duration::from_secs(3);

/// How long a command has to end when it is asked to, and then when it is made to.
const GRACE: Duration = Duration::from_secs(10);

/// A recording that runs.
pub struct Watch<'a> {
    kernel: Kernel,
    decoder: Decoder,
    stop: &'a Stop,
    /// It was told to stop.
    stopping: bool,
    sink: &'a mut dyn Sink,
    wakeups: OwnedFd,
    accounted: Instant,
    lost: u64,
    cut: u64,
    /// The calls that were delivered, by slot.
    delivered: HashMap<u32, Box<[u8; 2 * CALLS]>>,
    /// Every process that was seen, as the first PID namespace numbers it.
    processes: HashSet<u32>,
}

/// How far a command has been brought to its end, and since when.
#[derive(Clone, Copy)]
enum Ending {
    /// It was sent `SIGTERM`.
    Asked(Instant),
    /// It was sent `SIGKILL`.
    Made(Instant),
}

/// Whether to go on watching.
enum Next {
    Watch,
    Stopped,
}

impl<'a> Watch<'a> {
    /// Prepares to watch through attached programs.
    pub fn new(kernel: Kernel, stop: &'a Stop, sink: &'a mut dyn Sink) -> Result<Watch<'a>, RecordError> {
        let wakeups = wakeups(&kernel, stop).map_err(|errno| system("watch for events", errno))?;
        if !kernel.sees_capabilities {
            sink.blind_spot(BlindSpot::CapabilitiesInferred);
        }
        let decoder = Decoder::new().map_err(|errno| system("read /proc", errno))?;
        Ok(Watch {
            kernel,
            decoder,
            stop,
            stopping: false,
            sink,
            wakeups,
            accounted: Instant::now(),
            lost: 0,
            cut: 0,
            delivered: HashMap::new(),
            processes: HashSet::new(),
        })
    }

    /// Starts a command and watches until it has ended, and what descends from it.
    pub fn run_command(&mut self, command: &Command) -> Result<Ended, RecordError> {
        let mut child = self.start(command)?;
        let _end = self.wake_at_end(&child).map_err(|errno| system("wait for the command", errno))?;
        let mut status = None;
        let mut ending = None;
        loop {
            let next = self.round()?;
            if status.is_none() {
                status = child
                    .try_wait()
                    .map_err(|source| RecordError::System { step: "wait for the command", source })?;
            }
            match (status, next) {
                (Some(status), _) if self.kernel.tasks.alive().map_err(broken)? <= 0 => {
                    self.finish()?;
                    return Ok(Ended::Command(status));
                }
                (_, Next::Stopped) => ending = self.end_command(ending)?,
                _ => {}
            }
            if let Some(Ending::Made(since)) = ending
                && since.elapsed() > GRACE
            {
                // What cannot be killed waits for something in the kernel.
                self.finish()?;
                return Ok(Ended::Stopped);
            }
        }
    }

    /// Asks what is left of a command to end, and makes it end when it does not.
    fn end_command(&self, ending: Option<Ending>) -> Result<Option<Ending>, RecordError> {
        let (signal, ending) = match ending {
            None => (Signal::TERM, Ending::Asked(Instant::now())),
            Some(Ending::Asked(since)) if since.elapsed() > GRACE => {
                (Signal::KILL, Ending::Made(Instant::now()))
            }
            other => return Ok(other),
        };
        let processes =
            proc::processes().map_err(|source| RecordError::System { step: "read /proc", source })?;
        for process in processes {
            if self.kernel.tasks.is_tracked(process.as_raw_nonzero().get().unsigned_abs()) {
                // It may have ended just now, which is what is wanted.
                let _ = rustix::process::kill_process(process, signal);
            }
        }
        Ok(Some(ending))
    }

    /// A process that this one makes is tracked from its first execve(2) on.
    fn start(&mut self, command: &Command) -> Result<Child, RecordError> {
        self.kernel.tasks.set_starter(true).map_err(broken)?;
        self.sink.ready();
        let child = std::process::Command::new(&command.program)
            .args(&command.arguments)
            .spawn()
            .map_err(|source| RecordError::Execute { program: PathBuf::from(&command.program), source });
        self.kernel.tasks.set_starter(false).map_err(broken)?;
        child
    }

    /// Waiting ends when the child does, as long as the descriptor is open.
    fn wake_at_end(&self, child: &Child) -> rustix::io::Result<OwnedFd> {
        let end = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
        let once = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&self.wakeups, &end, epoll::EventData::new_u64(2), once)?;
        Ok(end)
    }

    /// Watches a running process and its descendants until they have ended.
    pub fn run_process(&mut self, process: Pid, target: &Target) -> Result<Ended, RecordError> {
        self.sink.blind_spot(BlindSpot::StartUp);
        let mut tracked = 0;
        // A process that was started meanwhile by one that is tracked is tracked already; a round without a new one
        // has found all.
        loop {
            let mut new = 0;
            for process in proc::family(&[process]) {
                let exists = rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH);
                let number = process.as_raw_nonzero().get().unsigned_abs();
                if exists && self.kernel.tasks.track(number).map_err(broken)? {
                    self.processes.insert(number);
                    new += 1;
                }
            }
            tracked += new;
            if new == 0 {
                break;
            }
        }
        if tracked == 0 {
            let source = io::Error::from(rustix::io::Errno::SRCH);
            return Err(RecordError::Attach { target: target.to_string(), source });
        }
        self.sink.ready();
        self.calls_under_way();
        loop {
            let next = self.round()?;
            if self.kernel.tasks.alive().map_err(broken)? + tracked <= 0 {
                self.finish()?;
                return Ok(Ended::Gone);
            }
            if let Next::Stopped = next {
                self.finish()?;
                return Ok(Ended::Stopped);
            }
        }
    }

    /// Watches a control group until it is removed for good.
    pub fn run_cgroup(&mut self, directory: &Path) -> Result<Ended, RecordError> {
        let mut seen = directory.exists();
        if seen {
            self.sink.blind_spot(BlindSpot::StartUp);
        }
        self.sink.ready();
        let mut gone: Option<Instant> = None;
        loop {
            let next = self.round()?;
            if directory.exists() {
                (seen, gone) = (true, None);
            } else if seen && gone.get_or_insert_with(Instant::now).elapsed() > GROUP_GONE {
                self.finish()?;
                return Ok(Ended::Gone);
            }
            if let Next::Stopped = next {
                self.finish()?;
                return Ok(Ended::Stopped);
            }
        }
    }

    /// Waits for events, and delivers those that have come.
    fn round(&mut self) -> Result<Next, RecordError> {
        let mut ready = [const {
            epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }
        }; 3];
        let timeout = rustix::event::Timespec { tv_sec: 0, tv_nsec: INTERVAL.subsec_nanos().into() };
        match epoll::wait(&self.wakeups, &mut ready, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(system("wait for events", errno)),
        }
        let stopped = self.stop.is_set();
        if stopped && !std::mem::replace(&mut self.stopping, true) {
            // The request stays made, and would never let this wait again.
            epoll::delete(&self.wakeups, self.stop).map_err(|errno| system("watch for events", errno))?;
        }
        self.drain();
        if self.accounted.elapsed() >= ACCOUNT {
            self.account()?;
        }
        Ok(if stopped { Next::Stopped } else { Next::Watch })
    }

    /// Delivers every event that is there.
    fn drain(&mut self) {
        let Kernel { events, tasks, sees_rings, .. } = &mut self.kernel;
        let is_tracked = |process| tasks.is_or_was_tracked(process);
        while let Some(bytes) = events.next() {
            let Some(event) = RawEvent::read(&bytes) else {
                // The object and this program are of one source, so this is a defect; what it hid is lost.
                self.sink.lost(1);
                continue;
            };
            self.processes.insert(event.tgid);
            if event.parts_cut {
                self.sink.cut(1);
            }
            for delivered in self.decoder.decode(&event, &is_tracked) {
                let unseen = match delivered.what {
                    What::Privilege(Privilege::IoUring(IoUringUse::Setup)) => !*sees_rings,
                    What::Privilege(Privilege::IoUring(IoUringUse::Request(request))) => {
                        is_unseen_request(request)
                    }
                    _ => false,
                };
                if unseen {
                    self.sink.blind_spot(BlindSpot::IoUring);
                }
                self.sink.event(Event { by: delivered.by, errno: delivered.errno, what: delivered.what });
            }
        }
    }

    /// Delivers what is only counted in the kernel: calls used, losses.
    fn account(&mut self) -> Result<(), RecordError> {
        self.accounted = Instant::now();
        let lost = self.kernel.count(Counter::Lost).map_err(broken)?;
        if lost > self.lost {
            self.sink.lost(lost - self.lost);
            self.lost = lost;
        }
        let cut = self.kernel.count(Counter::Cut).map_err(broken)?;
        if cut > self.cut {
            self.sink.cut(cut - self.cut);
            self.cut = cut;
        }
        if self.kernel.count(Counter::Crowded).map_err(broken)? > 0 {
            self.sink.blind_spot(BlindSpot::NotFollowed);
        }
        let programs = self.kernel.programs().map_err(broken)?;
        for slot in 1..programs {
            let used = self.kernel.calls_used(slot).map_err(broken)?;
            let known = self.delivered.entry(slot).or_insert_with(|| Box::new([0; 2 * CALLS]));
            let Some(by) = self.decoder.programs.get(slot) else { continue };
            for (index, (&now, before)) in used.iter().zip(known.iter_mut()).enumerate() {
                if now == *before {
                    continue;
                }
                *before = now;
                // `struct calls_used` of bpf/maps.h: a call that is only ever missing from the kernel is told apart.
                let errno = (now == 4).then_some(Errno::ENOSYS);
                let abi = if index < CALLS { Abi::X86_64 } else { Abi::I386 };
                let number = (index % CALLS) as u32;
                let what = What::Privilege(Privilege::Syscall { abi, number });
                self.sink.event(Event { by: by.clone(), errno, what });
            }
        }
        Ok(())
    }

    /// Calls are seen when they end. Those that processes are in now, and may stay in (a server that waits), are read
    /// from `/proc/PID/task/TID/syscall` instead.
    fn calls_under_way(&mut self) {
        for &process in &self.processes {
            let Some(by) =
                self.kernel.tasks.program_of(process).and_then(|slot| self.decoder.programs.get(slot))
            else {
                continue;
            };
            let Some(process) = i32::try_from(process).ok().and_then(Pid::from_raw) else { continue };
            for thread in proc::threads(process).unwrap_or_default() {
                let path =
                    format!("/proc/{}/task/{}/syscall", process.as_raw_nonzero(), thread.as_raw_nonzero());
                let Some(number) = std::fs::read_to_string(path).ok().and_then(|text| {
                    // `running`, or -1 outside of a call (proc_pid_syscall(5)).
                    text.split_ascii_whitespace().next()?.parse().ok()
                }) else {
                    continue;
                };
                let what = What::Privilege(Privilege::Syscall { abi: Abi::X86_64, number });
                self.sink.event(Event { by: by.clone(), errno: None, what });
            }
        }
    }

    /// Delivers everything that is left.
    fn finish(&mut self) -> Result<(), RecordError> {
        self.drain();
        self.calls_under_way();
        self.account()
    }
}

/// A descriptor that tells of wake-ups alone: with events lying there, poll(2) on the ring buffer would never wait.
fn wakeups(kernel: &Kernel, stop: &Stop) -> rustix::io::Result<OwnedFd> {
    let wakeups = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let edge = epoll::EventFlags::IN | epoll::EventFlags::ET;
    epoll::add(&wakeups, &kernel.events, epoll::EventData::new_u64(0), edge)?;
    epoll::add(&wakeups, stop, epoll::EventData::new_u64(1), epoll::EventFlags::IN)?;
    Ok(wakeups)
}

fn system(step: &'static str, errno: rustix::io::Errno) -> RecordError {
    RecordError::System { step, source: errno.into() }
}

fn broken(error: LoadError) -> RecordError {
    RecordError::System { step: "use a map of the BPF programs", source: io::Error::other(error) }
}
