//! Classic BPF: the instructions, and how rules become instructions.

use crate::rules::{Clause, Condition, Rules, Test};
use crate::{Abi, Action, abi};
use std::collections::BTreeSet;

/// One instruction (`struct sock_filter`, `linux/filter.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// What is done.
    pub code: u16,
    /// How many instructions to skip when a condition holds.
    pub jt: u8,
    /// How many instructions to skip when it does not.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

/// A program that seccomp(2) takes: it ends on every path, and reads nothing but the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Program(Vec<Instruction>);

impl Program {
    /// The instructions, in order. There are fewer than the 4096 that the kernel takes (`BPF_MAXINSNS`).
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }
}

/// Loads a word of the call.
const LOAD: u16 = 0x20;
/// Jumps always.
const JUMP: u16 = 0x05;
/// Jumps if the word is the operand.
const IF_EQUAL: u16 = 0x15;
/// Jumps if the word is the operand or more.
const IF_AT_LEAST: u16 = 0x35;
/// Jumps if the word has a bit of the operand.
const IF_ANY_BIT: u16 = 0x45;
/// Ends the program with the operand.
const RETURN: u16 = 0x06;

/// Where the words stand in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD, jt: 0, jf: 0, k: offset }
}

fn branch(code: u16, k: u32, jt: usize, jf: usize) -> Instruction {
    // Jumps over more than 255 instructions are made by `over`, so these are short ones.
    Instruction { code, jt: jt as u8, jf: jf as u8, k }
}

fn end(action: Action) -> Instruction {
    Instruction { code: RETURN, jt: 0, jf: 0, k: action.return_value() }
}

/// The program for rules about one ABI: a call through another is allowed, the number is found by bisection.
pub(crate) fn assemble(rules: &Rules) -> Program {
    let mut code = vec![
        load(ARCHITECTURE),
        branch(IF_EQUAL, rules.abi.audit_arch(), 1, 0),
        end(Action::Allow),
        load(NUMBER),
    ];
    code.extend(bisect(&rules.pieces(), rules));
    Program(code)
}

/// The program that allows calls through some ABIs only. The number -1 counts to x86-64 (libseccomp: `gen_bpf_generate`).
pub(crate) fn assemble_gate(allowed: &[Abi]) -> Program {
    let mut code = vec![load(ARCHITECTURE)];
    for arch in allowed.iter().map(|abi| abi.audit_arch()).collect::<BTreeSet<u32>>() {
        if arch == Abi::X86_64.audit_arch() && !allowed.contains(&Abi::X32) {
            code.extend([
                branch(IF_EQUAL, arch, 0, 5),
                load(NUMBER),
                branch(IF_AT_LEAST, abi::X32_BIT, 0, 2),
                branch(IF_EQUAL, u32::MAX, 1, 0),
                end(Action::KillThread),
                end(Action::Allow),
            ]);
        } else {
            code.extend([branch(IF_EQUAL, arch, 0, 1), end(Action::Allow)]);
        }
    }
    code.push(end(Action::KillThread));
    Program(code)
}

/// Code that finds the piece in which the loaded number lies; every path ends in a return.
fn bisect(pieces: &[(u32, Clause)], rules: &Rules) -> Vec<Instruction> {
    match pieces {
        [] => vec![end(rules.default)],
        [(_, clause)] => decide(clause, rules),
        _ => {
            let (lower, upper) = pieces.split_at(pieces.len() / 2);
            let lower_code = bisect(lower, rules);
            let mut code = over(upper[0].0, lower_code.len());
            code.extend(lower_code);
            code.extend(bisect(upper, rules));
            code
        }
    }
}

/// Skips `distance` instructions if the loaded number is at least `start`.
fn over(start: u32, distance: usize) -> Vec<Instruction> {
    if distance <= usize::from(u8::MAX) {
        vec![branch(IF_AT_LEAST, start, distance, 0)]
    } else {
        let jump = Instruction { code: JUMP, jt: 0, jf: 0, k: distance as u32 };
        vec![branch(IF_AT_LEAST, start, 0, 1), jump]
    }
}

fn decide(clause: &Clause, rules: &Rules) -> Vec<Instruction> {
    let mut code = Vec::new();
    match clause {
        Clause::Always(action) => code.push(end(*action)),
        Clause::Cases(cases) => {
            for (conditions, action) in cases {
                code.extend(case(conditions, *action, rules.abi.is_wide()));
            }
            code.push(end(rules.default));
        }
    }
    code
}

/// Code that returns the action if all conditions hold and otherwise runs off its own end.
fn case(conditions: &[Condition], action: Action, wide: bool) -> Vec<Instruction> {
    // Built from the back, so that the way to the end is known.
    let mut code = vec![end(action)];
    for condition in conditions.iter().rev() {
        let mut check = check(condition, wide, code.len());
        check.extend(code);
        code = check;
    }
    code
}

/// Code that runs off its own end if the condition holds, and skips `rest` instructions more if it does not.
fn check(condition: &Condition, wide: bool, rest: usize) -> Vec<Instruction> {
    let low = ARGUMENTS + 8 * u32::from(condition.argument);
    let high = low + 4;
    let (set, in_set) = match &condition.test {
        Test::AnyBit(mask) => return vec![load(low), branch(IF_ANY_BIT, *mask, 0, rest)],
        Test::AnyOf(set) => (set, true),
        Test::NoneOf(set) => (set, false),
    };
    // Where to go from an instruction that `after` more of this check follow.
    let holds = |after: usize| after;
    let fails = |after: usize| after + rest;
    let found = |after| if in_set { holds(after) } else { fails(after) };
    let missed = |after| if in_set { fails(after) } else { holds(after) };

    if set.is_empty() {
        return if in_set {
            vec![Instruction { code: JUMP, jt: 0, jf: 0, k: rest as u32 }]
        } else {
            Vec::new()
        };
    }
    let mut code = Vec::new();
    if wide {
        // A number of the set has no upper half.
        code.extend([load(high), branch(IF_EQUAL, 0, 0, missed(set.len() + 1))]);
    }
    code.push(load(low));
    for (at, &number) in set.iter().enumerate() {
        let after = set.len() - at - 1;
        let miss = if after == 0 { missed(0) } else { 0 };
        code.push(branch(IF_EQUAL, number, found(after), miss));
    }
    code
}
