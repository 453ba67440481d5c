//! The eBPF recorder against the truth.

#[path = "../../record/tests/truth/deeds.rs"]
mod deeds;

use ringfence_record_ebpf::EbpfRecorder;
use std::process::ExitCode;

fn main() -> ExitCode {
    deeds::run(|| Ok(Box::new(EbpfRecorder::new()?)))
}
