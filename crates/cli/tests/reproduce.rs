//! `ringfence diagnose --reproduce` of services that say nothing but "error". Needs root.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod root;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory for programs and units, which services of any user can look into.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    directory
}

fn reproduce(unit: &Path) -> (Value, Output) {
    let output = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .args(["--quiet", "--format", "json", "diagnose", "--reproduce"])
        .arg(unit)
        .output()
        .unwrap();
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    (document, output)
}

fn write_unit(directory: &Path, lines: &str) -> PathBuf {
    let path = directory.join("silent.service");
    std::fs::write(&path, format!("[Service]\nType=oneshot\n{lines}\n")).unwrap();
    path
}

/// A program in C that does one thing, and says no more than that it failed.
fn compiled(directory: &Path, attempt: &str) -> PathBuf {
    let (source, program) = (directory.join("silent.c"), directory.join("silent"));
    let text = format!(
        "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <netinet/in.h>\n#include <sched.h>\n#include <stdio.h>\n\
         #include <sys/mman.h>\n#include <sys/socket.h>\n#include <sys/stat.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n\
         int main(void) {{ if (({attempt}) < 0) {{ puts(\"error\"); return 1; }} return 0; }}\n"
    );
    std::fs::write(&source, text).unwrap();
    let status = Command::new("cc").arg("-o").arg(&program).arg(&source).status().unwrap();
    assert!(status.success());
    program
}

/// The one finding, which a trial has proven.
fn proven(document: &Value) -> &Value {
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{document:#}");
    assert_eq!(document["reproduction"]["proven"], true, "{document:#}");
    &findings[0]
}

#[test]
fn a_silent_program_in_c() {
    if !root::or_skip("a shadow of the machine needs root") {
        return;
    }
    let home = directory();
    let state = home.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let file = state.join("data");
    let at = |path: &Path| format!("\"{}\"", path.display());
    let create = format!("open({}, O_CREAT | O_WRONLY, 0600)", at(&file));
    let kept = home.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    std::fs::write(kept.join("data"), "s").unwrap();
    let read = format!("open({}, O_RDONLY)", at(&kept.join("data")));
    let hidden = format!("TemporaryFileSystem={}", kept.display());
    for (attempt, lines, cause, path, detail) in [
        (create.as_str(), "ProtectSystem=strict", "read-only-path", Some(file.as_path()), None),
        (&read, &hidden, "hidden-path", Some(&kept.join("data")), None),
        (
            "syscall(SYS_personality, 0xffffffff)",
            "SystemCallFilter=~personality\nSystemCallErrorNumber=EPERM",
            "syscall-filtered",
            None,
            Some("personality"),
        ),
        (
            "syscall(SYS_personality, 0xffffffff)",
            "SystemCallFilter=~personality",
            "syscall-filtered",
            None,
            Some("personality"),
        ),
        (
            "socket(AF_INET6, SOCK_STREAM, 0)",
            "RestrictAddressFamilies=AF_UNIX AF_INET",
            "address-family-restricted",
            None,
            Some("AF_INET6"),
        ),
        ("unshare(CLONE_NEWUTS)", "RestrictNamespaces=net", "namespace-restricted", None, Some("uts")),
        (
            "mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0",
            "MemoryDenyWriteExecute=yes",
            "write-execute-memory",
            None,
            None,
        ),
        (
            "chroot(\"/\")",
            "CapabilityBoundingSet=CAP_KILL",
            "capability-missing",
            None,
            Some("CAP_SYS_CHROOT"),
        ),
    ] {
        let program = compiled(home.path(), attempt);
        let unit = write_unit(home.path(), &format!("ExecStart={}\n{lines}", program.display()));
        let (document, output) = reproduce(&unit);
        assert_eq!(output.status.code(), Some(1), "{attempt}: {document:#}");
        let finding = proven(&document);
        assert_eq!(finding["cause"], cause, "{attempt}: {document:#}");
        assert_eq!(finding["path"].as_str(), path.and_then(Path::to_str), "{attempt}: {document:#}");
        assert_eq!(finding["detail"].as_str(), detail, "{attempt}: {document:#}");
        let responsible = lines.lines().next().unwrap().split('=').next().unwrap();
        assert_eq!(finding["origin"]["directive"], responsible, "{attempt}: {document:#}");
    }
    assert!(!file.exists(), "a trial leaves nothing on the machine");
}

#[test]
fn a_silent_program_in_python() {
    if !root::or_skip("a shadow of the machine needs root") {
        return;
    }
    let home = directory();
    let script = home.path().join("silent.py");
    let kept = home.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    // It refuses to say why, and stumbles over something harmless before and after.
    let text = format!(
        "#!/usr/bin/python3\nimport os, sys\ntry: open('/etc/harmless-of-ringfence', 'w')\nexcept OSError: pass\n\
         try: open('{}/x', 'w').write('x')\nexcept OSError: bad = True\nelse: bad = False\n\
         try: os.mkdir('/usr/harmless-of-ringfence')\nexcept OSError: pass\n\
         if bad: print('error'); sys.exit(1)\n",
        kept.display()
    );
    std::fs::write(&script, text).unwrap();
    let unit = write_unit(
        home.path(),
        &format!("ExecStart=/usr/bin/python3 {}\nProtectSystem=strict\nProtectHome=yes", script.display()),
    );
    let (document, output) = reproduce(&unit);
    assert_eq!(output.status.code(), Some(1));
    let finding = proven(&document);
    assert_eq!(finding["cause"], "read-only-path", "{document:#}");
    assert_eq!(finding["path"].as_str(), kept.join("x").to_str(), "{document:#}");
    assert_eq!(finding["origin"]["directive"], "ProtectSystem");
    assert!(finding["evidence"].as_str().unwrap().contains("works outside"), "{document:#}");
}

#[test]
fn a_service_that_works_is_left_in_peace_and_one_that_is_broken_is_said_to_be() {
    if !root::or_skip("a shadow of the machine needs root") {
        return;
    }
    let home = directory();
    let works = write_unit(home.path(), "ExecStart=/bin/true\nProtectSystem=strict");
    let (document, output) = reproduce(&works);
    assert_eq!(output.status.code(), Some(0), "{document:#}");
    assert_eq!(document["reproduction"]["inside"], Value::Null);
    let broken = write_unit(home.path(), "ExecStart=/bin/false\nProtectSystem=strict");
    let (document, output) = reproduce(&broken);
    assert_eq!(output.status.code(), Some(0), "{document:#}");
    assert_ne!(document["reproduction"]["outside"], Value::Null, "it fails outside, too: {document:#}");
}
