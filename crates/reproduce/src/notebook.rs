//! A recorder that also writes down in which order things happened: the last refusal before a service gives up is the one
//! to look at first.

use ringfence_record::{BlindSpot, Ended, Event, RecordError, Recorder, RecorderKind, Sink, Stop, Target};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the recorders of one trial saw, each event once, with the time at which it happened last.
#[derive(Clone, Default)]
pub struct Notebook(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    last: HashMap<Event, u64>,
    count: u64,
}

impl Notebook {
    /// The recorder, with everything that it delivers noted here, too.
    pub fn noting(&self, recorder: Box<dyn Recorder>) -> Box<dyn Recorder> {
        Box::new(Noting { recorder, notebook: self.clone() })
    }

    /// All events, in the order in which they happened last.
    pub fn events(&self) -> Vec<Event> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(&Event, u64)> = notes.last.iter().map(|(event, at)| (event, *at)).collect();
        all.sort_unstable_by_key(|(_, at)| *at);
        all.into_iter().map(|(event, _)| event.clone()).collect()
    }

    fn note(&self, event: &Event) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.count += 1;
        let now = notes.count;
        notes.last.insert(event.clone(), now);
    }
}

struct Noting {
    recorder: Box<dyn Recorder>,
    notebook: Notebook,
}

impl Recorder for Noting {
    fn kind(&self) -> RecorderKind {
        self.recorder.kind()
    }

    fn record(
        self: Box<Self>,
        target: &Target,
        stop: &Stop,
        sink: &mut dyn Sink,
    ) -> Result<Ended, RecordError> {
        let mut both = Both { notebook: self.notebook, sink };
        self.recorder.record(target, stop, &mut both)
    }
}

struct Both<'s> {
    notebook: Notebook,
    sink: &'s mut dyn Sink,
}

impl Sink for Both<'_> {
    fn ready(&mut self) {
        self.sink.ready();
    }

    fn event(&mut self, event: Event) {
        self.notebook.note(&event);
        self.sink.event(event);
    }

    fn lost(&mut self, events: u64) {
        self.sink.lost(events);
    }

    fn cut(&mut self, paths: u64) {
        self.sink.cut(paths);
    }

    fn blind_spot(&mut self, spot: BlindSpot) {
        self.sink.blind_spot(spot);
    }
}
