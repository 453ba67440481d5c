//! The eBPF recorder against strace: nothing that strace saw is missing.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "../../record/tests/strace/comparison.rs"]
mod comparison;

use ringfence_record::{RecordError, Recorder};
use ringfence_record_ebpf::EbpfRecorder;

fn recorder() -> Result<Box<dyn Recorder>, RecordError> {
    Ok(Box::new(EbpfRecorder::new()?))
}
