//! Two filters as one program.

use ringfence_sys::seccomp::Instruction;

/// `BPF_RET | BPF_K` (`linux/bpf_common.h`).
const RETURN: u16 = 0x06;
/// The class of instructions that end a program.
const RETURNS: u16 = 0x06;
const CLASS: u16 = 0x07;
/// `BPF_JMP | BPF_JA`.
const JUMP: u16 = 0x05;
/// `SECCOMP_RET_ALLOW` and `SECCOMP_RET_ERRNO` (`linux/seccomp.h`).
const ALLOW: u32 = 0x7fff_0000;
const ERRNO: u32 = 0x0005_0000;
const ACTION: u32 = 0xffff_0000;
/// `BPF_MAXINSNS`.
const LONGEST: usize = 4096;

/// A program that decides as the kernel does with both loaded: what the first lets pass the second judges.
///
/// The kernel takes the strictest answer of all filters, and of two errors that of the filter that was loaded last
/// (seccomp(2)). So this is only for filters that know one and the same error, and nothing else but to allow; none
/// otherwise, and none when the program would be too long.
pub fn join(first: &[Instruction], second: &[Instruction]) -> Option<Vec<Instruction>> {
    let mut ends = first.iter().chain(second).filter(|instruction| instruction.code & CLASS == RETURNS);
    let mut error = None;
    let alike = ends.all(|end| {
        end.code == RETURN
            && (end.k == ALLOW || (end.k & ACTION == ERRNO && *error.get_or_insert(end.k) == end.k))
    });
    if !alike || first.len() + second.len() > LONGEST {
        return None;
    }
    let on = first.iter().enumerate().map(|(at, instruction)| match *instruction {
        Instruction { code: RETURN, k: ALLOW, .. } => {
            let distance = u32::try_from(first.len() - at - 1).unwrap_or(0);
            Instruction { code: JUMP, jump_true: 0, jump_false: 0, k: distance }
        }
        other => other,
    });
    Some(on.chain(second.iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(code: u16, k: u32) -> Instruction {
        Instruction { code, jump_true: 0, jump_false: 0, k }
    }

    /// Denies the call of one number.
    fn denies(number: u32, error: u32) -> Vec<Instruction> {
        vec![
            plain(0x20, 0),
            Instruction { code: 0x15, jump_true: 0, jump_false: 1, k: number },
            plain(RETURN, ERRNO | error),
            plain(RETURN, ALLOW),
        ]
    }

    fn answer(program: &[Instruction], number: u32) -> u32 {
        let (mut at, mut word) = (0, 0);
        loop {
            let step = program[at];
            at += 1 + match step.code {
                0x20 => (word = number, 0).1,
                0x15 if word == step.k => usize::from(step.jump_true),
                0x15 => usize::from(step.jump_false),
                JUMP => step.k as usize,
                _ => return step.k,
            };
        }
    }

    #[test]
    fn both_deny_what_each_denies() {
        let both = join(&denies(7, 1), &denies(9, 1)).unwrap();
        let all = join(&both, &denies(11, 1)).unwrap();
        for number in 0..16 {
            let expected = if [7, 9, 11].contains(&number) { ERRNO | 1 } else { ALLOW };
            assert_eq!(answer(&all, number), expected, "{number}");
        }
    }

    #[test]
    fn filters_that_answer_differently_stay_apart() {
        assert_eq!(join(&denies(7, 1), &denies(7, 2)), None);
        assert_eq!(join(&denies(7, 1), &[plain(RETURN, 0x8000_0000)]), None);
        assert_eq!(join(&denies(7, 1), &[plain(0x16, 0)]), None);
        assert_eq!(join(&vec![plain(0x20, 0); LONGEST], &denies(7, 1)), None);
    }
}
