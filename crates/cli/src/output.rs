//! Writing results. A reader that went away (`ringfence show … | head`) is no error.

mod indented;

use crate::failure::Failure;
use anstream::{AutoStream, ColorChoice};
use clap::builder::{PathBufValueParser, TypedValueParser};
use indented::Indented;
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Prints a result as JSON, indented, with a newline at its end.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(AT_A_TIME, io::stdout().lock());
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Indented::default());
    let written = value.serialize(&mut serializer).map_err(io::Error::from);
    finish(written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// A value as JSON, as it stands so many levels deep in an indented document.
pub fn json_at(level: usize, value: &impl Serialize) -> Result<String, Failure> {
    let mut out = Vec::with_capacity(AT_A_TIME / 4);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Indented::at(level));
    value.serialize(&mut serializer).map_err(|error| Failure::input(error.to_string()))?;
    String::from_utf8(out).map_err(|error| Failure::input(error.to_string()))
}

/// The bytes of a large document that are printed at a time: few system calls, and little memory.
const AT_A_TIME: usize = 64 * 1024;

/// Prints a result for people; colours go away where they are not wanted.
pub fn text(text: &str) -> Result<(), Failure> {
    if has_colours() {
        return at_once(text.as_bytes());
    }
    at_once(anstream::adapter::strip_str(text).to_string().as_bytes())
}

/// How many of something there are: `1 path`, `2 paths`.
pub fn count(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// The argument of `-o` for a profile; `-` is standard output.
pub fn profile_output() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new()
        .map(|path| if path.as_os_str() == "-" { PathBuf::from("/dev/stdout") } else { path })
}

/// Whether colours are wanted on standard output, so that a long text need not be made with colours only to lose them.
pub fn has_colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Prints what is ready as it is. Standard output would write a text in pieces line by line; handed over as a whole it
/// goes out in one system call.
pub fn at_once(bytes: &[u8]) -> Result<(), Failure> {
    finish(io::stdout().lock().write_all(bytes))
}

fn finish(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}
