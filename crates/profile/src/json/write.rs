//! Writing a profile.

use super::{VERSION, files, privileges, recordings};
use crate::Profile;
use serde::Serialize;
use std::io::{self, Write};

impl Profile {
    /// Writes the profile as JSON: equal profiles give equal bytes. `to` should be buffered.
    ///
    /// Every record stands on a line of its own, so that a line-based diff of two profiles reads well.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        write!(to, "{{\"version\":{VERSION},\n\"recordings\":[")?;
        lines(to, recordings::stored(self))?;
        write!(to, "],\n\"files\":[")?;
        lines(to, files::stored(self))?;
        write!(to, "],\n\"privileges\":[")?;
        lines(to, privileges::stored(self))?;
        to.write_all(b"]}\n")
    }
}

fn lines<T: Serialize>(to: &mut impl Write, records: impl Iterator<Item = T>) -> io::Result<()> {
    let mut separator: &[u8] = b"\n";
    for record in records {
        to.write_all(separator)?;
        serde_json::to_writer(&mut *to, &record)?;
        separator = b",\n";
    }
    to.write_all(b"\n")
}
