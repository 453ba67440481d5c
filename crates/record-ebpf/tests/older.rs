//! The eBPF recorder against the truth, with no more of the kernel than older ones have.

#[path = "../../record/tests/truth/deeds.rs"]
mod deeds;

use ringfence_record_ebpf::EbpfRecorder;
use std::process::ExitCode;

fn main() -> ExitCode {
    deeds::run(
        || Ok(Box::new(EbpfRecorder::new()?.without_casts())),
        |stage| {
            let rings = ringfence_deeds::ring_names(stage);
            if rings.is_empty() {
                println!("SKIP: the kernel lets nobody use io_uring");
            }
            ringfence_deeds::names(stage).into_iter().chain(rings).collect()
        },
    )
}
