//! The kernel's type information, without what the programs do not name.
//!
//! A kernel describes more than a hundred thousand types, of which the programs use a few dozen; to look for each of them
//! among all takes longer than everything else in user space. So first everything is blanked that is not reached from
//! what is wanted, and cut off after the last of it; the numbers of types, which the kernel is told, stay what they are.
//! The format is `Documentation/bpf/btf.rst` of the kernel.

use aya::{Btf, BtfError, Endianness};
use std::borrow::Cow;
use std::collections::HashSet;

/// Where the kernel describes its types.
const KERNEL: &str = "/sys/kernel/btf/vmlinux";

/// The function that makes a number a pointer (Linux 6.2 and later): the verifier takes it for that, nothing is called.
const CAST: &[u8] = b"bpf_rdonly_cast";

/// The structures that the programs read, among the other words there.
static STRUCTURES: &str = include_str!("../bpf/kernel.h");

/// What the kernel says of its types.
pub struct Types {
    /// As far as the programs need them.
    pub btf: Btf,
    /// The number of [`CAST`], if there is one.
    pub cast: Option<u32>,
}

/// The kernel's types for programs that are attached to these tracepoints.
pub fn of_kernel<'t>(tracepoints: impl Iterator<Item = &'t str>) -> Result<Types, BtfError> {
    let whole = std::fs::read(KERNEL).map_err(|error| BtfError::FileError { path: KERNEL.into(), error })?;
    let functions: Vec<String> = tracepoints.map(|name| format!("btf_trace_{name}")).collect();
    let words = STRUCTURES.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let wanted = words.chain(functions.iter().map(String::as_str)).map(str::as_bytes).collect();
    // What is not understood here may be what the library does.
    let (bytes, cast) = match thinned(&whole, &wanted) {
        Some((thin, cast)) => (Cow::Owned(thin), cast),
        None => (Cow::Borrowed(&whole[..]), None),
    };
    Ok(Types { btf: Btf::parse(&bytes, Endianness::default())?, cast })
}

/// Kinds of types (`BTF_KIND_…`).
mod kind {
    pub const INT: u32 = 1;
    pub const PTR: u32 = 2;
    pub const ARRAY: u32 = 3;
    pub const STRUCT: u32 = 4;
    pub const UNION: u32 = 5;
    pub const ENUM: u32 = 6;
    pub const FWD: u32 = 7;
    pub const TYPEDEF: u32 = 8;
    pub const RESTRICT: u32 = 11;
    pub const FUNC: u32 = 12;
    pub const FUNC_PROTO: u32 = 13;
    pub const VAR: u32 = 14;
    pub const DATASEC: u32 = 15;
    pub const FLOAT: u32 = 16;
    pub const DECL_TAG: u32 = 17;
    pub const TYPE_TAG: u32 = 18;
    pub const ENUM64: u32 = 19;
}

const MAGIC: u16 = 0xeb9f;
const HEADER: usize = 24;
/// Bytes of every type: name, kind and count, size or type.
const COMMON: usize = 12;
/// Bytes of a structure's member.
const MEMBER: usize = 12;

/// What becomes of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing leads to it.
    Blank,
    /// It is what it is and as large, but what it consists of does not matter.
    Husk,
    /// It stays.
    Whole,
}

/// One type, where it lies among all.
#[derive(Clone, Copy)]
struct Type<'a> {
    bytes: &'a [u8],
    name: u32,
    kind: u32,
    /// The size, or the type that it is about.
    about: u32,
}

impl<'a> Type<'a> {
    /// The first of what is left; `None` for what is no type or of an unknown kind.
    fn first(rest: &'a [u8]) -> Option<Type<'a>> {
        let (name, info, about) = (word(rest, 0)?, word(rest, 4)?, word(rest, 8)?);
        let (kind, count) = (info >> 24 & 0x1f, (info & 0xffff) as usize);
        let more = match kind {
            kind::INT | kind::VAR | kind::DECL_TAG => 4,
            kind::ARRAY => 12,
            kind::STRUCT | kind::UNION => MEMBER * count,
            kind::ENUM | kind::FUNC_PROTO => 8 * count,
            kind::DATASEC | kind::ENUM64 => 12 * count,
            kind::PTR | kind::FWD | kind::TYPEDEF..=kind::RESTRICT => 0,
            kind::FUNC | kind::FLOAT | kind::TYPE_TAG => 0,
            _ => return None,
        };
        Some(Type { bytes: rest.get(..COMMON + more)?, name, kind, about })
    }

    fn is_composite(&self) -> bool {
        matches!(self.kind, kind::STRUCT | kind::UNION)
    }

    /// The types that must stay for this one to be compared with the programs' idea of it. What a pointer leads to is
    /// not compared.
    fn leads_to(&self) -> Vec<u32> {
        match self.kind {
            kind::STRUCT | kind::UNION => {
                self.bytes[COMMON..].chunks_exact(MEMBER).filter_map(|member| word(member, 4)).collect()
            }
            kind::ARRAY => word(self.bytes, COMMON).into_iter().collect(),
            kind::TYPEDEF..=kind::RESTRICT | kind::TYPE_TAG => vec![self.about],
            _ => Vec::new(),
        }
    }

    /// Appends what is left of it.
    fn write(&self, fate: Fate, to: &mut Vec<u8>) {
        let words = match fate {
            Fate::Whole => return to.extend_from_slice(self.bytes),
            Fate::Husk => [0, self.kind << 24, self.about],
            Fate::Blank => [0, kind::FWD << 24, 0],
        };
        words.iter().for_each(|word| to.extend_from_slice(&word.to_ne_bytes()));
    }
}

/// Type information in which only what is wanted by name is left, and what that consists of; and the number of [`CAST`].
/// `None` when it is not understood.
fn thinned(whole: &[u8], wanted: &HashSet<&[u8]>) -> Option<(Vec<u8>, Option<u32>)> {
    if u16::from_ne_bytes(whole.get(..2)?.try_into().ok()?) != MAGIC {
        return None;
    }
    let header = word(whole, 4)? as usize;
    let section = |offset: usize, length: usize| {
        let start = header.checked_add(word(whole, offset)? as usize)?;
        whole.get(start..start.checked_add(word(whole, length)? as usize)?)
    };
    let (mut rest, strings) = (section(8, 12)?, section(16, 20)?);
    let mut types = Vec::with_capacity(rest.len() / COMMON);
    while !rest.is_empty() {
        let first = Type::first(rest)?;
        rest = &rest[first.bytes.len()..];
        types.push(first);
    }

    // The first type has number 1; 0 is `void`.
    let mut fates = vec![Fate::Blank; types.len()];
    let mut todo: Vec<usize> = Vec::new();
    let mut cast = None;
    for (at, found) in types.iter().enumerate() {
        if (found.is_composite() || found.kind == kind::TYPEDEF)
            && wanted.contains(name(strings, found.name)?)
        {
            fates[at] = Fate::Whole;
            todo.push(at);
        }
        if found.kind == kind::FUNC && name(strings, found.name)? == CAST {
            cast = u32::try_from(at + 1).ok();
        }
    }
    while let Some(at) = todo.pop() {
        for number in types[at].leads_to() {
            let Some(next) = (number as usize).checked_sub(1) else { continue };
            if *fates.get(next)? != Fate::Blank {
                continue;
            }
            if types[next].is_composite() && types[next].name != 0 {
                fates[next] = Fate::Husk;
            } else {
                fates[next] = Fate::Whole;
                todo.push(next);
            }
        }
    }

    let last = fates.iter().rposition(|fate| *fate != Fate::Blank)?;
    let mut left = Vec::with_capacity(COMMON * last);
    for (found, fate) in types.iter().zip(&fates).take(last + 1) {
        found.write(*fate, &mut left);
    }
    let length = u32::try_from(left.len()).ok()?;
    let mut thin = whole[..4].to_vec();
    for word in [HEADER as u32, 0, length, length, strings.len() as u32] {
        thin.extend_from_slice(&word.to_ne_bytes());
    }
    thin.extend_from_slice(&left);
    thin.extend_from_slice(strings);
    Some((thin, cast))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn name(strings: &[u8], at: u32) -> Option<&[u8]> {
    strings.get(at as usize..)?.split(|&b| b == 0).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    /// The types are described in words; the strings are `\0wanted\0other\0`.
    fn described(types: &[u32]) -> Vec<u8> {
        let strings = b"\0wanted\0other\0";
        let length = types.len() as u32 * 4;
        let mut header = MAGIC.to_ne_bytes().to_vec();
        header.extend_from_slice(&[1, 0]);
        header.extend(words(&[HEADER as u32, 0, length, length, strings.len() as u32]));
        [header, words(types), strings.to_vec()].concat()
    }

    const WANTED: u32 = 1;
    const OTHER: u32 = 8;

    #[test]
    fn what_is_not_wanted_is_blank_and_numbers_stay() {
        let int = [OTHER, kind::INT << 24, 4, 32];
        let other = [OTHER, kind::STRUCT << 24 | 1, 4, OTHER, 1, 0];
        let unnamed = [0, kind::UNION << 24 | 1, 4, OTHER, 1, 0];
        let pointer = [0, kind::PTR << 24, 2];
        let wanted = [WANTED, kind::STRUCT << 24 | 3, 16, OTHER, 3, 0, OTHER, 4, 32, OTHER, 2, 96];
        let parts: [&[u32]; 6] = [&int, &other, &unnamed, &pointer, &wanted, &other];
        let thin = thinned(&described(&parts.concat()), &HashSet::from([&b"wanted"[..]])).unwrap().0;
        let husk = [0, kind::STRUCT << 24, 4];
        let left: [&[u32]; 5] = [&int, &husk, &unnamed, &pointer, &wanted];
        assert!(thin == described(&left.concat()));
        let blank = [0, kind::FWD << 24, 0];
        let alone = [WANTED, kind::TYPEDEF << 24, 0];
        let parts: [&[u32]; 3] = [&int, &other, &alone];
        let thin = thinned(&described(&parts.concat()), &HashSet::from([&b"wanted"[..]])).unwrap().0;
        let left: [&[u32]; 3] = [&blank, &blank, &alone];
        assert!(thin == described(&left.concat()));
    }

    #[test]
    fn what_is_not_understood_is_left_to_others() {
        let wanted = HashSet::from([&b"wanted"[..]]);
        let whole = described(&[WANTED, kind::STRUCT << 24 | 1, 4, OTHER, 7, 0]);
        assert!(thinned(&whole, &wanted).is_none(), "a member of a type that is not there");
        assert!(thinned(&described(&[WANTED, 30 << 24, 0]), &wanted).is_none(), "an unknown kind");
        assert!((0..whole.len()).all(|length| thinned(&whole[..length], &wanted).is_none()));
    }
}
