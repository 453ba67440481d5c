//! The seccomp filter that makes the calls that matter stop, and lets the frequent harmless ones pass at full speed.
//!
//! The kernel remembers which numbers a filter always allows (since Linux 5.11), so those cost nothing; all others are
//! found by bisection.

use super::table::{CallTable, Handling, telling_argument};
use ringfence_seccomp::Machine;
use ringfence_sys::seccomp::Instruction;
use std::collections::BTreeSet;

/// What a number leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ruling {
    Allow,
    Trace,
    /// Traced if the argument has any of the bits.
    TraceIf(usize, u32),
}

impl From<Handling> for Ruling {
    fn from(handling: Handling) -> Ruling {
        match handling {
            Handling::Frequent => Ruling::Allow,
            Handling::Note => Ruling::Trace,
            Handling::Rule(rule) => match telling_argument(rule) {
                Some((argument, bits)) => Ruling::TraceIf(argument, bits),
                None => Ruling::Trace,
            },
        }
    }
}

/// The filter for this machine.
pub(super) fn program(machine: Machine, table: &CallTable) -> Vec<Instruction> {
    let arches: BTreeSet<u32> = machine.abis().iter().map(|abi| abi.audit_arch()).collect();
    let mut program = vec![load(ARCH)];
    for arch in arches {
        let mut section = vec![load(NUMBER)];
        section.extend(bisect(&runs(&table.of_arch(arch))));
        program.push(Instruction { code: JUMP_EQUAL, jump_true: 1, jump_false: 0, k: arch });
        program.push(Instruction { code: JUMP, jump_true: 0, jump_false: 0, k: section.len() as u32 });
        program.extend(section);
    }
    // A foreign architecture: stop, so that it is noticed.
    program.push(answer(TRACE));
    program
}

/// Where each stretch of numbers with one ruling starts; numbers that no call has are traced.
fn runs(calls: &[(u32, Handling)]) -> Vec<(u32, Ruling)> {
    let mut runs = vec![(0, Ruling::Trace)];
    let mut next = 0;
    for &(number, handling) in calls {
        if number != next {
            runs.push((next, Ruling::Trace));
        }
        runs.push((number, handling.into()));
        next = number + 1;
    }
    runs.push((next, Ruling::Trace));
    // Of two that start at one number the later counts; neighbours with one ruling are one.
    runs.reverse();
    runs.dedup_by_key(|run| run.0);
    runs.reverse();
    runs.dedup_by_key(|run| run.1);
    runs
}

/// Finds the run that the number in the accumulator is in.
fn bisect(runs: &[(u32, Ruling)]) -> Vec<Instruction> {
    match runs {
        [] => vec![answer(TRACE)],
        [(_, ruling)] => leaf(*ruling),
        _ => {
            let (left, right) = runs.split_at(runs.len() / 2);
            let mut code = bisect(left);
            let distance = code.len() as u32;
            code.splice(
                0..0,
                [
                    Instruction { code: JUMP_AT_LEAST, jump_true: 0, jump_false: 1, k: right[0].0 },
                    Instruction { code: JUMP, jump_true: 0, jump_false: 0, k: distance },
                ],
            );
            code.extend(bisect(right));
            code
        }
    }
}

fn leaf(ruling: Ruling) -> Vec<Instruction> {
    match ruling {
        Ruling::Allow => vec![answer(ALLOW)],
        Ruling::Trace => vec![answer(TRACE)],
        Ruling::TraceIf(argument, bits) => vec![
            load(ARGUMENTS + 8 * argument as u32),
            Instruction { code: JUMP_ANY_BIT, jump_true: 0, jump_false: 1, k: bits },
            answer(TRACE),
            answer(ALLOW),
        ],
    }
}

// Instructions (`linux/bpf_common.h`) and the layout of `struct seccomp_data` (`linux/seccomp.h`).
const LOAD_WORD: u16 = 0x20;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_AT_LEAST: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;
const ALLOW: u32 = 0x7fff_0000;
const TRACE: u32 = 0x7ff0_0000;

fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD_WORD, jump_true: 0, jump_false: 0, k: offset }
}

fn answer(action: u32) -> Instruction {
    Instruction { code: RETURN, jump_true: 0, jump_false: 0, k: action }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_seccomp::{Abi, Syscall};

    /// Runs a program as the kernel would.
    fn run(program: &[Instruction], arch: u32, number: u32, arguments: [u32; 6]) -> u32 {
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let Instruction { code, jump_true, jump_false, k } = program[at];
            at += 1;
            let skip = |condition: bool| usize::from(if condition { jump_true } else { jump_false });
            match code {
                LOAD_WORD => {
                    accumulator = match k {
                        NUMBER => number,
                        ARCH => arch,
                        _ => arguments[(k - ARGUMENTS) as usize / 8],
                    }
                }
                JUMP => at += k as usize,
                JUMP_EQUAL => at += skip(accumulator == k),
                JUMP_AT_LEAST => at += skip(accumulator >= k),
                JUMP_ANY_BIT => at += skip(accumulator & k != 0),
                RETURN => return k,
                _ => panic!("unknown instruction {code:#x}"),
            }
        }
    }

    #[test]
    fn every_number_gets_its_ruling() {
        let machine = Machine::HERE.unwrap();
        let table = CallTable::of(machine);
        let program = program(machine, &table);
        assert!(program.len() < 4096, "{} instructions", program.len());
        let stops = |abi: Abi, number, arguments| run(&program, abi.audit_arch(), number, arguments) != ALLOW;
        for &abi in machine.abis() {
            for call in Syscall::all() {
                let Some(number) = call.number(abi) else { continue };
                let expected = Ruling::from(table.handling(abi, number));
                assert_eq!(stops(abi, number, [0; 6]), expected == Ruling::Trace, "{call} on {abi}");
                assert_eq!(stops(abi, number, [u32::MAX; 6]), expected != Ruling::Allow, "{call} on {abi}");
            }
            assert!(stops(abi, 0x3fff_ffff, [0; 6]));
        }
        assert_eq!(run(&program, 1, 0, [0; 6]), TRACE);
    }
}
