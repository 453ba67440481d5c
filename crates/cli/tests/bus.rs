//! `Type=dbus` under `ringfence run`, with a message bus of the test's own.
//!
//! Needs dbus-daemon(1). The unit's commands are this very test program: they are the ignored tests at the end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use zbus::blocking::Connection;
use zbus::blocking::fdo::DBusProxy;

const NAME: &str = "org.example.Ringfence";

/// A bus that ends with the test.
struct Bus {
    daemon: Child,
    directory: tempfile::TempDir,
}

impl Bus {
    fn start() -> Option<Bus> {
        let directory = tempfile::tempdir().unwrap();
        let daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile"])
            .arg(format!("--address={}", address(directory.path())))
            .arg("--print-address")
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut daemon) = daemon else {
            println!("SKIP: there is no dbus-daemon");
            assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "there is no dbus-daemon");
            return None;
        };
        // It listens once it has said where.
        let mut line = String::new();
        let said = daemon.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(said), &mut line).unwrap();
        assert!(line.contains("unix:"), "{line}");
        Some(Bus { daemon, directory })
    }

    /// Runs a unit whose program is one of the tests below.
    fn run(&self, service: &str, lines: &str) -> (Option<i32>, String) {
        let directory = self.directory.path();
        let command =
            |test: &str| format!("{} --exact --ignored {test}", std::env::current_exe().unwrap().display());
        let unit = directory.join("bus.service");
        let text = format!(
            "[Service]\nType=dbus\nBusName={NAME}\nExecStart={}\nExecStartPost={}\nExecStopPost=/bin/sh -c 'echo over'\n\
             Environment=DBUS_SYSTEM_BUS_ADDRESS={} RINGFENCE_TEST_PLACE={}\n{lines}\n",
            command(service),
            command("the_name_is_owned"),
            address(directory),
            directory.display(),
        );
        std::fs::write(&unit, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ringfence"))
            .args(["run", unit.to_str().unwrap()])
            .env("DBUS_SYSTEM_BUS_ADDRESS", address(directory))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

fn address(directory: &Path) -> String {
    format!("unix:path={}/bus", directory.display())
}

#[test]
fn the_service_is_ready_when_it_has_its_name_and_over_when_it_gives_it_up() {
    let Some(bus) = Bus::start() else { return };
    let (status, said) = bus.run("own_the_name_for_a_while", "");
    // It was ended by SIGTERM (15), which is no failure, but its status all the same.
    assert_eq!(status, Some(128 + 15), "{said}");
    assert!(said.contains("over") && !said.contains("failed:"), "{said}");
    assert!(bus.directory.path().join("seen").exists(), "ExecStartPost= has not run: {said}");
}

#[test]
fn a_service_that_never_has_its_name_fails() {
    let Some(bus) = Bus::start() else { return };
    let (status, said) = bus.run("own_nothing", "TimeoutStartSec=500ms");
    assert_ne!(status, Some(0), "{said}");
    assert!(said.contains("BusName took longer"), "{said}");
    assert!(!bus.directory.path().join("seen").exists(), "ExecStartPost= has run: {said}");
}

/// Where the unit's commands meet; none when nobody asked for them.
fn place() -> Option<PathBuf> {
    std::env::var_os("RINGFENCE_TEST_PLACE").map(PathBuf::from)
}

#[test]
#[ignore = "a command of a unit"]
fn own_the_name_for_a_while() {
    let Some(place) = place() else { return };
    // Late enough for what does not wait for the name to be wrong.
    std::thread::sleep(Duration::from_millis(300));
    let connection = Connection::system().unwrap();
    connection.request_name(NAME).unwrap();
    while !place.join("seen").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    connection.release_name(NAME).unwrap();
    std::thread::sleep(Duration::from_secs(3600));
}

#[test]
#[ignore = "a command of a unit"]
fn own_nothing() {
    if place().is_some() {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

#[test]
#[ignore = "a command of a unit"]
fn the_name_is_owned() {
    let Some(place) = place() else { return };
    let daemon = Connection::system().unwrap();
    let owned = DBusProxy::new(&daemon).unwrap().name_has_owner(NAME.try_into().unwrap()).unwrap();
    assert!(owned, "nobody owns {NAME} yet");
    std::fs::write(place.join("seen"), "").unwrap();
}
