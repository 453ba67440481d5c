//! Nothing is lost under storms; and when something is, it is counted, and the recording says that it is incomplete.
//!
//! The program that is recorded is this one, called with `open`.

use libtest_mimic::{Arguments, Failed, Trial};
use ringfence_profile::{BlindSpot, Operation, Profile, Recording};
use ringfence_record::{Command, Ended, RecordError, Session, Stop, Target};
use ringfence_record_ebpf::EbpfRecorder;
use ringfence_terms::Errno;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "open") {
        return open(&arguments[1..]).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    if let Err(reason) = EbpfRecorder::new() {
        return skip(&reason);
    }
    let trials = vec![
        Trial::test("opens", storm_of_opens),
        Trial::test("forks", storm_of_forks),
        Trial::test("tiny-buffer", tiny_buffer),
        Trial::test("deep", deep),
    ];
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

/// `open DIRECTORY NAMES TIMES`: opens so many names, which do not exist, so many times, as fast as it can.
fn open(arguments: &[OsString]) -> Option<()> {
    let [directory, names, times] = arguments else { return None };
    let (names, times): (u32, u32) = (names.to_str()?.parse().ok()?, times.to_str()?.parse().ok()?);
    let paths: Vec<PathBuf> = (0..names).map(|n| Path::new(directory).join(format!("name-{n}"))).collect();
    for path in (0..times).flat_map(|_| &paths) {
        File::open(path).err()?;
    }
    Some(())
}

fn opens(names: u32, times: u32) -> Result<(Command, PathBuf), Failed> {
    let directory = PathBuf::from("/ringfence-losses");
    let arguments =
        vec!["open".into(), directory.clone().into(), names.to_string().into(), times.to_string().into()];
    Ok((Command { program: std::env::current_exe()?.into(), arguments }, directory))
}

fn record(recorder: EbpfRecorder, command: Command) -> Result<Profile, Failed> {
    let session = Session::new(Target::Command(command));
    let outcome = session.run(Box::new(recorder), &Stop::new()?, &mut |_| {})?;
    match outcome.ended? {
        Ended::Command(status) if status.success() => Ok(outcome.profile),
        other => Err(format!("the program ended badly: {other:?}").into()),
    }
}

fn recording(profile: &Profile) -> Result<&Recording, Failed> {
    Ok(profile.recordings().next().ok_or("a profile without its recording")?.1)
}

/// Everything is there, and the recording says so.
fn check_whole(profile: &Profile, expected: HashSet<PathBuf>, operation: Operation) -> Result<(), Failed> {
    let files = profile.files();
    let found: HashSet<PathBuf> = files
        .iter()
        .filter(|access| access.operations().contains(operation))
        .map(|access| access.path().to_owned())
        .collect();
    let missing = expected.difference(&found).count();
    let recording = recording(profile)?;
    if missing > 0 || recording.lost > 0 || !recording.is_complete() {
        return Err(format!("{missing} of {} are missing: {recording:?}", expected.len()).into());
    }
    Ok(())
}

/// The names are new at first and known later.
fn storm_of_opens() -> Result<(), Failed> {
    const NAMES: u32 = 100_000;
    let (command, directory) = opens(NAMES, 4)?;
    let profile = record(EbpfRecorder::new()?, command)?;
    let expected = (0..NAMES).map(|n| directory.join(format!("name-{n}"))).collect();
    let enoent = |a: &ringfence_profile::FileAccess<'_>| a.errno() == Some(Errno::ENOENT);
    if !profile.files().iter().any(enoent) {
        return Err("how the opens ended is not in the profile".into());
    }
    check_whole(&profile, expected, Operation::Read)
}

/// Processes that live for less than a millisecond, four at a time, each with a file of its own.
fn storm_of_forks() -> Result<(), Failed> {
    const FORKS: u32 = 1000;
    let directory = tempfile::tempdir()?;
    let directory = directory.path().canonicalize()?;
    let script = format!(
        "cd {}; for a in 1 2 3 4; do (n=0; while [ $n -lt {FORKS} ]; do (: > $a-$n); n=$((n + 1)); done) & done; wait",
        directory.display()
    );
    let command = Command { program: "sh".into(), arguments: vec!["-c".into(), script.into()] };
    let profile = record(EbpfRecorder::new()?, command)?;
    let expected = (1..=4).flat_map(|a| (0..FORKS).map(move |n| format!("{a}-{n}")));
    check_whole(&profile, expected.map(|name| directory.join(name)).collect(), Operation::Create)
}

/// A buffer of one page cannot hold what comes between two readings.
fn tiny_buffer() -> Result<(), Failed> {
    let (command, _) = opens(20_000, 1)?;
    let profile = record(EbpfRecorder::new()?.with_buffer(1), command)?;
    let recording = recording(&profile)?;
    let told = recording.lost > 0
        && !recording.is_complete()
        && recording.blind_spots.contains(&BlindSpot::LostEvents);
    let found = profile.files().iter().filter(|a| a.path().starts_with("/ringfence-losses")).count() as u64;
    // One event for each name; others of the program may be lost as well.
    if !told || found + recording.lost < 20_000 {
        return Err(format!("{found} names were recorded of 20000: {recording:?}").into());
    }
    Ok(())
}

/// A path that is longer than any that the kernel gives out (`PATH_MAX`) is cut, and that is said.
fn deep() -> Result<(), Failed> {
    const DEPTH: usize = 22;
    let directory = tempfile::tempdir()?;
    let name = "n".repeat(200);
    let down = format!("mkdir {name}; cd -P {name}; ").repeat(DEPTH);
    let script = format!("cd {}; {down} : > leaf", directory.path().display());
    let command = Command { program: "sh".into(), arguments: vec!["-c".into(), script.into()] };
    let profile = record(EbpfRecorder::new()?, command)?;
    let recording = recording(&profile)?;
    let told = recording.cut > 0 && recording.blind_spots.contains(&BlindSpot::CutPaths);
    let leaf = profile.files().iter().any(|access| {
        let path = access.path();
        path.starts_with("\u{2026}")
            && path.ends_with("leaf")
            && access.operations().contains(Operation::Create)
    });
    if told && leaf { Ok(()) } else { Err(format!("cut: {told}, the leaf: {leaf}: {recording:?}").into()) }
}
