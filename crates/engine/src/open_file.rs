//! `OpenFile=`: files and sockets that are opened for the service, with root's rights and in the host's view
//! (systemd.service(5); systemd: `collect_open_file_fds` in `src/core/exec-invoke.c`).

use crate::enforcement::{Shortfall, Strength};
use crate::failure::Failure;
use crate::step::Step;
use ringfence_settings::Settings;
use ringfence_terms::{AbsPath, Origin};
use ringfence_unit::words::{Backslash, Quoting, first_word};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::Shutdown;
use std::os::unix::net::{UnixDatagram, UnixStream};

/// A descriptor and the name that the service knows it by.
pub type Named = (String, OwnedFd);

/// Opens all of a unit's files; one that is `graceful` may be missing. A line that is wrong is left out, as systemd does, and
/// that is said.
pub fn open_all(settings: &Settings, report: &mut dyn FnMut(Shortfall)) -> Result<Vec<Named>, Failure> {
    let mut all = Vec::new();
    for line in &settings.service.open_files {
        let origin = line.origin.as_ref();
        let Some(file) = OpenFile::parse(&line.value) else {
            report(malformed(origin));
            continue;
        };
        match file.open() {
            Ok(fd) => all.push((file.name, fd)),
            Err(_) if file.graceful => {}
            Err(e) => {
                return Err(Failure::new(Step::Fds, format!("open {} for the service", file.path))
                    .errno(e)
                    .path(file.path.as_path())
                    .origin(origin));
            }
        }
    }
    Ok(all)
}

/// What of `OpenFile=` fails in the unit's first process, if that is the main one: it opens the files before it looks its user
/// up (systemd: `exec_invoke`), so this is told rather than that there is no such user.
pub fn fails_first(settings: &Settings) -> Option<Failure> {
    let service = &settings.service;
    let main_is_first = service.exec_condition.is_empty() && service.exec_start_pre.is_empty();
    if !main_is_first || service.exec_start.is_empty() {
        return None;
    }
    // Nothing is started: what else falls short of those lines need not be said.
    open_all(settings, &mut |_| {}).err()
}

fn malformed(origin: Option<&Origin>) -> Shortfall {
    Shortfall {
        directive: "OpenFile".to_owned(),
        origin: origin.cloned(),
        strength: Strength::NotEnforced,
        why: "the value is none: write PATH, PATH:NAME or PATH:NAME:OPTIONS with read-only, append or truncate, and \
              graceful"
            .to_owned(),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct OpenFile {
    path: AbsPath,
    name: String,
    access: OFlags,
    graceful: bool,
}

impl OpenFile {
    fn parse(text: &str) -> Option<OpenFile> {
        let quoting = Quoting { keep_empty: true, backslash: Backslash::C, ..Quoting::default() };
        let mut rest = text;
        let mut word = || first_word(&mut rest, &[':'], quoting).ok().flatten();
        let path = AbsPath::parse(word()?).ok()?;
        let name = word().filter(|name| !name.is_empty());
        let options = word().unwrap_or_default();
        if word().is_some() {
            return None;
        }
        let mut access = None;
        let mut graceful = false;
        for option in options.split(',').filter(|option| !option.is_empty()) {
            let wanted = match option {
                "graceful" if !graceful => {
                    graceful = true;
                    continue;
                }
                "read-only" => OFlags::RDONLY,
                "append" => OFlags::RDWR | OFlags::APPEND,
                "truncate" => OFlags::RDWR | OFlags::TRUNC,
                _ => return None,
            };
            if access.replace(wanted).is_some() {
                return None;
            }
        }
        let name = name.or_else(|| path.file_name()?.to_str().map(str::to_owned))?;
        Some(OpenFile { path, name, access: access.unwrap_or(OFlags::RDWR), graceful })
    }

    fn open(&self) -> rustix::io::Result<OwnedFd> {
        let path = self.path.as_path();
        if FileType::from_raw_mode(rustix::fs::stat(path)?.st_mode) == FileType::Socket {
            return self.connect();
        }
        rustix::fs::open(path, self.access | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
    }

    /// Connects to a socket, of whichever kind it is.
    fn connect(&self) -> rustix::io::Result<OwnedFd> {
        let path = self.path.as_path();
        let errno = |e: std::io::Error| Errno::from_io_error(&e).unwrap_or(Errno::IO);
        let stream = UnixStream::connect(path).map(OwnedFd::from).map_err(errno);
        let socket = match stream {
            // It is there, and takes datagrams.
            Err(Errno::PROTOTYPE) => {
                let datagram = UnixDatagram::unbound().map_err(errno)?;
                datagram.connect(path).map_err(errno)?;
                OwnedFd::from(datagram)
            }
            other => other?,
        };
        if self.access == OFlags::RDONLY {
            rustix::net::shutdown(&socket, Shutdown::Write)?;
        }
        Ok(socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_systemd_reads_it() {
        let file = |path: &str, name: &str, access, graceful| {
            Some(OpenFile { path: AbsPath::parse(path).unwrap(), name: name.to_owned(), access, graceful })
        };
        assert_eq!(OpenFile::parse("/a/b"), file("/a/b", "b", OFlags::RDWR, false));
        assert_eq!(OpenFile::parse("/a/b:n"), file("/a/b", "n", OFlags::RDWR, false));
        assert_eq!(OpenFile::parse("/a/b::read-only,graceful"), file("/a/b", "b", OFlags::RDONLY, true));
        assert_eq!(OpenFile::parse("/a:n:append"), file("/a", "n", OFlags::RDWR | OFlags::APPEND, false));
        assert_eq!(OpenFile::parse(r"/a\x3ab:n"), file("/a:b", "n", OFlags::RDWR, false));
        for bad in ["", "a", "/a:n:read-only,append", "/a:n:graceful,graceful", "/a:n:other", "/a:n:append:x"]
        {
            assert_eq!(OpenFile::parse(bad), None, "{bad}");
        }
    }
}
