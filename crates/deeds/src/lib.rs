//! Each thing that recorders record, done once, with the answer known: the truth that recorders are tested against.
//!
//! A test prepares a stage (an empty directory), runs a program that calls [`perform`] on it under a recorder, and compares
//! the profile with [`expected`]. What the program does apart from its deeds is in the profile of a run without any.
//! For tests alone: nothing here is part of ringfence.

mod call;
mod files;
mod paths;
mod privileges;
mod processes;
mod ring;
mod sockets;
mod stage;

#[cfg(target_arch = "x86_64")]
mod compat;

pub use stage::Stage;

use ringfence_profile::{
    Event, FileKind, FileUse, Link, Operation, Privilege, ProcessRelation, Profile, Program, What,
};
use ringfence_terms::Errno;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing to do, and what a recorder must say of it.
struct Deed {
    name: &'static str,
    act: fn(&Stage),
    expected: Vec<Answer>,
}

/// One thing that a recorder must say.
struct Answer {
    what: What,
    errno: Option<Errno>,
    /// Who the program was by then, if not the one that it was at its start.
    user: Option<u32>,
}

fn deeds(stage: &Stage) -> Vec<Deed> {
    let mut all = files::deeds(stage);
    all.extend(paths::deeds(stage));
    all.extend(sockets::deeds(stage));
    all.extend(privileges::deeds(stage));
    all.extend(processes::deeds(stage));
    #[cfg(target_arch = "x86_64")]
    all.extend(compat::deeds(stage));
    all
}

/// The names of all deeds that every recorder must see, in order.
pub fn names(stage: &Stage) -> Vec<&'static str> {
    deeds(stage).iter().map(|deed| deed.name).collect()
}

/// The names of the deeds done through io_uring, which only a recorder in the kernel sees; none where the kernel lets
/// nobody use it.
pub fn ring_names(stage: &Stage) -> Vec<&'static str> {
    if !ring::is_there() {
        return Vec::new();
    }
    ring::deeds(stage).iter().map(|deed| deed.name).collect()
}

/// Does the deeds that are named in the arguments after the first, on the stage in the directory that is the first.
///
/// # Panics
/// When a deed does not go as it should: the program then fails, and so does the test.
pub fn perform(mut arguments: impl Iterator<Item = OsString>) {
    let stage = Stage::in_directory(PathBuf::from(arguments.next().expect("a directory")));
    let wanted: Vec<OsString> = arguments.collect();
    for deed in deeds(&stage).into_iter().chain(ring::deeds(&stage)) {
        if wanted.iter().any(|name| name == deed.name) {
            (deed.act)(&stage);
        }
    }
}

/// What a recorder must say of a deed that was done by `program`.
///
/// # Panics
/// When there is no such deed.
pub fn expected(stage: &Stage, name: &str, program: &Arc<Program>) -> Profile {
    let mut all = deeds(stage).into_iter().chain(ring::deeds(stage));
    let deed = all.find(|deed| deed.name == name).expect("a deed of that name");
    let mut profile = Profile::new();
    for Answer { what, errno, user } in deed.expected {
        let by = match user {
            Some(uid) => Arc::new(Program { uid, ..Program::clone(program) }),
            None => Arc::clone(program),
        };
        profile.add(&Event { by, errno, what });
    }
    profile
}

/// A file access that succeeds.
fn file(operations: impl IntoIterator<Item = Operation>, kind: FileKind, path: impl Into<PathBuf>) -> Answer {
    let what = What::File(FileUse {
        operations: operations.into_iter().collect(),
        path: path.into(),
        host: None,
        kind,
        via: Vec::new(),
        process: None,
    });
    Answer { what, errno: None, user: None }
}

/// A privilege that is used successfully.
fn privilege(privilege: Privilege) -> Answer {
    Answer { what: What::Privilege(privilege), errno: None, user: None }
}

impl Answer {
    fn fails(mut self, errno: i32) -> Answer {
        self.errno = Some(Errno(errno));
        self
    }

    fn by_user(mut self, user: u32) -> Answer {
        self.user = Some(user);
        self
    }

    fn via(mut self, path: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Answer {
        if let What::File(file) = &mut self.what {
            file.via.push(Link { path: path.into(), target: target.into() });
        }
        self
    }

    fn on_host(mut self, path: impl Into<PathBuf>) -> Answer {
        if let What::File(file) = &mut self.what {
            file.host = Some(path.into());
        }
        self
    }

    fn of(mut self, process: ProcessRelation) -> Answer {
        if let What::File(file) = &mut self.what {
            file.process = Some(process);
        }
        self
    }
}
