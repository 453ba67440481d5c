//! The recorder for everybody: ptrace(2), with a seccomp filter that stops only at calls that matter.
//!
//! A command is started under the filter. A process that runs already cannot be given one, so there every call stops;
//! that is slow, and [`PtraceRecorder`] says so by no other means than its documentation.

mod capabilities;
mod closeness;
mod decode;
mod filter;
mod foresight;
mod gain;
mod launch;
mod memory;
mod repeats;
mod table;
mod tracee;
mod tracer;

use crate::{BlindSpot, Ended, RecordError, Recorder, RecorderKind, Sink, Stop, Target};
use ringfence_seccomp::Machine;
use table::CallTable;
use tracer::{Mode, Tracer};

/// Records through ptrace(2). Any user may, in any container; it sees its own processes.
pub struct PtraceRecorder {
    table: CallTable,
    machine: Machine,
}

impl PtraceRecorder {
    /// A recorder for this machine.
    pub fn new() -> Result<PtraceRecorder, RecordError> {
        let unavailable = || RecordError::Unavailable {
            kind: RecorderKind::Ptrace,
            reason: "the system calls of this machine's architecture are not known".to_owned(),
        };
        let machine = Machine::HERE.ok_or_else(unavailable)?;
        Ok(PtraceRecorder { table: CallTable::of(machine), machine })
    }
}

impl Recorder for PtraceRecorder {
    fn kind(&self) -> RecorderKind {
        RecorderKind::Ptrace
    }

    fn record(
        self: Box<Self>,
        target: &Target,
        stop: &Stop,
        sink: &mut dyn Sink,
    ) -> Result<Ended, RecordError> {
        sink.blind_spot(BlindSpot::CapabilitiesInferred);
        match target {
            Target::Command(command) => {
                sink.blind_spot(BlindSpot::SyscallsSampled);
                let child = launch::Held::start(command, &filter::program(self.machine, &self.table))?;
                let mut tracer = Tracer::new(&self.table, Mode::Filtered, stop, sink)?;
                tracer.run_command(child)
            }
            Target::Process(process) => {
                sink.blind_spot(BlindSpot::StartUp);
                Tracer::new(&self.table, Mode::EveryCall, stop, sink)?.run_attached(target, &[*process])
            }
            Target::Cgroup(directory) => {
                sink.blind_spot(BlindSpot::StartUp);
                // Whatever others put into the group later is not a descendant of what is there now.
                sink.blind_spot(BlindSpot::NotFollowed);
                let processes = launch::members(directory)
                    .map_err(|source| RecordError::Attach { target: target.to_string(), source })?;
                Tracer::new(&self.table, Mode::EveryCall, stop, sink)?.run_attached(target, &processes)
            }
        }
    }
}
