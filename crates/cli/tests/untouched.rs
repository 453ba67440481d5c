//! Hardening a service that writes, removes and moves whatever it can reach leaves the machine as it was. Needs root.

#[path = "../../shadow/tests/census/mod.rs"]
mod census;

mod root;

use census::census;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the service writes; of those that nothing else writes to, every file is compared.
const WRITTEN: [&str; 10] =
    ["/etc", "/usr/lib", "/opt", "/srv", "/home", "/run", "/tmp", "/var/lib", "/dev/shm", "/"];
const COMPARED: [&str; 5] = ["/etc", "/usr/lib", "/opt", "/srv", "/home"];

#[test]
fn a_service_that_writes_everywhere_changes_nothing() {
    if !root::or_skip("harden needs root") {
        return;
    }
    let fixture = tempfile::tempdir_in("/var/tmp").unwrap();
    let dir = fixture.path();
    fs::create_dir(dir.join("victim")).unwrap();
    fs::write(dir.join("victim/file"), "original").unwrap();
    let script = format!(
        "set -e\nfor d in {}; do echo x > $d/ringfence-was-here; done\necho changed > {d}/victim/file\n\
         mv {d}/victim {d}/moved\nrm /etc/passwd\nexec sleep 1000\n",
        WRITTEN.join(" "),
        d = dir.display()
    );
    fs::write(dir.join("service.sh"), script).unwrap();
    fs::write(
        dir.join("tried.service"),
        format!("[Service]\nType=exec\nExecStart=/bin/sh {}/service.sh\n", dir.display()),
    )
    .unwrap();
    // The exercise holds only where all of it was really done. It waits until that is so, or the service gone.
    let exercise = format!(
        "for i in $(seq 300); do [ -e /etc/passwd ] || break; grep -qs '[s]ervice.sh' /proc/[0-9]*/cmdline || break; \
         sleep 0.1; done\n\
         [ ! -e /etc/passwd ] && [ -e /ringfence-was-here ] && [ \"$(cat {d}/moved/file)\" = changed ]\n",
        d = dir.display()
    );
    fs::write(dir.join("exercise.sh"), exercise).unwrap();
    assert!(Path::new("/etc/passwd").exists(), "the machine has a file to remove");

    let tops = COMPARED.iter().map(PathBuf::from).chain([dir.to_owned()]);
    let before: Vec<_> = tops.map(|top| (census(&top), top)).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .arg("harden")
        .arg(dir.join("tried.service"))
        .args(["--quiet", "--format", "json", "--exercise"])
        .arg(format!("/bin/sh {}/exercise.sh", dir.display()))
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(document["trials"][0]["passed"], true, "in its trial it did all that: {document:#}");

    for (before, top) in before {
        assert!(census(&top) == before, "{} has changed", top.display());
    }
    for directory in WRITTEN {
        assert!(!Path::new(directory).join("ringfence-was-here").exists(), "{directory} was written");
    }
}
