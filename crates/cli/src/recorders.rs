//! Which recorder: the one that was asked for, or the best that works here.

use crate::failure::Failure;
use ringfence_record::{PtraceRecorder, RecordError, Recorder, RecorderKind};

/// The choice on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// The best that works here
    #[default]
    Auto,
    /// ptrace: any user, any container
    Ptrace,
}

/// A recorder.
pub fn choose(choice: Choice) -> Result<Box<dyn Recorder>, Failure> {
    match choice {
        Choice::Auto | Choice::Ptrace => match PtraceRecorder::new() {
            Ok(recorder) => Ok(Box::new(recorder)),
            Err(error) => Err(failure(&error)),
        },
    }
}

/// What went wrong with recording, and what to do.
pub fn failure(error: &RecordError) -> Failure {
    let failure = Failure::input(chain(error));
    match error {
        RecordError::Unavailable { kind: RecorderKind::Ebpf, .. } => failure.hint("try --recorder ptrace"),
        RecordError::Attach { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => failure
            .hint("another process may be tracing it already; tracing others' processes needs root or CAP_SYS_PTRACE"),
        _ => failure,
    }
}

/// An error with its causes, as one sentence.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
