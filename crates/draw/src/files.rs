//! The unit's files, numbered, so that a line of them can be named in few characters.

use ringfence_terms::Origin;
use ringfence_unit::Unit;
use std::path::Path;
use std::sync::Arc;

/// The files of a unit in the order in which they apply.
pub struct Files {
    paths: Vec<Arc<Path>>,
}

impl Files {
    pub fn of(unit: &Unit) -> Files {
        Files { paths: unit.fragment.iter().chain(&unit.drop_ins).cloned().collect() }
    }

    /// A heading: each file with its number. A single file needs none.
    pub fn heading(&self) -> Vec<String> {
        match &self.paths[..] {
            [only] => vec![only.display().to_string()],
            all => {
                all.iter().enumerate().map(|(n, path)| format!("[{}] {}", n + 1, path.display())).collect()
            }
        }
    }

    /// A line of a file: `:12`, or `[2]:12` where there are several files.
    pub fn place(&self, origin: &Origin) -> String {
        match self.paths.iter().position(|path| *path == origin.file) {
            Some(_) if self.paths.len() == 1 => format!(":{}", origin.line),
            Some(n) => format!("[{}]:{}", n + 1, origin.line),
            None => format!("{}:{}", origin.file.display(), origin.line),
        }
    }
}
