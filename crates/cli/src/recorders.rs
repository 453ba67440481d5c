//! Which recorder: the one that was asked for, or the best that works here.

use crate::aside::ask_aside;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_profile::{BlindSpot, Recording};
use ringfence_record::{Command, PtraceRecorder, RecordError, Recorder, RecorderKind, Session, Stop, Target};
use ringfence_record_ebpf::EbpfRecorder;

/// The choice on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// eBPF where it works, else ptrace
    #[default]
    Auto,
    /// eBPF: root, a kernel with BTF; costs next to nothing
    Ebpf,
    /// ptrace: any user, any container
    Ptrace,
}

/// A recorder; whether the kernel agrees to the one that is chosen is only seen when it records.
pub fn choose(choice: Choice, context: &Context) -> Result<Box<dyn Recorder>, RecordError> {
    let ptrace = || PtraceRecorder::new().map(|recorder| Box::new(recorder) as Box<dyn Recorder>);
    match choice {
        Choice::Ptrace => ptrace(),
        Choice::Ebpf => Ok(Box::new(EbpfRecorder::new()?)),
        Choice::Auto => match EbpfRecorder::new() {
            Ok(recorder) => Ok(Box::new(recorder)),
            Err(error) => {
                note_fallback(&error, context);
                ptrace()
            }
        },
    }
}

/// The choice for trials: settled before the first, so that all of them see alike.
pub fn for_trials(choice: Choice, context: &Context) -> Result<Choice, Failure> {
    if choice == Choice::Ptrace {
        return Ok(choice);
    }
    // Only the kernel can say whether it takes the programs. What asks it leaves no thread behind in this process.
    let refused = ask_aside(|| {
        let (recorder, stop) = match EbpfRecorder::new().and_then(|recorder| Ok((recorder, Stop::new()?))) {
            Ok(both) => both,
            Err(error) => return Ok(Some(chain(&error))),
        };
        let command = Command { program: "/bin/true".into(), arguments: Vec::new() };
        let recorded = Session::new(Target::Command(command)).run(Box::new(recorder), &stop, &mut |_| {});
        let outcome = match recorded {
            Ok(outcome) => outcome,
            Err(error) => return Ok(Some(chain(&error))),
        };
        if let Err(error) = outcome.ended {
            return Ok(Some(chain(&error)));
        }
        // What ptrace infers of capabilities is then more than eBPF sees.
        let infers = |recording: &Recording| recording.blind_spots.contains(&BlindSpot::CapabilitiesInferred);
        let blind = outcome.profile.recordings().any(|(_, recording)| infers(recording));
        Ok((blind && choice == Choice::Auto)
            .then(|| "before Linux 6.14 eBPF does not see capabilities".to_owned()))
    })?;
    match (refused, choice) {
        (None, _) => Ok(Choice::Ebpf),
        (Some(why), Choice::Ebpf) => Err(Failure::input(why).hint("try --recorder ptrace")),
        (Some(why), _) => {
            context.note_in_detail(format_args!("{why}; trials are recorded with ptrace"));
            Ok(Choice::Ptrace)
        }
    }
}

/// Says why another recorder than the first choice records.
pub fn note_fallback(error: &RecordError, context: &Context) {
    context.note(format_args!("{}; going on with ptrace", chain(error)));
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
