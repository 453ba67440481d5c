//! Runs shell scripts in sandboxes on the real kernel; they assert from the inside.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use ringfence_engine::{Failure, Sandbox, SandboxError};

/// Whether the test may go on; says why if not. With `RINGFENCE_TESTS_MUST_RUN=1` a skip is a failure.
#[allow(dead_code, reason = "not every test program needs root")]
pub fn root_or_skip() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("SKIP: needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
    }
    root
}

/// A sandbox from `Directive=value` lines.
pub fn sandbox(lines: &str) -> Sandbox {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(Sandbox::new(), |sandbox, line| {
        let (directive, value) = line.split_once('=').unwrap();
        sandbox.set(directive, value)
    })
}

/// What a script prints, and its exit status.
#[track_caller]
pub fn script(lines: &str, script: &str) -> (Option<i32>, String) {
    let (ended, printed) =
        sandbox(lines).output(["/bin/sh", "-c", script]).unwrap_or_else(|e| panic!("{e}\n{lines}"));
    (ended.status.exit_status(), String::from_utf8_lossy(&printed).trim_end().to_owned())
}

/// Fails unless the script exits with 0.
#[track_caller]
pub fn holds(lines: &str, text: &str) {
    let (status, printed) = script(lines, text);
    assert_eq!(status, Some(0), "{printed}\nin: {lines}\nscript: {text}");
}

/// What a script prints.
#[track_caller]
pub fn prints(lines: &str, text: &str) -> String {
    let (status, printed) = script(lines, text);
    assert_eq!(status, Some(0), "{printed}\nin: {lines}\nscript: {text}");
    printed
}

/// Why the sandbox cannot be set up.
#[track_caller]
pub fn fails(lines: &str) -> Failure {
    match sandbox(lines).output(["/bin/true"]) {
        Err(SandboxError::SetUp(failure)) => failure,
        other => panic!("{other:?}\n{lines}"),
    }
}
