//! Staying on the processor of the thread that is traced.
//!
//! At each stop tracer and tracee take turns: only one of them runs. On one processor a turn is a switch of tasks; on two
//! it is an interrupt from one to the other, which has gone to sleep meanwhile, and takes longer. The tracee's place is
//! its own and the scheduler's affair, so it is the tracer that follows; and only while one thread makes all the stops:
//! when there are several, the scheduler knows better.

use crate::proc;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// After so many stops of one thread in a row its processor is looked up, and looked up again.
const STOPS: u32 = 256;

/// Where the calling thread may run, and where it does.
pub(super) struct Closeness {
    /// Where it may run; `None` where that is not known or has only one processor: then it is left alone.
    everywhere: Option<CpuSet>,
    /// The processor that it keeps to.
    kept: Option<usize>,
    thread: Option<Pid>,
    stops: u32,
}

impl Closeness {
    /// Of the calling thread.
    pub(super) fn new() -> Closeness {
        let everywhere = sched_getaffinity(None).ok().filter(|set| set.count() > 1);
        Closeness { everywhere, kept: None, thread: None, stops: 0 }
    }

    /// A thread has stopped.
    pub(super) fn stopped(&mut self, thread: Pid) {
        let Some(everywhere) = &self.everywhere else { return };
        if self.thread != Some(thread) {
            (self.thread, self.stops) = (Some(thread), 0);
            if self.kept.take().is_some() {
                // Where it fails, the recorder is slower than it could be, and that is all; here and below.
                let _ = sched_setaffinity(None, everywhere);
            }
            return;
        }
        self.stops += 1;
        if self.stops < STOPS {
            return;
        }
        self.stops = 0;
        let Some(processor) =
            proc::processor(thread).filter(|&p| p < CpuSet::MAX_CPU && everywhere.is_set(p))
        else {
            return;
        };
        if self.kept != Some(processor) {
            let mut only = CpuSet::new();
            only.set(processor);
            if sched_setaffinity(None, &only).is_ok() {
                self.kept = Some(processor);
            }
        }
    }
}
