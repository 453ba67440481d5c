//! Every program that systemd 257.13 loaded for a unit on x86-64 (with libseccomp 2.6.0), read back from the kernel with
//! `PTRACE_SECCOMP_GET_FILTER`, decides like the one that is made here, and there are as many.
//!
//! Each file in `recorded/` holds the unit's lines, and after an empty line each program in the order of loading, an
//! instruction as four hexadecimal fields without separators: code (4 digits), jt, jf (2 each), k (8).
//! `memory.txt` was recorded under a kernel that was made to refuse `PR_SET_MDWE`.

use crate::{interpreter, restrictions, samples};
use ringfence_seccomp::{Instruction, Machine, filters};
use std::path::Path;

#[test]
fn programs_decide_as_systemds_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/recorded");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the recordings").flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(files.len() > 30, "only {} recordings", files.len());
    for file in files {
        compare(&file);
    }
}

fn compare(file: &Path) {
    let name = file.display();
    let text = std::fs::read_to_string(file).expect("a recording");
    let mut blocks = text.trim_end().split("\n\n");
    let lines: Vec<&str> = blocks.next().expect("the unit's lines").lines().collect();
    let recorded: Vec<Vec<Instruction>> = blocks.map(program).collect();
    let ours = filters(&restrictions(lines), Machine::X86_64).expect("no fault");
    let made: Vec<_> = ours
        .iter()
        .map(|filter| (filter.restriction().directive(), filter.abi(), filter.program()))
        .collect();
    assert_eq!(made.len(), recorded.len(), "{name}: {made:?}");
    for call in samples::calls(Machine::X86_64, &samples::arguments()) {
        for ((directive, abi, ours), systemds) in made.iter().zip(&recorded) {
            assert_eq!(
                interpreter::run(ours.instructions(), &call),
                interpreter::run(systemds, &call),
                "{name}, {directive} for {abi:?}: {call:x?}"
            );
        }
    }
}

fn program(block: &str) -> Vec<Instruction> {
    block
        .split_whitespace()
        .map(|hex| {
            let field = |from, to| u32::from_str_radix(&hex[from..to], 16).expect(hex);
            Instruction {
                code: field(0, 4) as u16,
                jt: field(4, 6) as u8,
                jf: field(6, 8) as u8,
                k: field(8, 16),
            }
        })
        .collect()
}
