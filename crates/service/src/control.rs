//! What the outside asks of a running service: to reload and to stop.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;

/// The side that asks. May be used from any thread; clones ask the same service.
#[derive(Clone, Debug)]
pub struct Controls(std::sync::Arc<OwnedFd>);

/// The side that is asked: given to [`run`](crate::run).
#[derive(Debug)]
pub struct Requests {
    /// None once nobody can ask any more.
    pipe: Option<OwnedFd>,
    signals: Vec<signal_hook::SigId>,
    /// Where each signal leaves a byte, and what it asks for.
    signal_pipes: Vec<(std::os::unix::net::UnixStream, Request)>,
}

/// One thing that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Reload,
    Stop,
}

impl Controls {
    /// Both sides.
    ///
    /// # Errors
    /// When no pipe can be made.
    pub fn new() -> io::Result<(Controls, Requests)> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let requests = Requests { pipe: Some(read), signals: Vec::new(), signal_pipes: Vec::new() };
        Ok((Controls(std::sync::Arc::new(write)), requests))
    }

    /// Asks the service to reload.
    pub fn reload(&self) {
        self.ask(b'r');
    }

    /// Asks the service to stop. Asked twice, it is killed.
    pub fn stop(&self) {
        self.ask(b's');
    }

    fn ask(&self, what: u8) {
        // A full pipe holds the request already; a closed one belongs to a service that has ended.
        let _ = rustix::io::write(&*self.0, &[what]);
    }
}

impl Requests {
    /// Takes this process's signals as requests, too: SIGINT and SIGTERM to stop, SIGHUP to reload, until this is dropped.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn with_signals(mut self) -> io::Result<Requests> {
        for (signal, request) in
            [(SIGINT, Request::Stop), (SIGTERM, Request::Stop), (SIGHUP, Request::Reload)]
        {
            let (read, write) = std::os::unix::net::UnixStream::pair()?;
            read.set_nonblocking(true)?;
            write.set_nonblocking(true)?;
            self.signals.push(signal_hook::low_level::pipe::register(signal, write)?);
            self.signal_pipes.push((read, request));
        }
        Ok(self)
    }

    /// What becomes readable when something is asked.
    pub(crate) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let signals = self.signal_pipes.iter().map(|(pipe, _)| pipe.as_fd());
        self.pipe.iter().map(AsFd::as_fd).chain(signals).collect()
    }

    /// The next thing that is asked, if there is one.
    pub(crate) fn next(&mut self) -> Option<Request> {
        let mut byte = [0u8];
        if let Some(pipe) = &self.pipe {
            match rustix::io::read(pipe, &mut byte) {
                Ok(1) => return Some(if byte[0] == b'r' { Request::Reload } else { Request::Stop }),
                Ok(_) => self.pipe = None,
                Err(_) => {}
            }
        }
        self.signal_pipes
            .iter()
            .find(|(pipe, _)| matches!(rustix::io::read(pipe, &mut byte), Ok(1)))
            .map(|(_, request)| *request)
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        for signal in self.signals.drain(..) {
            signal_hook::low_level::unregister(signal);
        }
    }
}
