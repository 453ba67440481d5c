//! Records a command with the ptrace recorder: `record FILE CMD…`. What a library user writes.

use ringfence_record::{Command, PtraceRecorder, Session, Stop, Target};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let usage = "usage: record FILE CMD [ARGUMENT]...";
    let output = PathBuf::from(arguments.next().ok_or(usage)?);
    let program = arguments.next().ok_or(usage)?;
    let target = Target::Command(Command { program, arguments: arguments.collect() });
    let session = Session { output: Some(output), ..Session::new(target) };
    let outcome = session.run(Box::new(PtraceRecorder::new()?), &Stop::new()?, &mut |_| {})?;
    println!("{:?}: {} paths", outcome.ended?, outcome.profile.paths());
    Ok(())
}
