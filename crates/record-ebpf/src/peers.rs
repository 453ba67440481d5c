//! Whose processes are whose.

use crate::wire::RawEvent;
use ringfence_record::{self as record, ProcessRelation, proc};
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The threads that acted, by the number that their own PID namespace gives them: their process likewise.
#[derive(Default)]
pub struct ProcessesSeen {
    by_thread: HashMap<u32, u32>,
}

impl ProcessesSeen {
    /// Takes note of who acts.
    pub fn note(&mut self, event: &RawEvent<'_>) {
        self.by_thread.insert(event.inner_thread, event.inner_process);
        self.by_thread.insert(event.inner_process, event.inner_process);
    }

    /// Whose a process or thread is, by its number in the namespace of who acts.
    fn relation(&self, event: &RawEvent<'_>, number: u32) -> ProcessRelation {
        match self.by_thread.get(&number) {
            _ if number == event.inner_process => ProcessRelation::Own,
            Some(process) if *process == event.inner_process => ProcessRelation::Own,
            Some(_) => ProcessRelation::Recorded,
            None => ProcessRelation::Foreign,
        }
    }

    /// Whose process a path below `/proc` is about.
    pub fn relation_of(&self, event: &RawEvent<'_>, path: &Path) -> Option<ProcessRelation> {
        Some(self.relation(event, process_in(path)?.0))
    }

    /// A link of the process's own directory in `/proc`, with `self` for its number.
    pub fn own_link(&self, event: &RawEvent<'_>, path: &Path) -> Option<PathBuf> {
        let (process, rest) = process_in(path)?;
        let link = process == event.inner_process && !rest.as_os_str().is_empty();
        link.then(|| Path::new("/proc/self").join(rest))
    }
}

/// The process that a path below `/proc` names, and the rest of the path.
fn process_in(path: &Path) -> Option<(u32, &Path)> {
    let below = path.strip_prefix("/proc").ok()?;
    let first = below.components().next()?.as_os_str();
    let number = proc::number(first.as_bytes())?.as_raw_nonzero().get();
    Some((u32::try_from(number).ok()?, below.strip_prefix(first).ok()?))
}

/// The processes that the thread of an event can name.
pub struct Peers<'a> {
    event: &'a RawEvent<'a>,
    seen: &'a ProcessesSeen,
    is_tracked: &'a dyn Fn(u32) -> bool,
}

impl<'a> Peers<'a> {
    /// Those of this event's thread; `is_tracked` takes a number of the first PID namespace.
    pub fn new(
        event: &'a RawEvent<'a>,
        seen: &'a ProcessesSeen,
        is_tracked: &'a dyn Fn(u32) -> bool,
    ) -> Peers<'a> {
        Peers { event, seen, is_tracked }
    }
}

impl record::Peers for Peers<'_> {
    fn number(&self, number: i32) -> ProcessRelation {
        match number {
            // Everybody.
            -1 => ProcessRelation::Foreign,
            // The caller's own group.
            0 => ProcessRelation::Own,
            _ => {
                let process = number.unsigned_abs();
                let same_numbers = self.event.tgid == self.event.inner_process;
                match self.seen.relation(self.event, process) {
                    ProcessRelation::Foreign if same_numbers && (self.is_tracked)(process) => {
                        ProcessRelation::Recorded
                    }
                    relation => relation,
                }
            }
        }
    }

    fn parent(&self) -> ProcessRelation {
        if (self.is_tracked)(self.event.parent) {
            ProcessRelation::Recorded
        } else {
            ProcessRelation::Foreign
        }
    }
}
