//! Reading a profile, record by record: a file is never in memory as a whole.

use super::{VERSION, files, privileges, recordings};
use crate::{Profile, Program};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::sync::Arc;

/// Why no profile could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading failed.
    #[error(transparent)]
    Unreadable(io::Error),
    /// There is nothing more where there should be.
    #[error("the file ends before the profile does")]
    Incomplete {
        /// The last line, counted from 1.
        line: usize,
    },
    /// A later version's, in another format.
    #[error("the profile's format has version {found}, and this ringfence reads version {VERSION}")]
    Version {
        /// The version that it has.
        found: u32,
    },
    /// Something else; the message has the line and the column.
    #[error("not a profile: {0}")]
    Malformed(serde_json::Error),
}

impl ReadError {
    fn new(error: serde_json::Error, builder: &Builder) -> ReadError {
        match (builder.foreign, error.classify()) {
            (Some(found), _) => ReadError::Version { found },
            (None, Category::Io) => ReadError::Unreadable(error.into()),
            (None, Category::Eof) => ReadError::Incomplete { line: error.line() },
            (None, Category::Syntax | Category::Data) => ReadError::Malformed(error),
        }
    }

    /// The line, counted from 1, where that tells something.
    pub fn line(&self) -> Option<usize> {
        match self {
            ReadError::Incomplete { line } => Some(*line),
            ReadError::Malformed(error) => Some(error.line()),
            ReadError::Unreadable(_) | ReadError::Version { .. } => None,
        }
    }
}

impl Profile {
    /// Reads a profile that [`Profile::write`] wrote, or one from a later version that only added keys. `from` should be
    /// buffered.
    pub fn read(from: impl Read) -> Result<Profile, ReadError> {
        let mut json = serde_json::Deserializer::from_reader(from);
        let mut builder = Builder::default();
        let read = json.deserialize_map(Document(&mut builder)).and_then(|()| json.end());
        match read {
            Ok(()) => Ok(builder.profile),
            Err(error) => Err(ReadError::new(error, &builder)),
        }
    }
}

/// A profile that is being read, and the programs met so far by their text.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) profile: Profile,
    programs: HashMap<String, Arc<Program>>,
    /// The version of a format that is not this one.
    foreign: Option<u32>,
}

impl Builder {
    /// The program that a text names.
    pub(super) fn program(&mut self, text: String) -> Result<Arc<Program>, String> {
        if let Some(program) = self.programs.get(&text) {
            return Ok(Arc::clone(program));
        }
        let program = Arc::new(text.parse::<Program>().map_err(|e| e.to_string())?);
        self.programs.insert(text, Arc::clone(&program));
        Ok(program)
    }
}

/// The whole document.
struct Document<'b>(&'b mut Builder);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a profile, an object with \"version\", \"recordings\", \"files\" and \"privileges\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut version = None;
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), version) {
                ("version", _) => {
                    let found: u32 = map.next_value()?;
                    if found != VERSION {
                        self.0.foreign = Some(found);
                        return Err(A::Error::custom("another version"));
                    }
                    version = Some(found);
                }
                (_, None) => return Err(A::Error::custom("the first key must be \"version\"")),
                ("recordings", _) => map.next_value_seed(Records::new(self.0, recordings::restore))?,
                ("files", _) => map.next_value_seed(Records::new(self.0, files::restore))?,
                ("privileges", _) => map.next_value_seed(Records::new(self.0, privileges::restore))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        version.map(drop).ok_or_else(|| A::Error::missing_field("version"))
    }
}

/// An array of records, each put into the profile as soon as it is read.
struct Records<'b, T> {
    builder: &'b mut Builder,
    restore: fn(T, &mut Builder) -> Result<(), String>,
    record: PhantomData<T>,
}

impl<'b, T> Records<'b, T> {
    fn new(builder: &'b mut Builder, restore: fn(T, &mut Builder) -> Result<(), String>) -> Self {
        Records { builder, restore, record: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Records<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Records<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(record) = seq.next_element::<T>()? {
            (self.restore)(record, self.builder).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
