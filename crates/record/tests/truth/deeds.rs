//! A recorder against the truth: of every deed, all that it did, and nothing that it did not.
//!
//! The program that is recorded is the test itself, called with `perform`; every deed is a test of its own.

use libtest_mimic::{Arguments, Failed, Trial};
use ringfence_deeds::{Stage, expected, perform};
use ringfence_profile::{FileAccess, Privilege, Profile, Program};
use ringfence_record::{Command, Ended, RecordError, Recorder, Session, Stop, Target};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Makes the recorder that is tested.
pub type Make = fn() -> Result<Box<dyn Recorder>, RecordError>;

/// Which deeds it must see.
pub type Names = fn(&Stage) -> Vec<&'static str>;

/// The test's main function.
pub fn run(make: Make, names: Names) -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "perform") {
        perform(arguments);
        return ExitCode::SUCCESS;
    }
    if let Err(reason) = make() {
        return skip(&reason);
    }
    let all = Stage::in_directory(directory("all"));
    let trials = names(&all).into_iter().map(|name| Trial::test(name, move || check(make, name))).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A visible skip; where nothing may be skipped, a failure.
fn skip(reason: &RecordError) -> ExitCode {
    println!("SKIP: {reason}");
    match std::env::var_os("RINGFENCE_TESTS_MUST_RUN") {
        Some(must) if must == "1" => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn directory(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("ringfence-truth-{}", std::process::id())).join(name)
}

fn check(make: Make, name: &str) -> Result<(), Failed> {
    let stage = Stage::in_directory(directory(name));
    let program = std::env::current_exe()?;
    let comm = program.file_name().unwrap_or_default().as_encoded_bytes();
    let by = Arc::new(Program {
        comm: String::from_utf8_lossy(&comm[..comm.len().min(15)]).into_owned().into(),
        uid: rustix::process::geteuid().as_raw(),
        exe: program.clone(),
    });
    let without = lines(&record(make()?, &program, &stage, &[])?);
    let recorded = lines(&record(make()?, &program, &stage, &[name])?);
    let expected = lines(&expected(&stage, name, &by));
    std::fs::remove_dir_all(stage.directory())?;
    let missing = expected.difference(&recorded).map(|line| format!("not recorded: {line}"));
    // Programs that it executes have a start-up of their own.
    let own = |line: &&String| line.contains(&format!("by {by} = "));
    let invented = recorded.difference(&without).filter(own).filter(|line| !expected.contains(*line));
    let wrong: Vec<String> = missing.chain(invented.map(|line| format!("did not happen: {line}"))).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn record(
    recorder: Box<dyn Recorder>,
    program: &Path,
    stage: &Stage,
    deed: &[&str],
) -> Result<Profile, Failed> {
    stage.prepare()?;
    let mut arguments = vec![OsString::from("perform"), OsString::from(stage.directory())];
    arguments.extend(deed.iter().map(OsString::from));
    let target = Target::Command(Command { program: program.into(), arguments });
    let session = Session::new(target);
    let outcome = session.run(recorder, &Stop::new()?, &mut |_| {})?;
    match outcome.ended? {
        Ended::Command(status) if status.success() => Ok(outcome.profile),
        other => Err(format!("the program ended badly: {other:?}").into()),
    }
}

/// Every access and privilege as a line of its own. Calls as such, and capabilities, are compared elsewhere.
fn lines(profile: &Profile) -> BTreeSet<String> {
    let file = |access: FileAccess<'_>| {
        let via: Vec<_> = access.via().collect();
        let (operations, path, kind, errno) =
            (access.operations(), access.path(), access.kind(), access.errno());
        format!(
            "{operations} {path:?} ({kind:?}) host {:?} via {via:?} by {} = {errno:?}",
            access.host(),
            access.by()
        )
    };
    let mut lines: BTreeSet<String> = profile.files().into_iter().map(file).collect();
    for (privilege, witnesses) in profile.privileges() {
        if !matches!(privilege, Privilege::Syscall { .. } | Privilege::Capability(_)) {
            lines.extend(witnesses.iter().map(|w| format!("{privilege:?} by {} = {:?}", w.by, w.errno)));
        }
    }
    lines
}
