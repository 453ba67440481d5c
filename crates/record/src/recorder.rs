//! What a recorder is.

use crate::{BlindSpot, Event, RecorderKind, Target};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;

/// Watches a target and delivers what it does. One value, one recording.
pub trait Recorder: Send {
    /// Which recorder this is.
    fn kind(&self) -> RecorderKind;

    /// Watches `target` until nothing is left of it or `stop` is set, on the calling thread.
    ///
    /// Once everything that the target does from then on will be seen, [`Sink::ready`] is called, once. A command is
    /// started by the recorder and seen from its first execve(2) on; that execve belongs to the executed program itself.
    /// After `stop`, what was seen before is still delivered. A process that was attached to is left running. A command
    /// does not outlive its recording: it is sent `SIGTERM`, and ten seconds later `SIGKILL`, with everything that
    /// descends from it and is still being watched; what it does until then is recorded, and it ends as a command ends.
    ///
    /// An error means that recording could not start or broke off; what was delivered until then stays true.
    fn record(
        self: Box<Self>,
        target: &Target,
        stop: &Stop,
        sink: &mut dyn Sink,
    ) -> Result<Ended, RecordError>;
}

/// Where a recorder delivers to.
pub trait Sink {
    /// The target is being watched from now on.
    fn ready(&mut self);

    /// Something happened.
    fn event(&mut self, event: Event);

    /// So many more events are known to be lost.
    fn lost(&mut self, events: u64);

    /// So many more paths were cut; the events that carry them are delivered.
    fn cut(&mut self, paths: u64);

    /// Something cannot be seen in this recording. Saying so twice is saying so once.
    fn blind_spot(&mut self, spot: BlindSpot);
}

/// How a recording came to its end without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The command that the recorder started ended, and everything that descended from it or was left of it.
    Command(ExitStatus),
    /// The target is gone: its processes ended, or its control group was removed.
    Gone,
    /// It was told to stop.
    Stopped,
}

/// A request to stop recording, for use from other threads and in poll(2). Clones are the same request.
#[derive(Clone, Debug)]
pub struct Stop(Arc<OwnedFd>);

impl Stop {
    /// A request that is not made yet.
    pub fn new() -> Result<Stop, RecordError> {
        eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map(|fd| Stop(Arc::new(fd)))
            .map_err(|errno| RecordError::System { step: "eventfd", source: errno.into() })
    }

    /// Makes the request; it stays made.
    pub fn set(&self) {
        // The counter of an eventfd is full after 2⁶⁴-2 requests; it is readable long before, which is all that counts.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Whether the request was made.
    pub fn is_set(&self) -> bool {
        let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
        rustix::event::poll(&mut polled, Some(&rustix::event::Timespec::default()))
            .is_ok_and(|ready| ready > 0)
    }
}

impl AsFd for Stop {
    /// Readable once the request was made.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Why recording could not start, or broke off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// This recorder cannot work here, for a reason that another recorder need not share.
    #[error("the {} recorder cannot be used here: {reason}", .kind.word())]
    Unavailable {
        /// Which recorder.
        kind: RecorderKind,
        /// One clause: what is missing.
        reason: String,
    },
    /// This recorder does not know how to watch such a target.
    #[error("the {} recorder cannot watch {target}: {reason}", .kind.word())]
    Unsuitable {
        /// Which recorder.
        kind: RecorderKind,
        /// The target, in the words of the command line.
        target: String,
        /// One clause: why not.
        reason: &'static str,
    },
    /// The command could not be executed.
    #[error("failed to execute {}", .program.display())]
    Execute {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The target does not exist, or may not be watched.
    #[error("failed to attach to {target}")]
    Attach {
        /// The target, in the words of the command line.
        target: String,
        /// Why.
        source: std::io::Error,
    },
    /// A system call that should not fail did.
    #[error("failed to {step}")]
    System {
        /// What was being done, as it reads after "failed to".
        step: &'static str,
        /// Why.
        source: std::io::Error,
    },
}
