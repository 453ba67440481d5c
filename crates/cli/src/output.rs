//! Writing results. A reader that went away (`ringfence show … | head`) is no error.

use crate::failure::Failure;
use serde::Serialize;
use std::io::{self, Write};

/// Prints a result as JSON, indented, with a newline at its end.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|e| Failure::input(format!("cannot write JSON: {e}")))?;
    text.push(b'\n');
    finish(io::stdout().lock().write_all(&text))
}

/// Prints a result for people; colours go away where they are not wanted.
pub fn text(text: &str) -> Result<(), Failure> {
    finish(anstream::stdout().lock().write_all(text.as_bytes()))
}

fn finish(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}
