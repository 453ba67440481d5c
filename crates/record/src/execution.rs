//! What runs an executed file: the interpreter that a script names, the loader that an ELF file names.

use crate::view::View;
use rustix::fs::{Mode, OFlags, openat};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How many scripts may be interpreters of scripts (`bprm_execve`, `fs/exec.c`).
pub const MOST_SCRIPTS: usize = 5;

/// How much of a file the kernel looks at to tell what it is (`BINPRM_BUF_SIZE`, `linux/binfmts.h`).
const HEAD: usize = 256;

/// What a file, at a path without links, says that it is to be interpreted or loaded by.
pub fn interpreter(view: &View, path: &Path) -> Option<Vec<u8>> {
    let below = path.as_os_str().as_bytes().strip_prefix(b"/")?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    interpreter_of(&File::from(openat(view.root(), OsStr::from_bytes(below), flags, Mode::empty()).ok()?))
}

/// What an open file says that it is to be interpreted or loaded by.
pub(crate) fn interpreter_of(file: &File) -> Option<Vec<u8>> {
    let mut head = [0; HEAD];
    let length = file.read_at(&mut head, 0).ok()?;
    let head = &head[..length];
    match head {
        [b'#', b'!', line @ ..] => script_interpreter(line),
        [0x7f, b'E', b'L', b'F', ..] => elf_interpreter(file, head),
        _ => None,
    }
}

/// The first word of a script's first line (execve(2), "Interpreter scripts").
fn script_interpreter(line: &[u8]) -> Option<Vec<u8>> {
    let end = line.iter().position(|&b| b == b'\n').unwrap_or(line.len());
    let word = line[..end].split(|b| matches!(b, b' ' | b'\t' | 0)).find(|word| !word.is_empty())?;
    Some(word.to_vec())
}

/// The text of an ELF file's `PT_INTERP` segment (elf(5)), of either width and byte order.
fn elf_interpreter(file: &File, head: &[u8]) -> Option<Vec<u8>> {
    const PT_INTERP: u64 = 3;
    let wide = *head.get(4)? == 2;
    let big = *head.get(5)? == 2;
    let number = |bytes: &[u8], at: usize, length: usize| -> Option<u64> {
        let bytes = bytes.get(at..at + length)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) })
    };
    // e_phoff, e_phentsize, e_phnum; p_offset, p_filesz.
    let (table, size, count, offset, length, word) =
        if wide { (0x20, 0x36, 0x38, 0x08, 0x20, 8) } else { (0x1c, 0x2a, 0x2c, 0x04, 0x10, 4) };
    let (table, size, count) = (number(head, table, word)?, number(head, size, 2)?, number(head, count, 2)?);
    for at in 0..count {
        let mut segment = [0; 56];
        let read = file.read_at(&mut segment, table.checked_add(at * size)?).ok()?;
        let segment = &segment[..read];
        if number(segment, 0, 4)? == PT_INTERP {
            let mut text =
                vec![0; usize::try_from(number(segment, length, word)?).ok().filter(|l| *l <= 4096)?];
            file.read_exact_at(&mut text, number(segment, offset, word)?).ok()?;
            text.truncate(text.iter().position(|&b| b == 0)?);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_interpreter_is_its_first_word() {
        let interpreter =
            |line: &str| script_interpreter(line.as_bytes()).map(|i| String::from_utf8(i).unwrap());
        assert_eq!(interpreter(" /bin/sh -e\nx"), Some("/bin/sh".into()));
        assert_eq!(interpreter("/usr/bin/env\tpython3"), Some("/usr/bin/env".into()));
        assert_eq!(interpreter("\n/bin/sh"), None);
    }

    #[test]
    fn this_test_has_a_loader_or_none_as_it_was_built() {
        let file = File::open("/proc/self/exe").unwrap();
        let mut head = [0; HEAD];
        let length = file.read_at(&mut head, 0).unwrap();
        let loader = elf_interpreter(&file, &head[..length]);
        if cfg!(target_feature = "crt-static") {
            assert_eq!(loader, None);
        } else {
            let loader = loader.expect("a loader");
            assert!(Path::new(OsStr::from_bytes(&loader)).exists(), "{}", loader.escape_ascii());
        }
    }
}
