//! Keeping the recorder and the thread that it traces on one processor.
//!
//! At each stop the two take turns: only one of them runs. On one processor a turn is a switch of tasks; on two it is an
//! interrupt to one that has gone to sleep meanwhile, which takes several times as long, most of all in a virtual machine.
//! The scheduler does not know that and wakes either on whichever processor is idle. So while one thread makes all the
//! stops it is held where the recorder is.
//!
//! Nothing of that is to be noticed or left behind. A thread's place is shown by sched_getaffinity(2) and in
//! `/proc/PID/status`, and handed on to what the thread makes: before such a call it is let go ([`Closeness::let_go`]). It
//! is let go, too, when another thread stops, and when it has not stopped for a moment: then it computes, or waits. What
//! is not hidden: a `status` file that is kept open and read again, a thread that a driver's ioctl(2) makes for its caller
//! (vhost's), which stays where the caller was held, and a processor that is added later: a place that was set once is set.

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// After so many stops of one thread in a row it is held.
const STOPS: u32 = 64;

/// After so many times as many it is let go for [`STOPS`], so that the scheduler may find both a better place.
const ANEW: u32 = 64;

/// Whoever has not stopped for this long is let go.
const MOMENT: Duration = Duration::from_millis(10);

/// Where the recorder and the thread that stops are.
pub(super) struct Closeness {
    /// Where the recorder may run; `None` where nothing is to be held: that is only one processor, or what is recorded
    /// would outlive a recorder that is killed, and stay where it was held.
    everywhere: Option<CpuSet>,
    thread: Option<Pid>,
    stops: u32,
    /// The thread was held, though the watch may have let it go since.
    holds: bool,
    shared: Arc<Shared>,
    watch: Option<JoinHandle<()>>,
}

/// What the recorder and its watch share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Those of the thread that is held.
    stops: AtomicU32,
}

/// Whether a thread is held.
#[derive(Default)]
enum State {
    #[default]
    Free,
    Held(Box<Held>),
    /// The recorder is done.
    Over,
}

/// A thread that is held.
struct Held {
    thread: Pid,
    /// Where it could run before.
    before: CpuSet,
    /// Where it can now.
    only: CpuSet,
}

impl Closeness {
    /// Of the calling thread, to threads that end with it if `may_hold` says so.
    pub(super) fn new(may_hold: bool) -> Closeness {
        let everywhere = sched_getaffinity(None).ok().filter(|set| may_hold && set.count() > 1);
        Closeness { everywhere, thread: None, stops: 0, holds: false, shared: Arc::default(), watch: None }
    }

    /// A thread has stopped.
    pub(super) fn stopped(&mut self, thread: Pid) {
        if self.everywhere.is_none() {
            return;
        }
        if self.thread != Some(thread) {
            self.let_go();
            (self.thread, self.stops) = (Some(thread), 0);
            return;
        }
        self.stops = self.stops.wrapping_add(1);
        self.shared.stops.store(self.stops, Ordering::Relaxed);
        if self.stops.is_multiple_of(STOPS * ANEW) {
            self.let_go();
        } else if self.stops.is_multiple_of(STOPS) {
            self.hold(thread);
        }
    }

    /// A thread has ended, and its number may become another's.
    pub(super) fn ended(&mut self, thread: Pid) {
        if self.thread == Some(thread) {
            self.thread = None;
            *self.shared.lock() = State::Free;
            self.let_go();
        }
    }

    /// Lets go of the thread that is held, if one is: it is about to make a call that shows or hands on where it may run.
    pub(super) fn let_go(&mut self) {
        if !std::mem::take(&mut self.holds) {
            return;
        }
        self.stops = 0;
        self.shared.lock().let_go();
        if let Some(everywhere) = &self.everywhere {
            // Where it fails, the recorder is slower than it could be, and that is all.
            let _ = sched_setaffinity(None, everywhere);
        }
    }

    fn hold(&mut self, thread: Pid) {
        let mut state = self.shared.lock();
        if !matches!(*state, State::Free) {
            return;
        }
        let here = sched_getcpu();
        let Ok(before) = sched_getaffinity(Some(thread)) else { return };
        let mut only = CpuSet::new();
        if here >= CpuSet::MAX_CPU || !before.is_set(here) {
            return;
        }
        only.set(here);
        if self.watch.is_none() {
            let shared = Arc::clone(&self.shared);
            self.watch = Builder::new().name("closeness".to_owned()).spawn(move || shared.watch()).ok();
        }
        if self.watch.is_none() || sched_setaffinity(None, &only).is_err() {
            return;
        }
        self.holds = true;
        if sched_setaffinity(Some(thread), &only).is_ok() {
            *state = State::Held(Box::new(Held { thread, before, only }));
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for Closeness {
    fn drop(&mut self) {
        self.let_go();
        *self.shared.lock() = State::Over;
        self.shared.changed.notify_one();
        if let Some(watch) = self.watch.take() {
            // It neither panics nor has anything to say.
            let _ = watch.join();
        }
    }
}

impl Shared {
    /// Nothing that is done under the lock can panic half way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of whoever has not stopped for a moment, until the recorder is done.
    fn watch(&self) {
        let mut state = self.lock();
        let mut seen = None;
        loop {
            match *state {
                State::Over => return,
                State::Free => {
                    seen = None;
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                State::Held(_) => {
                    let stops = self.stops.load(Ordering::Relaxed);
                    if seen.replace(stops) == Some(stops) {
                        state.let_go();
                        continue;
                    }
                    drop(state);
                    std::thread::sleep(MOMENT);
                    state = self.lock();
                }
            }
        }
    }
}

impl State {
    fn let_go(&mut self) {
        let State::Held(held) = std::mem::take(self) else { return };
        // Whoever was put elsewhere meanwhile stays there.
        if sched_getaffinity(Some(held.thread)).is_ok_and(|now| now == held.only) {
            // One that has ended is nowhere.
            let _ = sched_setaffinity(Some(held.thread), &held.before);
        }
    }
}
