//! The parts of an ELF file (elf(5)) that say what it needs.

use object::read::StringTable;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, elf};

/// What an ELF file asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elf {
    /// The dynamic loader (`PT_INTERP`); none for a static program or a library.
    pub interpreter: Option<String>,
    /// The names of libraries (`DT_NEEDED`).
    pub needed: Vec<String>,
    /// Directories to search (`DT_RUNPATH`), as they are written.
    pub runpath: Vec<String>,
    /// Directories to search (`DT_RPATH`), of no effect where there is a runpath.
    pub rpath: Vec<String>,
    /// Machine, and 32 or 64 bits.
    class: (u16, bool),
}

impl Elf {
    /// Reads a file; none when it is no ELF file, or a broken one.
    pub fn parse(bytes: &[u8]) -> Option<Elf> {
        match bytes.get(4) {
            Some(&elf::ELFCLASS64) => parse::<elf::FileHeader64<Endianness>>(bytes, true),
            Some(&elf::ELFCLASS32) => parse::<elf::FileHeader32<Endianness>>(bytes, false),
            _ => None,
        }
    }

    /// Machine and width: what a library must have in common with the program.
    pub(crate) fn class(&self) -> (u16, bool) {
        self.class
    }

    /// The rpath, unless a runpath takes its effect away.
    pub(crate) fn rpath_in_effect(&self) -> Vec<String> {
        if self.runpath.is_empty() { self.rpath.clone() } else { Vec::new() }
    }
}

fn parse<H: FileHeader<Endian = Endianness>>(bytes: &[u8], wide: bool) -> Option<Elf> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let mut found = Elf { class: (header.e_machine(endian), wide), ..Elf::default() };
    for segment in segments {
        if let Ok(Some(interpreter)) = segment.interpreter(endian, bytes) {
            found.interpreter = Some(String::from_utf8_lossy(interpreter).into_owned());
        }
    }
    let Some(entries) = segments.iter().find_map(|segment| segment.dynamic(endian, bytes).ok().flatten())
    else {
        return Some(found);
    };
    let value = |tag: u32| {
        let entry = entries.iter().find(|entry| entry.d_tag(endian).into() == u64::from(tag))?;
        Some(entry.d_val(endian).into())
    };
    let (Some(address), Some(size)) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ)) else {
        return Some(found);
    };
    let text =
        segments.iter().find_map(|segment| segment.data_range(endian, bytes, address, size).ok().flatten());
    let Some(text) = text else { return Some(found) };
    let strings = StringTable::new(text, 0, u64::try_from(text.len()).ok()?);
    let string = |offset: u64| -> Option<String> {
        let name = strings.get(u32::try_from(offset).ok()?).ok()?;
        Some(String::from_utf8_lossy(name).into_owned())
    };
    let directories = |offset: u64| -> Vec<String> {
        let list = string(offset).unwrap_or_default();
        list.split(':').filter(|dir| !dir.is_empty()).map(str::to_owned).collect()
    };
    for entry in entries {
        let (tag, offset): (u64, u64) = (entry.d_tag(endian).into(), entry.d_val(endian).into());
        match u32::try_from(tag) {
            Ok(elf::DT_NULL) => break,
            Ok(elf::DT_NEEDED) => found.needed.extend(string(offset)),
            Ok(elf::DT_RUNPATH) => found.runpath = directories(offset),
            Ok(elf::DT_RPATH) => found.rpath = directories(offset),
            _ => {}
        }
    }
    Some(found)
}
