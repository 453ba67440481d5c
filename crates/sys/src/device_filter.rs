//! Which devices the processes of a control group may open or make: a program that the kernel asks each time
//! (bpf(2), `BPF_PROG_TYPE_CGROUP_DEVICE`).

use crate::last_error;
use rustix::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use rustix::io::Result;

/// A kind of device node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A block device.
    Block = 1,
    /// A character device.
    Character = 2,
}

/// What is allowed: every field must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceRule {
    /// The kind of node.
    pub kind: DeviceKind,
    /// The major number; any when there is none.
    pub major: Option<u32>,
    /// The minor number; any when there is none.
    pub minor: Option<u32>,
    /// Making such a node.
    pub make: bool,
    /// Opening it for reading.
    pub read: bool,
    /// Opening it for writing.
    pub write: bool,
}

/// One instruction (`struct bpf_insn` of `linux/bpf.h`).
#[repr(C)]
#[derive(Clone, Copy)]
struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    immediate: i32,
}

/// `union bpf_attr` for `BPF_PROG_LOAD`, as far as it is used; the rest counts as zero.
#[repr(C)]
struct Load {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log: [u32; 4],
    kernel_version: u32,
    flags: u32,
}

/// The same for `BPF_PROG_ATTACH`.
#[repr(C)]
struct Attach {
    target: u32,
    program: u32,
    kind: u32,
    flags: u32,
}

/// Lets the processes of a control group, and of those below it, use these devices and no others, for as long as the group
/// is there.
///
/// # Errors
/// `EPERM` without `CAP_BPF` and `CAP_NET_ADMIN` (or `CAP_SYS_ADMIN`), `EINVAL` where the kernel has no such programs.
pub fn allow_only(cgroup: BorrowedFd<'_>, rules: &[DeviceRule]) -> Result<()> {
    const PROG_LOAD: libc::c_int = 5;
    const PROG_ATTACH: libc::c_int = 8;
    const CGROUP_DEVICE_PROGRAM: u32 = 15;
    const CGROUP_DEVICE: u32 = 6;
    const ALLOW_MULTI: u32 = 2;
    let instructions = program(rules);
    let load = Load {
        kind: CGROUP_DEVICE_PROGRAM,
        count: u32::try_from(instructions.len()).unwrap_or(u32::MAX),
        instructions: instructions.as_ptr() as u64,
        license: c"Dual MIT/GPL".as_ptr() as u64,
        log: [0; 4],
        kernel_version: 0,
        flags: 0,
    };
    // SAFETY: the kernel reads `size_of::<Load>()` bytes of `load`, laid out as C lays out that part of `bpf_attr`,
    // `count` instructions and a string that ends with a NUL; all three live until the call returns, and nothing of ours
    // is written.
    let loaded = unsafe { libc::syscall(libc::SYS_bpf, PROG_LOAD, &raw const load, size_of::<Load>()) };
    if loaded < 0 {
        return Err(last_error());
    }
    let program = i32::try_from(loaded).map_err(|_| rustix::io::Errno::BADF)?;
    // SAFETY: a call that succeeded has made this descriptor, and nobody else has it.
    let program = unsafe { OwnedFd::from_raw_fd(program) };
    let attach = Attach {
        target: cgroup.as_raw_fd().unsigned_abs(),
        program: program.as_raw_fd().unsigned_abs(),
        kind: CGROUP_DEVICE,
        flags: ALLOW_MULTI,
    };
    // SAFETY: as above, with `Attach`; both descriptors are open.
    let attached =
        unsafe { libc::syscall(libc::SYS_bpf, PROG_ATTACH, &raw const attach, size_of::<Attach>()) };
    if attached < 0 { Err(last_error()) } else { Ok(()) }
}

/// Where a test leads.
enum Lead {
    /// To the end that allows.
    Allow,
    /// Behind the group of rules that it belongs to.
    NextGroup,
}

/// The program: 1 for what a rule allows, 0 for everything else.
///
/// The kernel goes every way through a program before it takes it, and for a service that ends soon that costs more than
/// all the program's runs. So rules of one kind and access stand together, a device's two numbers are compared as one (12
/// and 20 bits, `linux/kdev_t.h`), and every way leads to one of two ends.
fn program(rules: &[DeviceRule]) -> Vec<Instruction> {
    const LOAD_WORD: u8 = 0x61;
    const AND: u8 = 0x54;
    const OR_REGISTER: u8 = 0x4c;
    const SHIFT_LEFT: u8 = 0x64;
    const SHIFT_RIGHT: u8 = 0x74;
    const COPY: u8 = 0xbc;
    const SET: u8 = 0xb4;
    const GO: u8 = 0x05;
    const IF: u8 = 0x16;
    const UNLESS: u8 = 0x56;
    const EXIT: u8 = 0x95;
    const RESULT: u8 = 0;
    const CONTEXT: u8 = 1;
    const KIND: u8 = 2;
    const ACCESS: u8 = 3;
    const BOTH: u8 = 4;
    const MAJOR: u8 = 5;
    const MINOR: u8 = 6;
    const DENIED: u8 = 7;
    let make = |code, to: u8, from: u8, immediate| Instruction {
        code,
        registers: to | from << 4,
        offset: 0,
        immediate,
    };
    // `struct bpf_cgroup_dev_ctx`: the kind in the lower half of a word and the access in the upper, major, minor.
    let load = |to, offset| Instruction { offset, ..make(LOAD_WORD, to, CONTEXT, 0) };
    let mut all = vec![
        load(KIND, 0),
        make(COPY, ACCESS, KIND, 0),
        make(AND, KIND, 0, 0xffff),
        make(SHIFT_RIGHT, ACCESS, 0, 16),
        load(MAJOR, 4),
        load(MINOR, 8),
        make(COPY, BOTH, MAJOR, 0),
        make(SHIFT_LEFT, BOTH, 0, 20),
        make(OR_REGISTER, BOTH, MINOR, 0),
    ];
    let mut allowing = Vec::new();
    for group in groups(rules) {
        let kind = make(UNLESS, KIND, 0, group[0].kind as i32);
        let mut tests = vec![(kind, Some(Lead::NextGroup))];
        if let Some(denied) = group[0].denied() {
            tests.push((make(COPY, DENIED, ACCESS, 0), None));
            tests.push((make(AND, DENIED, 0, denied), None));
            tests.push((make(UNLESS, DENIED, 0, 0), Some(Lead::NextGroup)));
        }
        tests.extend(group.iter().map(|rule| {
            let test = match (rule.major, rule.minor) {
                (Some(major), Some(minor)) => make(IF, BOTH, 0, (major << 20 | minor).cast_signed()),
                (Some(major), None) => make(IF, MAJOR, 0, major.cast_signed()),
                (None, Some(minor)) => make(IF, MINOR, 0, minor.cast_signed()),
                (None, None) => make(GO, 0, 0, 0),
            };
            (test, Some(Lead::Allow))
        }));
        let next_group = all.len() + tests.len();
        for (test, lead) in tests {
            let offset = match lead {
                Some(Lead::NextGroup) => distance(all.len(), next_group),
                _ => 0,
            };
            if let Some(Lead::Allow) = lead {
                allowing.push(all.len());
            }
            all.push(Instruction { offset, ..test });
        }
    }
    all.extend([make(SET, RESULT, 0, 0), make(EXIT, 0, 0, 0)]);
    if !allowing.is_empty() {
        let end = all.len();
        all.extend([make(SET, RESULT, 0, 1), make(EXIT, 0, 0, 0)]);
        for at in allowing {
            all[at].offset = distance(at, end);
        }
    }
    all
}

/// How far a jump from one instruction to another goes. A program that is too long for it is refused by the kernel.
fn distance(from: usize, to: usize) -> i16 {
    i16::try_from(to - from - 1).unwrap_or(i16::MAX)
}

/// The rules that any device can match, those of one kind and access together; where one of them allows every number it
/// stands alone, since the kernel takes no instruction that is never reached.
fn groups(rules: &[DeviceRule]) -> Vec<Vec<DeviceRule>> {
    let mut groups: Vec<Vec<DeviceRule>> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.major < Some(1 << 12) && rule.minor < Some(1 << 20)) {
        let every = rule.major.is_none() && rule.minor.is_none();
        let like =
            |group: &&mut Vec<DeviceRule>| group[0].kind == rule.kind && group[0].access() == rule.access();
        match groups.iter_mut().find(like) {
            Some(group) if every => *group = vec![*rule],
            Some(group) if group[0].major.is_none() && group[0].minor.is_none() => {}
            Some(group) => group.push(*rule),
            None => groups.push(vec![*rule]),
        }
    }
    groups
}

impl DeviceRule {
    /// `BPF_DEVCG_ACC_*` of `linux/bpf.h`.
    fn access(&self) -> i32 {
        i32::from(self.make) | i32::from(self.read) << 1 | i32::from(self.write) << 2
    }

    /// What is not allowed; none when everything is.
    fn denied(&self) -> Option<i32> {
        (self.access() != 7).then_some(!self.access())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would do with a program: as much of bpf(2) as programs here need.
    fn allows(program: &[Instruction], kind: DeviceKind, access: u32, major: u32, minor: u32) -> bool {
        let context = [kind as u32 | access << 16, major, minor];
        let mut registers = [0u32; 8];
        let mut at = 0;
        loop {
            let Instruction { code, registers: both, offset, immediate } = program[at];
            let (to, from) = ((both & 15) as usize, (both >> 4) as usize);
            let immediate = immediate.cast_unsigned();
            let go = match code {
                0x61 => (registers[to] = context[offset as usize / 4], false).1,
                0x54 => (registers[to] &= immediate, false).1,
                0x4c => (registers[to] |= registers[from], false).1,
                0x64 => (registers[to] <<= immediate, false).1,
                0x74 => (registers[to] >>= immediate, false).1,
                0xbc => (registers[to] = registers[from], false).1,
                0xb4 => (registers[to] = immediate, false).1,
                0x05 => true,
                0x16 => registers[to] == immediate,
                0x56 => registers[to] != immediate,
                0x95 => return registers[0] == 1,
                other => panic!("no such instruction: {other:#x}"),
            };
            at += 1 + if go { usize::try_from(offset).unwrap() } else { 0 };
        }
    }

    fn rule(kind: DeviceKind, major: Option<u32>, minor: Option<u32>, access: &str) -> DeviceRule {
        let has = |what| access.contains(what);
        DeviceRule { kind, major, minor, make: has('m'), read: has('r'), write: has('w') }
    }

    #[test]
    fn a_program_allows_what_some_rule_allows_and_nothing_else() {
        use DeviceKind::{Block, Character};
        let lists = [
            vec![],
            vec![rule(Character, None, None, "r")],
            vec![rule(Character, Some(1), Some(3), "rwm"), rule(Character, Some(1), Some(5), "rwm")],
            vec![
                rule(Character, Some(1), Some(3), "rwm"),
                rule(Block, Some(8), None, "r"),
                rule(Character, Some(136), None, "rw"),
                rule(Character, Some(4095), Some(0xfffff), "rw"),
                rule(Block, Some(4096), Some(3), "rwm"),
                rule(Block, Some(1), Some(1 << 20), "rwm"),
                rule(Block, None, None, "m"),
                rule(Block, Some(9), Some(9), "m"),
                rule(Character, None, Some(7), "w"),
            ],
        ];
        for rules in lists {
            let program = program(&rules);
            for kind in [Block, Character] {
                for access in 1..8 {
                    for major in [0, 1, 8, 9, 136, 4095] {
                        for minor in [0, 3, 5, 7, 9, 0xfffff] {
                            let expected = rules.iter().any(|rule| {
                                rule.kind == kind
                                    && rule.major.is_none_or(|number| number == major)
                                    && rule.minor.is_none_or(|number| number == minor)
                                    && rule.access().cast_unsigned() & access == access
                            });
                            let found = allows(&program, kind, access, major, minor);
                            assert_eq!(found, expected, "{kind:?} {access} {major}:{minor} {rules:?}");
                        }
                    }
                }
            }
        }
    }
}
