//! The eBPF recorder: BPF programs on tracepoints that have type information (BTF), so it needs no kprobes and no BPF LSM.
//!
//! The programs (`bpf/`, in C, compiled to an object that is kept beside them) run at the end of every system call. In the
//! kernel they decide whether a call was recorded before, and only if not put an event together, with paths found by
//! walking dentries; so a busy service that does what it did before costs next to nothing. Here they are loaded, and
//! their events are understood, with the same rules and the same delivery as the ptrace recorder's.
//!
//! It needs root (`CAP_BPF`, `CAP_PERFMON`, `CAP_SYS_PTRACE`, `CAP_DAC_READ_SEARCH` are what it uses of it), an x86-64
//! kernel of version 5.17 or later, and `/sys/kernel/btf/vmlinux`. Capabilities are seen since Linux 6.14, requests to
//! io_uring since 6.4; where they are not, the profile says so.
#![forbid(unsafe_code)]

mod btf;
mod capability;
mod cgroup;
mod decode;
mod kernel;
mod peers;
mod programs;
mod table;
mod views;
mod watch;
mod wire;

use kernel::{Filter, Kernel, LoadError};
use ringfence_record::{Ended, RecordError, Recorder, RecorderKind, Sink, Stop, Target};
use watch::Watch;

/// How much the kernel keeps for the recorder to read unless it is told otherwise: enough for a third of a second of
/// 200,000 new paths a second.
pub const BUFFER: u32 = 32 << 20;

/// Records through BPF programs in the kernel.
#[derive(Debug)]
pub struct EbpfRecorder {
    buffer: u32,
    casts: bool,
}

impl EbpfRecorder {
    /// A recorder, if this machine may have one: the cheap conditions are checked, the kernel's consent is not.
    pub fn new() -> Result<EbpfRecorder, RecordError> {
        let unavailable = |reason: &str| Err(unavailable(reason.to_owned()));
        if !cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) {
            return unavailable("its programs are compiled for x86-64 alone");
        }
        if !rustix::process::geteuid().is_root() {
            return unavailable("it needs root");
        }
        if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() {
            return unavailable("the kernel has no type information (/sys/kernel/btf/vmlinux)");
        }
        Ok(EbpfRecorder { buffer: BUFFER, casts: true })
    }

    /// The same with another buffer: how many bytes of events the kernel keeps until they are read, rounded up to a power
    /// of two of at least a page. What does not fit is lost, which is counted and makes the recording incomplete.
    pub fn with_buffer(self, bytes: u32) -> EbpfRecorder {
        let most = 1 << 30;
        EbpfRecorder { buffer: bytes.min(most).next_power_of_two().max(4096), ..self }
    }

    /// The same as it is on kernels before 6.2, which have no `bpf_rdonly_cast`: every field of a kernel's structure is
    /// read by a call.
    pub fn without_casts(self) -> EbpfRecorder {
        EbpfRecorder { casts: false, ..self }
    }
}

impl Recorder for EbpfRecorder {
    fn kind(&self) -> RecorderKind {
        RecorderKind::Ebpf
    }

    fn record(
        self: Box<Self>,
        target: &Target,
        stop: &Stop,
        sink: &mut dyn Sink,
    ) -> Result<Ended, RecordError> {
        let filter = match target {
            Target::Command(_) | Target::Process(_) => Filter::Processes,
            Target::Cgroup(directory) => Filter::Cgroup(cgroup::find(directory, target)?),
        };
        let kernel = Kernel::attach(&filter, self.buffer, self.casts)
            .map_err(|error| unavailable(with_sources(&error)))?;
        let mut watch = Watch::new(kernel, stop, sink)?;
        match target {
            Target::Command(command) => watch.run_command(command),
            Target::Process(process) => watch.run_process(*process, target),
            Target::Cgroup(directory) => watch.run_cgroup(directory),
        }
    }
}

fn unavailable(reason: String) -> RecordError {
    RecordError::Unavailable { kind: RecorderKind::Ebpf, reason }
}

/// An error and what caused it, in one clause.
fn with_sources(error: &LoadError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        // The verifier's log is long; its first line says enough to report.
        let line = error.to_string();
        let line = line.lines().next().unwrap_or_default();
        if !text.ends_with(line) {
            text = format!("{text}: {line}");
        }
        source = error.source();
    }
    text
}
