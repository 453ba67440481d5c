//! `/etc/ld.so.cache`: which library lies where, as ldconfig(8) found it.

use std::collections::HashMap;

/// The cache, in the format that glibc has had since 2.2 (`sysdeps/generic/dl-cache.h: struct cache_file_new`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    paths: HashMap<String, Vec<String>>,
}

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// The bytes before the first entry.
const HEADER: usize = 48;
/// The bytes of an entry: flags, the offsets of name and path, an old field, and what the processor must be able to do.
const ENTRY: usize = 24;

impl Cache {
    /// Reads the file; none when it is of another format.
    pub fn parse(bytes: &[u8]) -> Option<Cache> {
        let start = bytes.windows(MAGIC.len()).take(1 << 20).position(|window| window == MAGIC)?;
        let bytes = &bytes[start..];
        let number = |at: usize| -> Option<usize> {
            let field: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_ne_bytes(field)).ok()
        };
        let string = |offset: usize| -> Option<String> {
            let rest = bytes.get(offset..)?;
            let end = rest.iter().position(|byte| *byte == 0)?;
            Some(std::str::from_utf8(&rest[..end]).ok()?.to_owned())
        };
        let count = number(MAGIC.len())?;
        let mut paths: HashMap<String, Vec<String>> = HashMap::new();
        for entry in 0..count {
            let at = HEADER + entry * ENTRY;
            let Some(name) = number(at + 4).and_then(string) else { break };
            let Some(path) = number(at + 8).and_then(string) else { break };
            // An entry for particular processors only: there is a plain one as well.
            let special = bytes.get(at + 16..at + 24).is_none_or(|field| field.iter().any(|byte| *byte != 0));
            if !special {
                paths.entry(name).or_default().push(path);
            }
        }
        Some(Cache { paths })
    }

    /// Where the cache says that a library lies; several, where there is one for each of several architectures.
    pub fn lookup(&self, name: &str) -> &[String] {
        self.paths.get(name).map_or(&[], Vec::as_slice)
    }
}
