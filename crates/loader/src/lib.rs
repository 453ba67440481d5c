//! What a program needs before its first instruction: the interpreter of its `#!` line, the dynamic loader, and the
//! libraries that the loader searches for.
//!
//! [`Program::of`] reads one file; [`needs`] follows everything, as the kernel (execve(2), `fs/binfmt_script.c`,
//! `fs/binfmt_elf.c`) and glibc's loader (ld.so(8)) do. Files come from whoever asks, through [`Files`]: of this machine,
//! of another tree, or of a sandbox. Any bytes can be read; what makes no sense is nothing that could be needed.
#![forbid(unsafe_code)]

mod cache;
mod elf;
mod search;

pub use cache::Cache;
pub use elf::Elf;

use ringfence_terms::AbsPath;
use search::Search;
use std::collections::BTreeSet;

/// Where files are read.
pub trait Files {
    /// The content of a regular file, symlinks followed; none when there is none, or it cannot be read.
    fn read(&self, path: &AbsPath) -> Option<Vec<u8>>;
}

/// What kind of program a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// One that starts with `#!`.
    Script {
        /// The interpreter, as it is written.
        interpreter: String,
        /// What follows it on the line.
        argument: Option<String>,
    },
    /// One in the machine's language.
    Elf(Elf),
}

impl Program {
    /// What a file is; none when the kernel would not know it either.
    pub fn of(bytes: &[u8]) -> Option<Program> {
        match bytes.strip_prefix(b"#!") {
            Some(line) => script(line),
            None => Elf::parse(bytes).map(Program::Elf),
        }
    }
}

/// The first line of a script, of which the kernel reads 256 bytes (`BINPRM_BUF_SIZE`).
fn script(line: &[u8]) -> Option<Program> {
    let line = &line[..line.len().min(254)];
    let end = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
    let line = std::str::from_utf8(&line[..end]).ok()?.trim_matches([' ', '\t', '\r']);
    let (interpreter, argument) = match line.split_once([' ', '\t']) {
        Some((interpreter, argument)) => (interpreter, Some(argument.trim_matches([' ', '\t']).to_owned())),
        None => (line, None),
    };
    (!interpreter.is_empty()).then(|| Program::Script { interpreter: interpreter.to_owned(), argument })
}

/// One file that a program needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The file, by the name under which it is opened.
    pub path: AbsPath,
    /// What it is needed as.
    pub role: Role,
    /// The file that asks for it.
    pub by: AbsPath,
    /// It is found only because `/etc/ld.so.cache` says where.
    pub through_cache: bool,
}

/// What a file is needed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The program that a script names.
    Interpreter,
    /// The dynamic loader.
    Loader,
    /// A library.
    Library,
}

/// Everything that a program needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Files that are there, in the order in which they are asked for.
    pub found: Vec<Need>,
    /// Names of libraries (or paths of interpreters and loaders) that are nowhere, and who asks for them.
    pub missing: Vec<(String, AbsPath)>,
}

/// How many scripts may name each other as interpreter (the kernel's limit, `fs/exec.c: exec_binprm`).
const MAX_SCRIPTS: usize = 5;

/// Everything that a program needs, of what can be known without running it: libraries that it opens later (dlopen(3)),
/// and the modules of an interpreter's language, are not among it.
pub fn needs(program: &AbsPath, files: &dyn Files) -> Needs {
    let mut needs = Needs::default();
    let mut path = program.clone();
    for _ in 0..=MAX_SCRIPTS {
        let Some(bytes) = files.read(&path) else { return needs };
        match Program::of(&bytes) {
            None => return needs,
            Some(Program::Elf(elf)) => {
                libraries(&path, elf, files, &mut needs);
                return needs;
            }
            Some(Program::Script { interpreter, .. }) => {
                let Ok(next) = AbsPath::parse(&interpreter) else { return needs };
                add(&mut needs, &next, Role::Interpreter, &path, files);
                path = next;
            }
        }
    }
    needs
}

fn add(needs: &mut Needs, path: &AbsPath, role: Role, by: &AbsPath, files: &dyn Files) {
    if files.read(path).is_some() {
        let need = Need { path: path.clone(), role, by: by.clone(), through_cache: false };
        needs.found.push(need);
    } else {
        needs.missing.push((path.to_string(), by.clone()));
    }
}

/// The loader and the libraries of an ELF file, breadth first as the loader goes.
fn libraries(program: &AbsPath, elf: Elf, files: &dyn Files, needs: &mut Needs) {
    let Some(loader) = elf.interpreter.as_deref().and_then(|text| AbsPath::parse(text).ok()) else { return };
    add(needs, &loader, Role::Loader, program, files);
    let cache = AbsPath::parse("/etc/ld.so.cache").ok().and_then(|path| files.read(&path));
    let cache = cache.as_deref().and_then(Cache::parse).unwrap_or_default();
    let search = Search { files, cache: &cache, class: elf.class() };
    let mut known: BTreeSet<String> =
        loader.file_name().map(|name| name.to_string_lossy().into()).into_iter().collect();
    let program_rpath = elf.rpath_in_effect();
    let mut queue = vec![(program.clone(), elf)];
    while !queue.is_empty() {
        let mut next = Vec::new();
        for (by, elf) in queue {
            for name in &elf.needed {
                if !known.insert(name.clone()) {
                    continue;
                }
                match search.library(name, &by, &elf, (program, &program_rpath)) {
                    None => needs.missing.push((name.clone(), by.clone())),
                    Some(hit) => {
                        let need = Need {
                            path: hit.path.clone(),
                            role: Role::Library,
                            by: by.clone(),
                            through_cache: hit.through_cache,
                        };
                        needs.found.push(need);
                        next.push((hit.path, hit.elf));
                    }
                }
            }
        }
        queue = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Machine;

    impl Files for Machine {
        fn read(&self, path: &AbsPath) -> Option<Vec<u8>> {
            std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
            std::fs::read(path).ok()
        }
    }

    #[test]
    fn a_scripts_line_is_read_as_the_kernel_reads_it() {
        let of = |text: &str| Program::of(text.as_bytes());
        let script = |interpreter: &str, argument: Option<&str>| {
            Some(Program::Script { interpreter: interpreter.into(), argument: argument.map(Into::into) })
        };
        assert_eq!(of("#!/bin/sh\necho"), script("/bin/sh", None));
        assert_eq!(of("#! /usr/bin/env python3 -u \n"), script("/usr/bin/env", Some("python3 -u")));
        assert_eq!(of("#!\n"), None);
        assert_eq!(of("echo"), None);
    }

    /// The loader itself says what it loads: `--list` is what ldd(1) asks.
    #[test]
    fn the_loader_agrees() {
        let mut compared = 0;
        for program in ["/bin/sh", "/bin/ls", "/usr/bin/perl", "/usr/bin/git", "/usr/bin/python3"] {
            let path = AbsPath::parse(program).unwrap();
            let ours = needs(&path, &Machine);
            let Some(loader) = ours.found.iter().find(|need| need.role == Role::Loader) else { continue };
            let output = std::process::Command::new(loader.path.as_path())
                .arg("--list")
                .arg(program)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut theirs: Vec<&str> =
                said.lines().filter_map(|line| line.split_once(" => ")?.1.split(' ').next()).collect();
            let mut found: Vec<String> = ours
                .found
                .iter()
                .filter(|need| need.role == Role::Library)
                .map(|need| need.path.to_string())
                .collect();
            theirs.retain(|path| *path != loader.path.to_string());
            theirs.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, theirs, "{program}");
            assert_eq!(ours.missing, []);
            compared += 1;
        }
        assert!(compared >= 2, "no programs to compare with");
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
            elf.extend_from_slice(&bytes);
            let _ = (Program::of(&bytes), Program::of(&elf), Cache::parse(&bytes));
            let mut cache = b"glibc-ld.so.cache1.1".to_vec();
            cache.extend_from_slice(&bytes);
            let _ = Cache::parse(&cache);
        }
    }
}
