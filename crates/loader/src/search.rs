//! Searching a library as glibc's loader does (ld.so(8); `elf/dl-load.c: _dl_map_object`).

use crate::{Cache, Elf, Files};
use ringfence_terms::AbsPath;

/// What is the same for every library of a program.
pub(crate) struct Search<'a> {
    pub files: &'a dyn Files,
    pub cache: &'a Cache,
    /// Machine and width, which a library must have in common with the program.
    pub class: (u16, bool),
}

/// A library that was found.
pub(crate) struct Hit {
    pub path: AbsPath,
    pub elf: Elf,
    pub through_cache: bool,
}

/// The directories that are searched last: those of Debian and its kin by architecture, then everybody's.
fn default_directories(class: (u16, bool)) -> Vec<String> {
    use object::elf::*;
    let triplet = match class {
        (EM_X86_64, true) => "x86_64-linux-gnu",
        (EM_386, false) => "i386-linux-gnu",
        (EM_AARCH64, true) => "aarch64-linux-gnu",
        (EM_ARM, false) => "arm-linux-gnueabihf",
        (EM_RISCV, true) => "riscv64-linux-gnu",
        (EM_PPC64, true) => "powerpc64le-linux-gnu",
        (EM_S390, true) => "s390x-linux-gnu",
        _ => "",
    };
    let wide = if class.1 { "lib64" } else { "lib32" };
    let mut all: Vec<String> = Vec::new();
    if !triplet.is_empty() {
        all.extend([format!("/lib/{triplet}"), format!("/usr/lib/{triplet}")]);
    }
    all.extend([format!("/{wide}"), format!("/usr/{wide}"), "/lib".into(), "/usr/lib".into()]);
    all
}

impl Search<'_> {
    /// Finds a library that `elf`, the file `by`, asks for. `program` is the program itself with its rpath, which holds
    /// for all of its libraries.
    pub fn library(
        &self,
        name: &str,
        by: &AbsPath,
        elf: &Elf,
        program: (&AbsPath, &[String]),
    ) -> Option<Hit> {
        if name.contains('/') {
            return self.at(AbsPath::parse(name).ok()?, false);
        }
        let own = elf.rpath_in_effect();
        let of_program = if elf.runpath.is_empty() { program.1 } else { &[] };
        let listed = own.iter().map(|dir| (dir, by)).chain(of_program.iter().map(|dir| (dir, program.0)));
        let listed = listed.chain(elf.runpath.iter().map(|dir| (dir, by)));
        for (directory, origin) in listed {
            if let Some(hit) = expand(directory, origin).and_then(|dir| self.at(dir.join(name).ok()?, false))
            {
                return Some(hit);
            }
        }
        let defaults = default_directories(self.class);
        for path in self.cache.lookup(name) {
            let hit = AbsPath::parse(path).ok().and_then(|path| {
                let directory = path.parent()?.to_string();
                self.at(path, !defaults.contains(&directory))
            });
            if hit.is_some() {
                return hit;
            }
        }
        defaults.iter().find_map(|dir| self.at(AbsPath::parse(dir).ok()?.join(name).ok()?, false))
    }

    /// The library at a path, if it is one for this program.
    fn at(&self, path: AbsPath, through_cache: bool) -> Option<Hit> {
        let elf = Elf::parse(&self.files.read(&path)?)?;
        (elf.class() == self.class).then_some(Hit { path, elf, through_cache })
    }
}

/// A directory with `$ORIGIN` replaced by that of the file which names it. Other tokens depend on the processor.
fn expand(directory: &str, origin: &AbsPath) -> Option<AbsPath> {
    let own = origin.parent()?.to_string();
    let text = directory.replace("${ORIGIN}", &own).replace("$ORIGIN", &own);
    if text.contains('$') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.strip_prefix('/')?.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    AbsPath::parse(format!("/{}", parts.join("/"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_the_directory_of_who_names_it() {
        let by = AbsPath::parse("/opt/app/bin/run").unwrap();
        assert_eq!(expand("$ORIGIN/../lib", &by), AbsPath::parse("/opt/app/lib").ok());
        assert_eq!(expand("${ORIGIN}", &by), AbsPath::parse("/opt/app/bin").ok());
        assert_eq!(expand("$LIB/x", &by), None);
        assert_eq!(expand("lib", &by), None);
    }
}
