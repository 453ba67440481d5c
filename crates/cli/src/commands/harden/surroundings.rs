//! What the machine's files tell of a service besides its unit: its packages, the text of its configuration.

use ringfence_host::packages;
use ringfence_propose::Package;
use ringfence_terms::AbsPath;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longer files are data.
const LONGEST: u64 = 512 * 1024;

/// The packages that files come from.
pub fn packages(files: &BTreeSet<String>) -> Vec<Package> {
    let of_files = packages::of_files(Path::new("/"), files);
    let package = |(name, listed): (String, packages::Listed)| Package {
        name,
        has: listed.file,
        lists: listed.all.iter().filter_map(|path| AbsPath::parse(path).ok()).collect(),
    };
    of_files.into_iter().map(package).collect()
}

/// The text of a configuration file; none where it is none, or cannot be read.
pub fn text(path: &AbsPath) -> Option<String> {
    let file = File::open(path.as_path()).ok()?;
    let is_short = file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LONGEST);
    let mut text = String::new();
    (is_short && file.take(LONGEST).read_to_string(&mut text).is_ok()).then_some(text)
}
