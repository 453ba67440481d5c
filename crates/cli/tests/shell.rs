//! `ringfence shell` where the sandbox hides every shell. Needs root, or a user who may make user namespaces.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod root;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A unit that hides everything, and whose program is not there at all.
fn hidden() -> tempfile::NamedTempFile {
    let mut unit = tempfile::Builder::new().suffix(".service").tempfile().unwrap();
    unit.write_all(b"[Service]\nExecStart=/nowhere/at/all\nTemporaryFileSystem=/:ro\n").unwrap();
    unit
}

fn shell(unit: &Path, arguments: &[&str], input: &str) -> (Output, String, String) {
    let mut ringfence = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .arg("shell")
        .arg(unit)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that has ended already takes no more input, which is no fault.
    let _ = ringfence.stdin.take().unwrap().write_all(input.as_bytes());
    let output = ringfence.wait_with_output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout).into(), String::from_utf8_lossy(&output.stderr).into());
    (output, out, err)
}

#[test]
fn a_shell_is_brought_in_where_there_is_none_and_that_is_said() {
    if !root::or_skip("only root is sure to get a mount namespace") {
        return;
    }
    let unit = hidden();
    let input = "ls -d /usr /etc; echo x > /new; echo still here; exit 7\n";
    let (output, out, err) = shell(unit.path(), &[], input);
    assert_eq!(output.status.code(), Some(7), "{err}");
    assert!(out.starts_with("/usr\n") && out.ends_with("still here\n"), "{out}{err}");
    assert!(err.contains("/etc") && err.contains("No such file or directory"), "{err}");
    assert!(err.contains("the sandbox hides /bin/sh; brought in, read-only: /"), "{err}");
    assert!(err.contains("Read-only file system"), "{err}");
}

#[test]
fn a_program_comes_with_what_it_needs() {
    if !root::or_skip("only root is sure to get a mount namespace") {
        return;
    }
    let unit = hidden();
    let (output, _, err) = shell(unit.path(), &["--", "/bin/cat", "/proc/self/comm"], "");
    assert_eq!(output.status.code(), Some(203), "{err}");
    assert!(err.contains("--bring PATH") && !err.contains("command line"), "{err}");
    let (output, out, err) = shell(
        unit.path(),
        &["--bring", "/bin/cat", "--bring", "/etc/passwd", "--", "/bin/cat", "/etc/passwd"],
        "",
    );
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(out, std::fs::read_to_string("/etc/passwd").unwrap());
    assert!(err.contains("/bin/cat needs more; brought in") && err.contains("libc.so.6"), "{err}");
}
