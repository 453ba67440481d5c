//! The shadow's own message bus, for services that own a name on it or ask for it.
//!
//! It is the machine's dbus-daemon(1) with the machine's configuration, at the usual place. What it starts on behalf of callers
//! (`Exec=` of the files in `dbus-1/system-services`) runs in the shadow, too; what only systemd could start does not.

use ringfence_settings::{Settings, pulled_in};
use ringfence_unit::{Manager, Unit};
use rustix::fd::BorrowedFd;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program.
pub const DAEMON: &str = "/usr/bin/dbus-daemon";

const DIRECTORY: &str = "/run/dbus";
const SOCKET: &str = "/run/dbus/system_bus_socket";

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a service of the system owns a name on the bus, or asks for the bus; the bus itself does not.
pub fn is_wanted(unit: &Unit, settings: &Settings) -> bool {
    let is_of_bus = |name: &str| matches!(name, "dbus.socket" | "dbus.service" | "dbus-broker.service");
    let names = std::iter::once(&unit.id).chain(&unit.aliases);
    if settings.manager == Manager::User || names.into_iter().any(|name| is_of_bus(name.as_str())) {
        return false;
    }
    settings.service.bus_name.value.is_some() || pulled_in(unit).any(|name| is_of_bus(&name))
}

/// Starts it, and waits until it can be connected to. It ends with the shadow.
///
/// # Errors
/// The sentence that says why there is none.
pub fn start(output: BorrowedFd<'_>) -> Result<(), String> {
    if !Path::new(DAEMON).exists() {
        return Err(format!("{DAEMON} is not installed"));
    }
    spawn(output).map_err(|error| error.to_string())
}

fn spawn(output: BorrowedFd<'_>) -> io::Result<()> {
    std::fs::create_dir_all(DIRECTORY)?;
    // The file of the machine's own bus may be there, and nobody answers.
    if let Err(error) = std::fs::remove_file(SOCKET)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut daemon = Command::new(DAEMON)
        .args(["--system", "--nofork", "--nopidfile", &format!("--address=unix:path={SOCKET}")])
        .stdin(Stdio::null())
        .stdout(output.try_clone_to_owned()?)
        .stderr(output.try_clone_to_owned()?)
        .spawn()?;
    let end = Instant::now() + PATIENCE;
    while UnixStream::connect(SOCKET).is_err() {
        if let Some(status) = daemon.try_wait()? {
            return Err(io::Error::other(format!("{DAEMON}: {status}")));
        }
        if Instant::now() > end {
            return Err(io::Error::other(format!("{DAEMON} did not listen within {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
