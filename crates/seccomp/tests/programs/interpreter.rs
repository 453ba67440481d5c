//! Runs a program as the kernel does (`kernel/seccomp.c`, `seccomp_run_filters`; `net/core/filter.c`).

use ringfence_seccomp::{Call, Instruction};

/// The longest program that the kernel takes (`linux/bpf_common.h`, `BPF_MAXINSNS`).
const MAX_INSTRUCTIONS: usize = 4096;

/// What the program returns for a call. Panics where the kernel would refuse the program.
pub fn run(program: &[Instruction], call: &Call) -> u32 {
    trace(program, call).0
}

/// How many instructions the program runs for a call.
pub fn steps(program: &[Instruction], call: &Call) -> usize {
    trace(program, call).1
}

fn trace(program: &[Instruction], call: &Call) -> (u32, usize) {
    assert!(program.len() <= MAX_INSTRUCTIONS, "{} instructions", program.len());
    let mut accumulator = 0;
    let mut at = 0;
    for steps in 1.. {
        let Instruction { code, jt, jf, k } = program[at];
        at += 1;
        let mut jump = |condition: bool| at += usize::from(if condition { jt } else { jf });
        match code {
            0x20 => accumulator = word(call, k),
            0x05 => at += k as usize,
            0x15 => jump(accumulator == k),
            0x25 => jump(accumulator > k),
            0x35 => jump(accumulator >= k),
            0x45 => jump(accumulator & k != 0),
            0x54 => accumulator &= k,
            0x06 => return (k, steps),
            _ => panic!("unknown code {code:#x} at {}", at - 1),
        }
    }
    unreachable!("every jump goes forward")
}

/// The word at an offset of `struct seccomp_data`.
fn word(call: &Call, offset: u32) -> u32 {
    match offset {
        0 => call.number,
        4 => call.audit_arch,
        16..64 if offset.is_multiple_of(4) => {
            let argument = call.arguments[(offset as usize - 16) / 8];
            if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
        }
        _ => panic!("no word is read at {offset} here"),
    }
}
