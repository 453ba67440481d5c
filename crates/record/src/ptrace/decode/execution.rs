//! Executions: what runs the file, and what runs that.

use super::{Attempt, Decoder, Located};
use crate::FileKind;
use crate::execution::{MOST_SCRIPTS, interpreter};
use std::path::Path;

impl Decoder<'_> {
    /// What runs the file that is executed, and what runs that; the last one may be missing, which is then why the
    /// execution fails with `ENOENT` although its file is there.
    pub(super) fn interpreters(&mut self, attempt: &Attempt) -> Vec<Located> {
        let mut interpreters: Vec<Located> = Vec::new();
        let mut next = attempt.located[0].clone();
        while let Some(Located { file, found: Some(found) }) = next.take()
            && found.kind() == FileKind::File
            && interpreters.len() <= MOST_SCRIPTS
        {
            let eyes = self.tracees.eyes(self.arguments.thread);
            let Some(interpreter) = eyes.and_then(|eyes| interpreter(eyes.view, &file.path)) else { break };
            next = self.resolve(Path::new("/"), &interpreter, true);
            interpreters.extend(next.clone());
        }
        interpreters
    }
}
