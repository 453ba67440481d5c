//! Executions: what runs the file, and what runs that.

use super::{Attempt, Decoder, Located};
use crate::execution::{MOST_SCRIPTS, interpreter, interpreter_of};
use crate::resolve::{Found, Resolved};
use crate::{FileKind, proc};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};
use std::fs::File;
use std::path::Path;

/// What the text of a path to one of the caller's own descriptors begins with (proc_pid_fd(5)).
const OWN_DESCRIPTORS: [&[u8]; 3] = [b"/proc/self/fd/", b"/proc/thread-self/fd/", b"/dev/fd/"];

impl Decoder<'_> {
    /// The file that is executed, where a descriptor leads to it: it may have no name, or none any more, and is executed
    /// all the same. What is known of it is completed. `None` for one that is executed by name.
    pub(super) fn executed_descriptor(&mut self, attempt: &mut Attempt) -> Option<File> {
        const AT_EMPTY_PATH: u64 = 0x1000;
        let descriptor = match attempt.names[0].as_deref() {
            Some(b"") if attempt.rule.name == "execveat" && attempt.arguments[4] & AT_EMPTY_PATH != 0 => {
                self.arguments.int(0)
            }
            name => descriptor_named(name?)?,
        };
        let link = format!("fd/{descriptor}");
        let file = proc::path(self.arguments.thread, &link);
        let found = Found::from(statat(CWD, &file, AtFlags::empty()).ok()?);
        match &mut attempt.located[0] {
            Some(located) => {
                located.found = Some(found);
                located.file.kind = found.kind();
            }
            nowhere => {
                let process = self.tracees.eyes(self.arguments.thread)?.process.as_raw_nonzero();
                let path = Path::new("/proc").join(process.to_string()).join(link);
                *nowhere = self.located(Resolved::unlinked(path, Some(found)));
            }
        }
        if found.kind() != FileKind::File {
            return None;
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        openat(CWD, &file, flags, Mode::empty()).ok().map(File::from)
    }

    /// What runs the file that is executed, `executed` where that is known by a descriptor, and what runs that; the last
    /// one may be missing, which is then why the execution fails with `ENOENT` although its file is there.
    pub(super) fn interpreters(&mut self, attempt: &Attempt, executed: Option<File>) -> Vec<Located> {
        let mut interpreters: Vec<Located> = Vec::new();
        let mut next = attempt.located[0].clone();
        let mut executed = executed;
        while let Some(Located { file, found: Some(found) }) = next.take()
            && found.kind() == FileKind::File
            && interpreters.len() <= MOST_SCRIPTS
        {
            let named = match executed.take() {
                Some(open) => interpreter_of(&open),
                None => {
                    let eyes = self.tracees.eyes(self.arguments.thread);
                    eyes.and_then(|eyes| interpreter(eyes.view, &file.path))
                }
            };
            let Some(named) = named else { break };
            next = self.resolve(Path::new("/"), &named, true);
            interpreters.extend(next.clone());
        }
        interpreters
    }
}

/// The descriptor of the caller's own that a name leads to, and nowhere beyond.
fn descriptor_named(name: &[u8]) -> Option<i32> {
    let digits = OWN_DESCRIPTORS.iter().find_map(|own| name.strip_prefix(*own))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
