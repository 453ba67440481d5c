//! The kernel side's table of calls (`struct call` in `bpf/event.h`), made from the rules.

use ringfence_calls::{Object, Rule, rules};
use ringfence_seccomp::Abi;

/// How many numbers an ABI has room for (`CALLS` in `bpf/event.h`).
pub const CALLS: usize = 512;

/// Bytes of one `struct call`.
const SIZE: usize = 8;

/// The ABIs in the order of the table.
pub const ABIS: [Abi; 2] = [Abi::X86_64, Abi::I386];

/// `enum handler` of `bpf/event.h`, and the program that handles each.
pub const HANDLERS: [(u32, &str); 11] = [
    (0, "dispatch"),
    (1, "on_path"),
    (2, "on_open"),
    (3, "on_fd"),
    (4, "on_place"),
    (5, "on_args"),
    (6, "on_address"),
    (7, "on_map"),
    (8, "on_unknown"),
    (9, "on_indirect"),
    (10, "on_send"),
];

const PATH: u8 = 1;
const OPEN: u8 = 2;
const FD: u8 = 3;
const PLACE: u8 = 4;
const ARGS: u8 = 5;
const ADDRESS: u8 = 6;
const MAP: u8 = 7;
const INDIRECT: u8 = 9;

// `enum call_flag` of `bpf/event.h`.
const DEREFERENCE: u8 = 1;
const PLACE_ROOT: u8 = 2;
const MESSAGE: u8 = 4;
const SMALL_SECOND: u8 = 8;
const EXECUTABLE: u8 = 16;
const STAT: u8 = 32;
const IDENTITY: u8 = 64;

/// The whole table, as it lies in memory there.
pub fn bytes() -> [u8; ABIS.len() * CALLS * SIZE] {
    let mut table = [0; ABIS.len() * CALLS * SIZE];
    for (half, abi) in ABIS.into_iter().enumerate() {
        for rule in rules() {
            let Some(number) = rule.number(abi).map(|n| n as usize).filter(|&n| n < CALLS) else { continue };
            let at = (half * CALLS + number) * SIZE;
            table[at..at + SIZE].copy_from_slice(&entry(rule));
        }
    }
    table
}

/// One `struct call`.
fn entry(rule: &Rule) -> [u8; SIZE] {
    let mut flags = 0;
    let argument = |which: Option<u8>| which.unwrap_or(u8::MAX);
    let name = |which: usize| argument(rule.names.get(which).map(|at| at.name));
    let directory = |which: usize| argument(rule.names.get(which).and_then(|at| at.directory));
    let mut extra = argument(rule.word);
    let mut directory2 = directory(1);
    if rule.word.is_some() {
        flags |= DEREFERENCE;
    }
    if let Some(attributes) = rule.attributes {
        flags |= STAT;
        extra = attributes.argument;
        directory2 = attributes.mode_at;
    }
    let handler = match rule.object {
        Object::None if rule.names.is_empty() => ARGS,
        Object::None => PATH,
        Object::Opened => OPEN,
        Object::Descriptor(argument) => {
            extra = argument;
            FD
        }
        Object::WorkingDirectory => PLACE,
        Object::Root => {
            flags |= PLACE_ROOT;
            PLACE
        }
        Object::Address(argument) => {
            extra = argument;
            ADDRESS
        }
        Object::Message(argument) => {
            flags |= MESSAGE;
            extra = argument;
            ADDRESS
        }
        Object::Mapped => {
            flags |= EXECUTABLE;
            extra = 4;
            MAP
        }
        Object::Protected => {
            flags |= EXECUTABLE;
            MAP
        }
        Object::SocketCall | Object::MappedIndirectly => INDIRECT,
    };
    if rule.name == "prctl" {
        flags |= SMALL_SECOND;
    }
    if changes_user(rule.name) {
        flags |= IDENTITY;
    }
    [handler, directory(0), name(0), directory2, name(1), rule.keys, extra, flags]
}

/// After these another user may be the one who acts.
fn changes_user(name: &str) -> bool {
    matches!(name.trim_end_matches("32"), "setuid" | "setreuid" | "setresuid")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry_of(abi: usize, number: usize) -> [u8; SIZE] {
        let at = (abi * CALLS + number) * SIZE;
        bytes()[at..at + SIZE].try_into().unwrap()
    }

    #[test]
    fn entries_lie_where_the_kernel_side_looks() {
        const NONE: u8 = u8::MAX;
        // openat, and open of i386.
        assert_eq!(entry_of(0, 257), [OPEN, 0, 1, NONE, NONE, 0b100, NONE, 0]);
        assert_eq!(entry_of(1, 5), [OPEN, NONE, 0, NONE, NONE, 0b10, NONE, 0]);
        // statx: the mode is 28 bytes into the fifth argument.
        assert_eq!(entry_of(0, 332), [PATH, 0, 1, 28, NONE, 0b100, 4, STAT]);
        // renameat2.
        assert_eq!(entry_of(0, 316), [PATH, 0, 1, 2, 3, 0b10000, NONE, 0]);
        // read is of no interest.
        assert_eq!(entry_of(0, 0), [0; SIZE]);
    }
}
