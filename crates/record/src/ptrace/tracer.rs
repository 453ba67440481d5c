//! The loop: from stop to stop of every traced thread.

use super::capabilities::Inference;
use super::closeness::Closeness;
use super::decode::Decoder;
use super::foresight;
use super::gain::{self, Gain};
use super::launch::{Held, system};
use super::memory::Arguments;
use super::repeats::{ByAddress, Repeat, Repeats};
use super::table::{CallTable, Handling};
use super::tracee::Tracees;
use crate::attempt::{Attempt, Located, resolves_in_root};
use crate::delivery;
use crate::resolve::Resolver;
use crate::view::Host;
use crate::{
    BlindSpot, Ended, Event, FileUse, IoUringUse, Privilege, ProcessRelation, Program, PtraceUse,
    RecordError, Sink, Stop, Target, What, proc,
};
use hashbrown::{HashMap, HashSet};
use ringfence_calls::Object;
use ringfence_seccomp::Abi;
use ringfence_sys::fork;
use ringfence_sys::ptrace::{self, Call, Change, OnTracerExit, Progress, Until};
use ringfence_terms::Errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;

/// How the calls that matter are made to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// By the filter that the command was started under.
    Filtered,
    /// Every call stops.
    EveryCall,
}

/// landlock_restrict_self(2): one number on every ABI.
const LANDLOCK_RESTRICT_SELF: u32 = 446;

/// How long a command has to end when it is asked to.
const GRACE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// How many calls of a new program are all looked at, frequent ones too, in filtered mode.
const SAMPLES: u32 = 500;

/// After so many stops, the next call is looked at, a frequent one too; and after twice as many the next time, as long as
/// that finds no call that its program was not known to make.
const SAMPLE_EVERY: u32 = 16;

/// At the latest after so many.
const SAMPLE_SELDOM: u32 = 512;

pub(super) struct Tracer<'a> {
    table: &'a CallTable,
    mode: Mode,
    stop: &'a Stop,
    sink: &'a mut dyn Sink,
    tracees: Tracees,
    resolver: Resolver,
    repeats: Repeats,
    closeness: Closeness,
    inference: Inference,
    /// Threads that stopped for the first time before it was known who made them.
    early: HashSet<Pid>,
    /// Calls that were delivered for a program.
    noted: HashMap<ByAddress, HashSet<(Abi, u32)>>,
    /// Ends when recording is to stop, which wakes the loop up: a signal could come too early to do so.
    sentinel: Option<Pid>,
    /// The command, until it executed.
    unexecuted: Option<Pid>,
    stopping: bool,
    /// Since the last call that was looked at for being the next.
    stops: u32,
    sample_after: u32,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(
        table: &'a CallTable,
        mode: Mode,
        stop: &'a Stop,
        sink: &'a mut dyn Sink,
    ) -> Result<Tracer<'a>, RecordError> {
        let host = Host::new().map_err(|errno| system("read /proc", errno))?;
        Ok(Tracer {
            table,
            mode,
            stop,
            sink,
            tracees: Tracees::new(host),
            resolver: Resolver::default(),
            repeats: Repeats::default(),
            closeness: Closeness::new(mode == Mode::Filtered),
            inference: Inference::new(),
            early: HashSet::new(),
            noted: HashMap::new(),
            sentinel: None,
            unexecuted: None,
            stopping: false,
            stops: 0,
            sample_after: SAMPLE_EVERY,
        })
    }

    /// Records a command until it and everything that descends from it has ended.
    pub(super) fn run_command(&mut self, child: Held) -> Result<Ended, RecordError> {
        ptrace::seize(child.pid, OnTracerExit::Kill).map_err(|errno| RecordError::Attach {
            target: "the command".to_owned(),
            source: errno.into(),
        })?;
        self.unexecuted = Some(child.pid);
        self.start_sentinel()?;
        self.sink.ready();
        child.release()?;
        let status = self.follow(child.pid)?;
        self.end_sentinel();
        match (child.failure(), status) {
            (Some(failure), _) => Err(failure),
            (None, Some(status)) => Ok(Ended::Command(status)),
            (None, None) => Ok(Ended::Gone),
        }
    }

    /// Records running processes until they have ended, or until it is told to stop.
    pub(super) fn run_attached(&mut self, target: &Target, processes: &[Pid]) -> Result<Ended, RecordError> {
        let attach = |source| RecordError::Attach { target: target.to_string(), source };
        let mut first_error = None;
        // New threads may appear while the known ones are attached to; a round that finds none ends this.
        loop {
            let mut found_new = false;
            for process in proc::family(processes) {
                for thread in proc::threads(process).unwrap_or_default() {
                    if self.tracees.threads.contains_key(&thread) {
                        continue;
                    }
                    match ptrace::seize(thread, OnTracerExit::Continue).map_err(std::io::Error::from) {
                        Ok(()) => {
                            found_new = true;
                            // One that has ended since is collected like any other.
                            if self.tracees.discover(thread).is_ok() {
                                match ptrace::interrupt(thread) {
                                    Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                                    Err(errno) => return Err(attach(errno.into())),
                                }
                            }
                        }
                        // One that is gone, or whose maker was attached to in time, as the kernel then did for it.
                        Err(_) if !wants_attaching(thread) => {}
                        Err(error) => {
                            self.sink.blind_spot(BlindSpot::NotFollowed);
                            first_error = first_error.or(Some(error));
                        }
                    }
                }
            }
            if !found_new {
                break;
            }
        }
        if self.tracees.threads.is_empty() {
            return Err(attach(first_error.unwrap_or_else(|| rustix::io::Errno::SRCH.into())));
        }
        self.start_sentinel()?;
        self.sink.ready();
        self.follow(Pid::INIT)?;
        self.end_sentinel();
        Ok(if self.stopping { Ended::Stopped } else { Ended::Gone })
    }

    /// A child that ends when recording is to stop, or, once it is stopping, when the time to do so is over.
    fn start_sentinel(&mut self) -> Result<(), RecordError> {
        let stop = self.stop.clone();
        let stopping = self.stopping;
        let pid = fork::fork_process(move || {
            // It dies with this thread, whatever becomes of the loop.
            let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
            let mut polled = [PollFd::new(&stop, PollFlags::IN)];
            let (polled, time) = if stopping { (&mut [][..], Some(&GRACE)) } else { (&mut polled[..], None) };
            while poll(polled, time) == Err(rustix::io::Errno::INTR) {}
            0
        })
        .map_err(|errno| system("fork", errno))?;
        self.sentinel = Some(pid);
        Ok(())
    }

    fn end_sentinel(&mut self) {
        if let Some(sentinel) = self.sentinel.take() {
            // It may have ended by itself; then there is nothing to kill, and it is collected all the same.
            let _ = kill_process(sentinel, Signal::KILL);
            let _ = rustix::process::waitpid(Some(sentinel), rustix::process::WaitOptions::empty());
        }
    }

    /// Follows all tracees until none is left; the status of `command`, if that ended.
    fn follow(&mut self, command: Pid) -> Result<Option<ExitStatus>, RecordError> {
        let mut ended = None;
        loop {
            let (thread, change) = match ptrace::wait() {
                Ok(change) => change,
                Err(rustix::io::Errno::INTR) => continue,
                Err(rustix::io::Errno::CHILD) => return Ok(ended),
                Err(errno) => return Err(system("wait for a traced process", errno)),
            };
            match change {
                Change::Ended(_) if self.sentinel == Some(thread) => {
                    self.sentinel = None;
                    self.stop_now()?;
                }
                Change::Ended(status) => {
                    if thread == command {
                        ended = Some(ExitStatus::from_raw(status));
                    }
                    self.ended(thread);
                }
                _ => self.stopped(thread, change),
            }
            let all_gone =
                self.tracees.threads.is_empty() && self.early.is_empty() && self.unexecuted.is_none();
            if all_gone {
                return Ok(ended);
            }
        }
    }

    /// A command is ended, since its filter lets no call through without a tracer; others are let go, each at its next
    /// stop.
    fn stop_now(&mut self) -> Result<(), RecordError> {
        let signal = if self.stopping { Signal::KILL } else { Signal::TERM };
        self.stopping = true;
        for (thread, known) in &self.tracees.threads {
            // A thread that is gone by now is collected like any other.
            let _ = match self.mode {
                Mode::Filtered if *thread == known.process => kill_process(*thread, signal),
                Mode::Filtered => Ok(()),
                Mode::EveryCall => ptrace::interrupt(*thread),
            };
        }
        if self.mode == Mode::Filtered { self.start_sentinel() } else { Ok(()) }
    }

    fn ended(&mut self, thread: Pid) {
        self.early.remove(&thread);
        if self.unexecuted == Some(thread) {
            self.unexecuted = None;
        }
        self.closeness.ended(thread);
        if !self.tracees.remove(thread) {
            return;
        }
        // Whoever it was to announce will not be announced any more.
        for orphan in std::mem::take(&mut self.early) {
            if self.tracees.discover(orphan).is_ok() {
                self.go_on(orphan, 0);
            }
        }
    }

    fn stopped(&mut self, thread: Pid, change: Change) {
        if self.stopping && self.mode == Mode::EveryCall {
            self.let_go(thread, change);
            return;
        }
        let signal = match change {
            Change::Event(ptrace::Event::Seccomp) | Change::Syscall => {
                self.call(thread);
                return;
            }
            Change::Event(ptrace::Event::New) => {
                self.new_thread(thread);
                0
            }
            Change::Event(ptrace::Event::Exec) => {
                self.executed(thread);
                0
            }
            Change::Event(ptrace::Event::Stop) if !self.tracees.threads.contains_key(&thread) => {
                if self.unexecuted != Some(thread) {
                    self.early.insert(thread);
                    return;
                }
                0
            }
            Change::Event(ptrace::Event::Stop) => 0,
            Change::Group => {
                // A thread that was killed meanwhile is collected later.
                let _ = ptrace::resume(thread, Until::Continued, 0);
                return;
            }
            Change::Signal(signal) => signal,
            Change::Ended(_) => return,
        };
        self.go_on(thread, signal);
    }

    /// Ends tracing of a thread at whatever stop it is.
    fn let_go(&mut self, thread: Pid, change: Change) {
        if change == Change::Event(ptrace::Event::New) {
            // The new one is traced too; it comes to its own first stop and is let go there.
            self.new_thread(thread);
        }
        let signal = if let Change::Signal(signal) = change { signal } else { 0 };
        let _ = ptrace::detach(thread, signal);
        self.early.remove(&thread);
        self.tracees.remove(thread);
    }

    /// Lets a thread run on to its next stop. It may have been killed: then there is nothing to let run.
    fn go_on(&mut self, thread: Pid, signal: i32) {
        let inside = self.tracees.threads.get(&thread).is_some_and(|t| t.attempt.is_some() || t.samples > 0);
        let until = if inside || self.mode == Mode::EveryCall { Until::Syscall } else { Until::Event };
        let _ = ptrace::resume(thread, until, signal);
    }

    fn new_thread(&mut self, parent: Pid) {
        let Ok(message) = ptrace::event_message(parent) else { return };
        let Some(new) = i32::try_from(message).ok().and_then(Pid::from_raw) else { return };
        // One that is gone again already will say so itself.
        if self.tracees.inherit(new, parent).is_ok() && self.early.remove(&new) {
            self.go_on(new, 0);
        }
    }

    fn executed(&mut self, process: Pid) {
        let former = ptrace::event_message(process).ok().and_then(|m| Pid::from_raw(i32::try_from(m).ok()?));
        let first = self.unexecuted == Some(process);
        if first {
            self.unexecuted = None;
        }
        // A process that is gone again already has nothing more to say.
        let Ok(before) = self.tracees.executed(process, former.unwrap_or(process)) else { return };
        let Some(thread) = self.tracees.threads.get_mut(&process) else { return };
        thread.samples = SAMPLES;
        if first && let Some(attempt) = &mut thread.attempt {
            attempt.by = None;
        }
        if let (Some(before), Some(attempt)) = (before, &thread.attempt) {
            let by = attempt.by.clone().unwrap_or_else(|| Arc::clone(&thread.program));
            match gain::of(attempt, process, &before, &thread.status) {
                Gain::None => {}
                Gain::Suppressed => self.sink.blind_spot(BlindSpot::ExecGainSuppressed),
                Gain::Gained(gain) => {
                    let what = What::Privilege(Privilege::ExecGain(gain));
                    self.sink.event(Event { by, errno: None, what });
                }
            }
        }
    }

    /// A thread stopped at the entry or exit of a call.
    fn call(&mut self, thread: Pid) {
        self.closeness.stopped(thread);
        self.stops += 1;
        if self.stops >= self.sample_after
            && let Some(known) = self.tracees.threads.get_mut(&thread)
        {
            known.samples = known.samples.max(1);
            self.stops = 0;
            self.sample_after = (2 * self.sample_after).min(SAMPLE_SELDOM);
        }
        let foreseen = match ptrace::progress(thread) {
            Ok(Progress::Entry(call) | Progress::Seccomp(call)) => self.entry(thread, call),
            Ok(Progress::Exit(result)) => {
                self.exit(thread, result);
                None
            }
            Ok(Progress::None) | Err(_) => None,
        };
        // What is delivered is known by now; the thread need not wait for that.
        self.go_on(thread, 0);
        if let Some((attempt, result)) = foreseen {
            self.ended_call(thread, attempt, result);
        }
    }

    /// Takes note of a call that begins. One whose end need not be waited for is returned, with its result.
    fn entry(&mut self, thread: Pid, call: Call) -> Option<(Attempt, i64)> {
        if !self.tracees.threads.contains_key(&thread) && self.tracees.discover(thread).is_err() {
            return None;
        }
        let known = self.tracees.threads.get_mut(&thread)?;
        if known.attempt.is_some() {
            // Where every call stops, one that the filter traces stops twice.
            return None;
        }
        let Some(abi) = Abi::of_call(call.arch, call.number) else {
            self.sink.blind_spot(BlindSpot::ForeignAbi);
            return None;
        };
        let handling = self.table.handling(abi, call.number);
        if self.table.shows_place(abi, call.number) {
            self.closeness.let_go();
        }
        known.samples = known.samples.saturating_sub(1);
        known.call = (abi, call.number);
        let by = Arc::clone(&known.program);
        // An execution is noted at its end, of whom it made.
        let executes = matches!(handling, Handling::Rule(rule) if delivery::executes(rule));
        if !executes && self.unexecuted != Some(thread) {
            self.note(&by, abi, call.number);
        }
        if call.number == LANDLOCK_RESTRICT_SELF {
            self.tracees.restricted(thread);
        }
        let Handling::Rule(rule) = handling else { return None };
        if delivery::may_move(rule) {
            self.tracees.moves();
        }
        let known = self.tracees.threads.get(&thread)?;
        let arguments = Arguments { thread, abi, call };
        let how = match known.like_recorder && self.mode == Mode::Filtered {
            true => foresight::how(rule, &arguments),
            false => None,
        };
        let mut cut = 0;
        let (tracees, resolver) = (&self.tracees, &mut self.resolver);
        let mut decoder = Decoder { arguments, tracees, resolver, cut: &mut cut, look: None };
        let names = decoder.names(rule);
        // Of the files of /proc/PID only this one shows where a thread may run.
        if names.iter().flatten().any(|name| name.ends_with(b"status")) {
            self.closeness.let_go();
        }
        let how = how.filter(|_| !decoder.starts_detached(rule, &names));
        let look = how.and_then(|_| decoder.look(rule, &names));
        let repeat = how.zip(look.as_ref()).map(|(how, look)| Repeat {
            program: ByAddress(Arc::clone(&by)),
            call: (abi, call.number),
            how,
            directory: look.directory,
            last: look.last.clone(),
        });
        if repeat
            .as_ref()
            .zip(look.as_ref())
            .is_some_and(|(repeat, look)| self.repeats.contains(repeat, look))
        {
            return None;
        }
        let attempt = Decoder { look: look.as_ref(), ..decoder }.attempt(rule, names);
        if cut > 0 {
            self.sink.cut(cut);
        }
        let attempt = attempt?;
        if how.is_some() {
            let eyes = self.tracees.eyes(thread)?;
            if let Some(result) = foresight::result(&attempt, eyes.view, look.as_ref()) {
                let found = attempt.located[0].as_ref().and_then(|located| located.found);
                if let Some((repeat, look)) =
                    repeat.zip(look.as_ref()).filter(|(_, look)| look.found() == found)
                {
                    self.repeats.insert(repeat, look);
                }
                return Some((attempt, result));
            }
        }
        let signalled = match attempt.arguments[0] as i32 {
            group @ ..=0 if rule.name == "kill" => self.tracees.named(thread, group),
            _ => Vec::new(),
        };
        let known = self.tracees.threads.get_mut(&thread)?;
        (known.attempt, known.signalled) = (Some(attempt), signalled);
        None
    }

    fn note(&mut self, by: &Arc<Program>, abi: Abi, number: u32) {
        if self.noted.entry(ByAddress(Arc::clone(by))).or_default().insert((abi, number)) {
            self.sample_after = SAMPLE_EVERY;
            let what = What::Privilege(Privilege::Syscall { abi, number });
            self.sink.event(Event { by: Arc::clone(by), errno: None, what });
        }
    }

    /// What an open has led to, where its name does not tell: it has none, or the name's root is a directory.
    fn opened(&mut self, thread: Pid, attempt: &mut Attempt, descriptor: i64) {
        let untold = attempt.rule.names.is_empty() || resolves_in_root(attempt.rule, &attempt.arguments);
        let Some(known) = self.tracees.threads.get(&thread) else { return };
        if attempt.rule.object != Object::Opened || !untold {
            return;
        }
        let (abi, number) = known.call;
        let call = Call { arch: 0, number, arguments: attempt.arguments };
        let arguments = Arguments { thread, abi, call };
        let (mut cut, tracees, resolver) = (0, &self.tracees, &mut self.resolver);
        let mut decoder = Decoder { arguments, tracees, resolver, cut: &mut cut, look: None };
        if let Some(reached) = i32::try_from(descriptor).ok().and_then(|number| decoder.descriptor(number)) {
            attempt.made &= !attempt.rule.names.is_empty();
            let via = attempt.located[0].take().map(|named| named.file.via).unwrap_or_default();
            attempt.located[0] = Some(Located { file: FileUse { via, ..reached.file }, ..reached });
        }
        if cut > 0 {
            self.sink.cut(cut);
        }
    }

    fn exit(&mut self, thread: Pid, result: i64) {
        let attempt = self.tracees.threads.get_mut(&thread).and_then(|known| known.attempt.take());
        if let Some(mut attempt) = attempt {
            if result >= 0 {
                self.opened(thread, &mut attempt, result);
            }
            self.ended_call(thread, attempt, result);
        }
    }

    fn ended_call(&mut self, thread: Pid, attempt: Attempt, result: i64) {
        if delivery::may_move(attempt.rule) {
            self.tracees.moves();
        }
        let Some(known) = self.tracees.threads.get(&thread) else { return };
        // The kernel's own numbers for a call that it will make again by itself (`linux/errno.h`, ERESTARTSYS …).
        if (-516..=-512).contains(&result) {
            return;
        }
        // The command's own process before it executed is the recorder's doing.
        if self.unexecuted == Some(thread) {
            return;
        }
        let (now, (abi, number)) = (Arc::clone(&known.program), known.call);
        if delivery::executes(attempt.rule) {
            self.note(&now, abi, number);
        }
        let by = attempt.by.clone().unwrap_or(now);
        let errno = (-4095..0).contains(&result).then(|| Errno(-result as i32));
        let what = delivery::uses(&attempt, result, &self.tracees.peers(thread));
        let asked = self.capabilities(thread, &attempt, &what, errno);
        if errno.is_none() {
            self.changed(thread, &attempt, &what);
        }
        for (capability, has) in asked {
            let errno = (!has).then_some(Errno::EPERM);
            let what = What::Privilege(Privilege::Capability(capability));
            self.sink.event(Event { by: Arc::clone(&by), errno, what });
        }
        for what in what {
            if what == What::Privilege(Privilege::IoUring(IoUringUse::Setup)) {
                self.sink.blind_spot(BlindSpot::IoUring);
            }
            // A thread has one tracer (ptrace(2), EPERM), and those that are recorded have this one.
            if let What::Privilege(Privilege::Ptrace { way: PtraceUse::Trace, of }) = &what
                && errno == Some(Errno::EPERM)
                && *of != ProcessRelation::Foreign
            {
                self.sink.blind_spot(BlindSpot::TracingRefused);
            }
            self.sink.event(Event { by: Arc::clone(&by), errno, what });
        }
    }

    /// The capabilities that a call was asked for. Who has none, and was refused nothing, was not asked in earnest.
    fn capabilities(
        &mut self,
        thread: Pid,
        attempt: &Attempt,
        what: &[What],
        errno: Option<Errno>,
    ) -> BTreeSet<(u8, bool)> {
        let Some(known) = self.tracees.threads.get(&thread) else { return BTreeSet::new() };
        if known.status.effective == 0 && errno.is_none() {
            return BTreeSet::new();
        }
        let Some(eyes) = self.tracees.eyes(thread) else { return BTreeSet::new() };
        let named = |number| match known.signalled.is_empty() {
            true => self.tracees.named(thread, number),
            false => known.signalled.clone(),
        };
        self.inference.asked(attempt, what, errno, &known.status, eyes.view, &named)
    }

    /// What a successful call changes for the calls after it.
    fn changed(&mut self, thread: Pid, attempt: &Attempt, what: &[What]) {
        let change = delivery::change(attempt, what);
        if change.view {
            self.tracees.changed_view(thread);
        }
        if change.identity {
            self.tracees.changed_identity(thread);
            // Another user is another program, of which no call is known yet.
            if let Some(known) = self.tracees.threads.get_mut(&thread) {
                known.samples = SAMPLES;
            }
        }
        if change.paths {
            self.resolver.forget();
        }
        if change.paths || change.permissions {
            self.inference.forget();
            self.repeats.forget();
        }
    }
}

/// Whether a thread is alive and not traced by this one.
fn wants_attaching(thread: Pid) -> bool {
    let own = rustix::thread::gettid().as_raw_nonzero().get();
    proc::Status::read(thread).is_ok_and(|status| !status.ended && status.tracer != own)
}
