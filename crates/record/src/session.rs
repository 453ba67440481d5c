//! A recording from its start to its end: the recorder's events folded into a profile, which is saved while it grows.
//!
//! The recorder works on a thread of its own and folds there; the calling thread keeps time. A checkpoint is written from
//! a copy, so that recording goes on meanwhile, and put in place by renaming: whoever looks, at any moment, finds a whole
//! file, and one that is at most [`CHECKPOINT`] old but for the time that writing it takes.

use crate::saving::Place;
use crate::{
    BlindSpot, Ended, Event, Operation, Operations, RecordError, Recorder, Sink, Stop, Target, What,
};
use ringfence_profile::{Profile, Recording, RecordingId};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a growing profile is saved.
pub const CHECKPOINT: Duration = Duration::from_secs(1);

/// How often progress is reported.
const TICK: Duration = Duration::from_millis(200);

/// What to record, until when, and where to save it.
#[derive(Clone, Debug)]
pub struct Session {
    /// What is recorded.
    pub target: Target,
    /// What the profile calls it; the target in the words of the command line if empty.
    pub name: String,
    /// When to stop, if the target has not ended by then.
    pub limit: Option<Duration>,
    /// Where the profile is saved, while it grows and at its end; only at its end if that is no file; nowhere if `None`.
    pub output: Option<PathBuf>,
    /// Executables that only start the target, such as the service manager's: of what they do, only what they execute is
    /// kept.
    pub starters: Vec<PathBuf>,
    /// Whether the target is started, or started again, once it is watched: then its start-up is seen, though it may be
    /// running before.
    pub starts: bool,
}

/// How far a recording has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Since everything that the target does is seen.
    pub elapsed: Duration,
    /// Events delivered.
    pub events: u64,
    /// Different paths seen.
    pub paths: usize,
    /// Events lost.
    pub lost: u64,
    /// Paths cut.
    pub cut: u64,
}

/// What a session reports while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Everything that the target does is seen from now on.
    Ready,
    /// So far it has come.
    Progress(Progress),
}

/// What came of a session.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that was recorded, also when recording broke off.
    pub profile: Profile,
    /// Whether there was anything to record; if not, nothing was saved.
    pub began: bool,
    /// How it ended.
    pub ended: Result<Ended, RecordError>,
}

/// Why a profile could not be saved.
#[derive(Debug, thiserror::Error)]
#[error("failed to save the profile to {}", .path.display())]
pub struct SaveError {
    /// Where to.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Session {
    /// A session that goes on until the target ends, and saves nothing.
    pub fn new(target: Target) -> Session {
        Session {
            target,
            name: String::new(),
            limit: None,
            output: None,
            starters: Vec::new(),
            starts: false,
        }
    }

    /// Records, on a thread of its own, and reports to `report` on this one.
    ///
    /// # Errors
    /// When the profile cannot be saved; the recording is stopped then. What ends the recording itself is in the outcome.
    pub fn run(
        self,
        recorder: Box<dyn Recorder>,
        stop: &Stop,
        report: &mut dyn FnMut(Report),
    ) -> Result<Outcome, SaveError> {
        let place = self.place()?;
        let (ready, is_ready) = channel();
        let folder = Folder {
            shared: Arc::new(Mutex::new(Shared {
                profile: Profile::new(),
                id: random_id(),
                recording: self.recording(&*recorder),
                changes: 0,
            })),
            starters: self.starters.clone(),
            starts: self.starts,
            ready,
        };
        let shared = Arc::clone(&folder.shared);
        std::thread::scope(|scope| {
            let target = &self.target;
            let (done, is_done) = channel();
            scope.spawn(move || {
                let mut folder = folder;
                let ended = recorder.record(target, stop, &mut folder);
                // The keeper is there until it has received this.
                let _ = done.send(ended);
            });
            let saved = (0, Instant::now());
            let mut keeper = Keeper { session: &self, place, shared: &shared, stop, started: None, saved };
            let ended = keeper.keep(&is_ready, &is_done, report);
            if ended.is_err() {
                stop.set();
            }
            let ended = ended?;
            {
                let mut shared = lock(&shared);
                shared.recording.ended = ended.is_ok();
                shared.changes += 1;
            }
            // A recording that failed before it saw anything has nothing to put in the place of an earlier one.
            let began = ended.is_ok() || lock(&shared).recording.events > 0;
            let profile = if began { keeper.save(true)? } else { keeper.copy().0 };
            Ok(Outcome { profile, began, ended })
        })
    }

    /// Where the profile is saved. What cannot work is told before anything is recorded.
    fn place(&self) -> Result<Option<Place>, SaveError> {
        let Some(path) = &self.output else { return Ok(None) };
        let place = Place::of(path).and_then(|place| place.check().map(|()| place));
        place.map(Some).map_err(|source| self.unsaved(source))
    }

    fn unsaved(&self, source: io::Error) -> SaveError {
        SaveError { path: self.output.clone().unwrap_or_default(), source }
    }

    fn recording(&self, recorder: &dyn Recorder) -> Recording {
        let target = if self.name.is_empty() { self.target.to_string() } else { self.name.clone() };
        Recording {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            target,
            recorder: recorder.kind(),
            started: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            seconds: 0,
            events: 0,
            lost: 0,
            cut: 0,
            ended: false,
            blind_spots: Default::default(),
        }
    }
}

/// What the recorder's thread and the keeper share.
struct Shared {
    profile: Profile,
    id: RecordingId,
    recording: Recording,
    /// Grows whenever there is something new to save.
    changes: u64,
}

/// A panic on the other thread cannot leave a profile half changed: adding to it is the last thing that happens.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Folds on the recorder's thread.
struct Folder {
    shared: Arc<Mutex<Shared>>,
    starters: Vec<PathBuf>,
    starts: bool,
    ready: Sender<()>,
}

impl Sink for Folder {
    fn ready(&mut self) {
        // Nobody listens any more only when saving has failed, and then recording is being stopped.
        let _ = self.ready.send(());
    }

    fn event(&mut self, event: Event) {
        let mut shared = lock(&self.shared);
        shared.recording.events += 1;
        if !self.starters.contains(&event.by.exe) || is_execution(&event) {
            let new = shared.profile.add(&event);
            shared.changes += u64::from(new);
        }
    }

    fn lost(&mut self, events: u64) {
        let mut shared = lock(&self.shared);
        shared.recording.lost += events;
        shared.recording.blind_spots.insert(BlindSpot::LostEvents);
        shared.changes += 1;
    }

    fn cut(&mut self, paths: u64) {
        let mut shared = lock(&self.shared);
        shared.recording.cut += paths;
        shared.recording.blind_spots.insert(BlindSpot::CutPaths);
        shared.changes += 1;
    }

    fn blind_spot(&mut self, spot: BlindSpot) {
        if self.starts && spot == BlindSpot::StartUp {
            return;
        }
        let mut shared = lock(&self.shared);
        if shared.recording.blind_spots.insert(spot) {
            shared.changes += 1;
        }
    }
}

fn is_execution(event: &Event) -> bool {
    let executed = [Operation::Exec, Operation::Interpret].into_iter().collect::<Operations>();
    matches!(&event.what, What::File(file) if !file.operations.and(executed).is_empty())
}

/// Keeps time on the calling thread.
struct Keeper<'a> {
    session: &'a Session,
    place: Option<Place>,
    shared: &'a Mutex<Shared>,
    stop: &'a Stop,
    started: Option<Instant>,
    /// How many changes are saved, and when they were.
    saved: (u64, Instant),
}

impl Keeper<'_> {
    /// Until the recorder has ended; how it did.
    fn keep(
        &mut self,
        is_ready: &Receiver<()>,
        is_done: &Receiver<Result<Ended, RecordError>>,
        report: &mut dyn FnMut(Report),
    ) -> Result<Result<Ended, RecordError>, SaveError> {
        loop {
            let ended = match is_done.recv_timeout(TICK) {
                Ok(ended) => Some(ended),
                Err(RecvTimeoutError::Timeout) => None,
                // The recorder panicked; the scope passes that on.
                Err(RecvTimeoutError::Disconnected) => Some(Ok(Ended::Stopped)),
            };
            if self.started.is_none() && is_ready.try_recv().is_ok() {
                self.started = Some(Instant::now());
                report(Report::Ready);
            }
            report(Report::Progress(self.progress()));
            if let Some(ended) = ended {
                return Ok(ended);
            }
            let over =
                self.session.limit.is_some_and(|limit| self.started.is_some_and(|s| s.elapsed() >= limit));
            if over {
                self.stop.set();
            }
            if self.saved.1.elapsed() >= CHECKPOINT && lock(self.shared).changes != self.saved.0 {
                self.save(false)?;
            }
        }
    }

    fn progress(&self) -> Progress {
        let shared = lock(self.shared);
        Progress {
            elapsed: self.started.map(|s| s.elapsed()).unwrap_or_default(),
            events: shared.recording.events,
            paths: shared.profile.paths(),
            lost: shared.recording.lost,
            cut: shared.recording.cut,
        }
    }

    /// What there is, and how many changes led to it.
    fn copy(&self) -> (Profile, u64) {
        let (mut profile, id, mut recording, changes) = {
            let shared = lock(self.shared);
            (shared.profile.clone(), shared.id, shared.recording.clone(), shared.changes)
        };
        recording.seconds = self.started.map(|s| s.elapsed().as_secs()).unwrap_or_default();
        profile.record(id, &recording);
        (profile, changes)
    }

    /// Saves what there is; the copy that was saved.
    fn save(&mut self, last: bool) -> Result<Profile, SaveError> {
        let (profile, changes) = self.copy();
        if let Some(place) = &self.place {
            let due = last || matches!(place, Place::File(_));
            if due {
                place.save(&profile, last).map_err(|source| self.session.unsaved(source))?;
            }
        }
        self.saved = (changes, Instant::now());
        Ok(profile)
    }
}

/// A number that no other recording has.
fn random_id() -> RecordingId {
    let mut bytes = [0; 16];
    // The kernel's generator is ready long before a recorder can run; a short read would leave zeroes, which is no
    // number of another recording either, unless that failed as well.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    RecordingId(u128::from_ne_bytes(bytes))
}
