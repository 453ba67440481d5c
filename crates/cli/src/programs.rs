//! Looking into programs: the files of this machine, or of the tree below `--root`.

use ringfence_diagnose::Programs;
use ringfence_loader::{Files, Needs, needs};
use ringfence_terms::AbsPath;
use ringfence_unit::find::Root;

/// The content of the files of a tree.
pub struct TreeFiles<'a>(pub &'a Root);

impl Files for TreeFiles<'_> {
    fn read(&self, path: &AbsPath) -> Option<Vec<u8>> {
        let real = self.0.outside(&self.0.resolve(path.as_path()).ok()?);
        std::fs::metadata(&real).ok().filter(std::fs::Metadata::is_file)?;
        std::fs::read(real).ok()
    }
}

impl Programs for TreeFiles<'_> {
    fn needs(&self, program: &AbsPath) -> Needs {
        needs(program, self)
    }
}
