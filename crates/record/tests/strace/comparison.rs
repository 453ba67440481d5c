//! A recorder against strace, on real programs: nothing that strace saw of files is missing.
//!
//! Both watch the same command, one after the other; so the commands are such that do the same each time.

use ringfence_profile::Profile;
use ringfence_record::{Command, Recorder, Session, Stop, Target};
use ringfence_terms::Errno;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// A path that a call used, and how that ended.
type Use = (PathBuf, Option<Errno>);

fn recorded(recorder: Box<dyn Recorder>, command: &[&str]) -> BTreeSet<Use> {
    let target = Target::Command(Command {
        program: command[0].into(),
        arguments: command[1..].iter().map(OsString::from).collect(),
    });
    let session = Session::new(target);
    let outcome = session.run(recorder, &Stop::new().unwrap(), &mut |_| {}).unwrap();
    outcome.ended.unwrap();
    uses(&outcome.profile)
}

fn uses(profile: &Profile) -> BTreeSet<Use> {
    profile.files().into_iter().map(|access| (access.path().to_owned(), access.errno())).collect()
}

/// What strace sees, one line a call: with `-xx` every string is in hexadecimal, with `-y` every directory is named.
fn traced(command: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("strace")
        .args(["-ff", "-qq", "-xx", "-y", "-s", "5000", "-e", "trace=%file", "-o"])
        .arg(directory.path().join("trace"))
        .args(command)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.code().is_some(), "strace: {status}");
    let mut lines = Vec::new();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        lines.extend(text.lines().filter(|line| line.contains('(')).map(str::to_owned));
    }
    lines
}

/// The paths of a call and how it ended; relative ones only where the directory is named.
fn parse(line: &str) -> Vec<Use> {
    let Some((call, result)) = line.rsplit_once(" = ") else { return Vec::new() };
    let errno = match result.strip_prefix("-1 ") {
        Some(rest) => Errno::from_name(rest.split(' ').next().unwrap_or_default()),
        None => None,
    };
    let (name, arguments) = call.split_once('(').unwrap();
    let paths = match name {
        "rename" | "link" | "renameat" | "renameat2" | "linkat" => 2,
        // The first string of a symlink is its text.
        "symlink" | "symlinkat" => return Vec::new(),
        // What strace calls its file is not the one that it was given.
        "getcwd" => return Vec::new(),
        _ => 1,
    };
    let mut uses = Vec::new();
    let mut rest = arguments;
    let mut base = None;
    while uses.len() < paths {
        let Some(at) = rest.find(['<', '"']) else { break };
        let closing = if rest.as_bytes()[at] == b'<' { '>' } else { '"' };
        let Some(end) = rest[at + 1..].find(closing) else { break };
        let text = unhex(&rest[at + 1..at + 1 + end]);
        if closing == '>' {
            base = Some(text);
        } else {
            let path = base.take().unwrap_or_default().join(&text);
            if text.as_os_str().is_empty() {
                break;
            }
            uses.push((path, errno));
        }
        rest = &rest[at + end + 2..];
    }
    uses.retain(|(path, _)| path.is_absolute());
    uses
}

fn unhex(text: &str) -> PathBuf {
    let bytes = text.split("\\x").skip(1).map(|digits| u8::from_str_radix(&digits[..2], 16).unwrap());
    PathBuf::from(OsString::from_vec(bytes.collect()))
}

/// Where a path may have led: with a link at its end followed, and not.
fn places(path: &Path) -> [PathBuf; 2] {
    let mut simple = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                simple = resolved(&simple);
                simple.pop();
            }
            other => simple.push(other),
        }
    }
    let parent = simple.parent().map(resolved).unwrap_or_default();
    let unfollowed = parent.join(simple.file_name().unwrap_or_default());
    [resolved(&simple), unfollowed]
}

/// As much of a path as there is, resolved; and the rest as it is.
fn resolved(path: &Path) -> PathBuf {
    let mut rest: Vec<&OsStr> = Vec::new();
    let mut existing = path;
    loop {
        match fs::canonicalize(existing) {
            Ok(real) => return rest.iter().rev().fold(real, |path, name| path.join(name)),
            Err(_) => {
                // A link that leads nowhere leads to where nothing is.
                if let Ok(target) = fs::read_link(existing) {
                    let target = existing.parent().unwrap_or(existing).join(target);
                    return rest.iter().rev().fold(resolved(&target), |path, name| path.join(name));
                }
                let (Some(parent), Some(name)) = (existing.parent(), existing.file_name()) else {
                    return path.to_owned();
                };
                rest.push(name);
                existing = parent;
            }
        }
    }
}

fn check(script: &str) {
    let script = format!("exec >/dev/null 2>&1; {script}");
    let command = ["sh", "-c", &script];
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "strace is not installed");
        println!("SKIP: strace is not installed");
        return;
    }
    let recorder = match super::recorder() {
        Ok(recorder) => recorder,
        Err(reason) => {
            assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "{reason}");
            println!("SKIP: {reason}");
            return;
        }
    };
    let recorded = recorded(recorder, &command);
    let traced = traced(&command);
    let mut seen = 0;
    let mut missing = BTreeSet::new();
    for line in &traced {
        for (path, errno) in parse(line) {
            seen += 1;
            let places = places(&path);
            // Process numbers differ between the two runs, and this test's own is another one again.
            let in_proc = places.iter().any(|place| place.starts_with("/proc"));
            if !in_proc && !places.into_iter().any(|place| recorded.contains(&(place, errno))) {
                missing.insert(format!("{} = {errno:?}: {line}", path.display()));
            }
        }
    }
    assert!(seen > 10, "strace saw only {seen} paths in {} lines", traced.len());
    assert!(missing.is_empty(), "{} of {seen}:\n{}", missing.len(), Vec::from_iter(missing).join("\n"));
}

#[test]
fn listing_directories() {
    check("ls -laR /etc");
}

#[test]
fn searching() {
    check("find /usr/share/perl -name '*.conf' -newer /etc/passwd -o -xtype l");
}

#[test]
fn a_shell_with_many_short_lived_children() {
    check(
        "for f in /etc/*; do test -r $f && head -c 1 $f | od -c; done; cd /usr/../etc && cat passwd ./group",
    );
}

#[test]
fn an_interpreter() {
    check("perl -MFile::Find -e 'find(sub { -l $_ }, qw(/etc)); require POSIX; system(qw(true));'");
}

#[test]
fn a_compiler() {
    check("echo 'int main(void) { return 0; }' | cc -fsyntax-only -include stdio.h -x c -");
}

#[test]
fn threads() {
    check("xz -T4 -c /usr/bin/perl | xz -dc -T4 | sort --parallel=4");
}
