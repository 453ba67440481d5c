//! The ptrace recorder against the truth.

mod deeds;

use ringfence_record::PtraceRecorder;
use std::process::ExitCode;

fn main() -> ExitCode {
    deeds::run(|| Ok(Box::new(PtraceRecorder::new()?)), ringfence_deeds::names)
}
