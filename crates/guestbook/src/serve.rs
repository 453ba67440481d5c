//! The service.

use crate::{ADDRESS, http};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, process, thread};

const CONFIGURATION: &str = "/etc/guestbook.conf";
const STATE: &str = "/var/lib/guestbook";
const LOG: &str = "/var/log/guestbook.log";
const PID_FILE: &str = "/run/guestbook.pid";

/// A file that failed, with its name.
fn at(path: &Path) -> impl Fn(io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}

/// Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again and reopens the log.
pub fn run() -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(STATE).map_err(at(Path::new(STATE)))?;
    let mut book = Book { title: title() };
    let mut log = open_log()?;
    let listener = TcpListener::bind(ADDRESS).map_err(|e| format!("{ADDRESS}: {e}"))?;
    fs::write(PID_FILE, format!("{}\n", process::id())).map_err(at(Path::new(PID_FILE)))?;
    writeln!(log, "listening on {ADDRESS}")?;

    let (stop, reload) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let (stop_too, reload_too) = (stop.clone(), reload.clone());
    thread::spawn(move || {
        for signal in &mut signals {
            if signal == SIGHUP { &reload_too } else { &stop_too }.store(true, Ordering::SeqCst);
            // Wakes the accept below; a refused connection only means that it is awake already.
            drop(TcpStream::connect(ADDRESS));
        }
    });
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        if reload.swap(false, Ordering::SeqCst) {
            book.title = title();
            log = open_log()?;
            writeln!(log, "reloaded")?;
        }
        if let Ok(stream) = stream
            && let Ok(request) = http::read_request(&stream)
        {
            let (status, body) = book.answer(&request);
            writeln!(log, "{} {} {status}", request.method, request.path)?;
            http::respond(&stream, status, &body)?;
        }
    }
    writeln!(log, "stopping")?;
    fs::remove_file(PID_FILE).map_err(at(Path::new(PID_FILE)))?;
    Ok(())
}

fn open_log() -> Result<File, String> {
    OpenOptions::new().append(true).create(true).open(LOG).map_err(at(Path::new(LOG)))
}

/// The first line of the configuration; it may be missing.
fn title() -> String {
    let text = fs::read_to_string(CONFIGURATION).unwrap_or_default();
    text.lines().next().unwrap_or("Guest book").to_owned()
}

struct Book {
    title: String,
}

impl Book {
    fn answer(&self, request: &http::Request) -> (&'static str, String) {
        let result = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/") => self.read(),
            ("POST", "/sign") => self.sign(&request.body),
            ("GET", "/export") => self.export(),
            _ => return ("404 Not Found", "no such page\n".to_owned()),
        };
        match result {
            Ok(body) => ("200 OK", body),
            Err(error) => ("500 Internal Server Error", format!("{error}\n")),
        }
    }

    fn read(&self) -> Result<String, String> {
        let path = entries();
        let entries = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(at(&path)(error)),
        };
        Ok(format!("{}\n{entries}", self.title))
    }

    /// Writes the whole book anew and renames it, so that a crash leaves the old one.
    fn sign(&self, name: &str) -> Result<String, String> {
        let (path, new) = (entries(), PathBuf::from(STATE).join("entries.new"));
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        text.push_str(name.lines().next().unwrap_or_default());
        text.push('\n');
        fs::write(&new, text).map_err(at(&new))?;
        fs::rename(&new, &path).map_err(at(&path))?;
        Ok("signed\n".to_owned())
    }

    /// Builds the answer in a temporary file, as programs do that hand it to a helper.
    fn export(&self) -> Result<String, String> {
        let temporary = std::env::temp_dir().join(format!("guestbook-{}.txt", process::id()));
        fs::write(&temporary, self.read()?).map_err(at(&temporary))?;
        let text = fs::read_to_string(&temporary).map_err(at(&temporary))?;
        fs::remove_file(&temporary).map_err(at(&temporary))?;
        Ok(text)
    }
}

fn entries() -> PathBuf {
    PathBuf::from(STATE).join("entries")
}
