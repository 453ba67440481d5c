//! The ptrace recorder against strace: nothing that strace saw is missing.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod comparison;

use ringfence_record::{PtraceRecorder, RecordError, Recorder};

fn recorder() -> Result<Box<dyn Recorder>, RecordError> {
    Ok(Box::new(PtraceRecorder::new()?))
}
