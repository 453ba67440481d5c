//! Records a command with either recorder: `either ebpf|ptrace FILE CMD [ARGUMENT]...`.

use ringfence_record::{Command, PtraceRecorder, Recorder, Session, Stop, Target};
use ringfence_record_ebpf::EbpfRecorder;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let usage = "usage: either ebpf|ptrace FILE CMD [ARGUMENT]...";
    let recorder: Box<dyn Recorder> = match arguments.next().ok_or(usage)?.to_str() {
        Some("ebpf") => Box::new(EbpfRecorder::new()?),
        Some("ptrace") => Box::new(PtraceRecorder::new()?),
        _ => return Err(usage.into()),
    };
    let output = PathBuf::from(arguments.next().ok_or(usage)?);
    let program = arguments.next().ok_or(usage)?;
    let target = Target::Command(Command { program, arguments: arguments.collect() });
    let session = Session { output: Some(output), ..Session::new(target) };
    let outcome = session.run(recorder, &Stop::new()?, &mut |_| {})?;
    let lost: u64 = outcome.profile.recordings().map(|(_, recording)| recording.lost).sum();
    println!("{:?}: {} paths, {lost} events lost", outcome.ended?, outcome.profile.paths());
    Ok(())
}
