//! What is made for a service has the modes of its unit, whatever the caller's umask is. Needs root.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod root;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A directory that others may enter.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    directory
}

/// `ringfence run`, called by somebody whose files are his own.
fn run(unit: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask 077; exec \"$0\" run \"$1\"", env!("CARGO_BIN_EXE_ringfence")]).arg(unit);
    command
}

fn mode(path: &Path) -> Option<u32> {
    std::fs::symlink_metadata(path).ok().map(|status| status.mode() & 0o7777)
}

#[test]
fn directories_and_files_of_a_service() {
    if !root::or_skip("only root makes directories for other users") {
        return;
    }
    let directory = directory();
    let (unit, output) = (directory.path().join("asked.service"), directory.path().join("output"));
    let name = format!("ringfence-umask-{}", std::process::id());
    let text = format!(
        "[Service]\nType=oneshot\nUser=nobody\nStateDirectory={name}/below\nStandardOutput=file:{}\n\
         ExecStart=/bin/sh -c 'umask; touch $STATE_DIRECTORY/mine'\n",
        output.display()
    );
    std::fs::write(&unit, text).unwrap();
    let ran = run(&unit).output().unwrap();
    let state = Path::new("/var/lib").join(name);
    let modes = ["", "below", "below/mine"].map(|path| mode(&state.join(path)));
    let _ = std::fs::remove_dir_all(&state);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(modes, [Some(0o755), Some(0o755), Some(0o644)]);
    assert_eq!(mode(&output), Some(0o644));
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "0022\n");
}

#[test]
fn sockets_and_pipes_of_a_service() {
    if !root::or_skip("only root makes directories for other users") {
        return;
    }
    let directory = directory();
    let here = directory.path();
    let unit = here.join("asked.service");
    std::fs::write(&unit, "[Service]\nExecStart=/bin/true\n").unwrap();
    let text = format!(
        "[Socket]\nListenStream={0}/sub/socket\nListenFIFO={0}/sub/pipe\nDirectoryMode=0775\n",
        here.display()
    );
    std::fs::write(here.join("asked.socket"), text).unwrap();
    let mut ran = run(&unit).stderr(Stdio::null()).spawn().unwrap();
    // Nobody connects, so the service never starts. What is made last has its mode last.
    let wanted = ["sub", "sub/socket", "sub/pipe"].map(|path| here.join(path));
    let patience = Instant::now() + Duration::from_secs(30);
    let modes = loop {
        let modes = [&wanted[0], &wanted[1], &wanted[2]].map(|path| mode(path));
        if modes[2] == Some(0o666) || Instant::now() > patience {
            break modes;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // The shell has become ringfence.
    let process = rustix::process::Pid::from_child(&ran);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    ran.wait().unwrap();
    assert_eq!(modes, [Some(0o775), Some(0o666), Some(0o666)]);
    assert!(!wanted[1].exists() && !wanted[2].exists());
}
