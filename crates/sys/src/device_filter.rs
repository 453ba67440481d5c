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

/// The program: 1 for what a rule allows, 0 for everything else.
fn program(rules: &[DeviceRule]) -> Vec<Instruction> {
    const LOAD_WORD: u8 = 0x61;
    const AND: u8 = 0x54;
    const SHIFT_RIGHT: u8 = 0x74;
    const COPY: u8 = 0xbc;
    const SET: u8 = 0xb7;
    const UNLESS_SAME_REGISTER: u8 = 0x5d;
    const UNLESS: u8 = 0x55;
    const EXIT: u8 = 0x95;
    let make = |code, to: u8, from: u8, offset, immediate| Instruction {
        code,
        registers: to | from << 4,
        offset,
        immediate,
    };
    // `struct bpf_cgroup_dev_ctx`: the kind in the lower half of a word and the access in the upper, major, minor.
    let mut all = vec![
        make(LOAD_WORD, 2, 1, 0, 0),
        make(AND, 2, 0, 0, 0xffff),
        make(LOAD_WORD, 3, 1, 0, 0),
        make(SHIFT_RIGHT, 3, 0, 0, 16),
        make(LOAD_WORD, 4, 1, 4, 0),
        make(LOAD_WORD, 5, 1, 8, 0),
    ];
    for rule in rules {
        let access = i32::from(rule.make) | i32::from(rule.read) << 1 | i32::from(rule.write) << 2;
        let numbers = [(4, rule.major), (5, rule.minor)];
        let mut tests = vec![(UNLESS_SAME_REGISTER, 1, 3, 0), (UNLESS, 2, 0, rule.kind as i32)];
        tests.extend(numbers.into_iter().filter_map(|(register, number)| {
            Some((UNLESS, register, 0, i32::try_from(number?).unwrap_or(i32::MAX)))
        }));
        all.push(make(COPY, 1, 3, 0, 0));
        all.push(make(AND, 1, 0, 0, access));
        // Each test that fails goes on behind the two instructions that allow.
        let count = tests.len() as i16;
        for (at, (code, to, from, immediate)) in (0..).zip(tests) {
            all.push(make(code, to, from, count - at + 1, immediate));
        }
        all.push(make(SET, 0, 0, 0, 1));
        all.push(make(EXIT, 0, 0, 0, 0));
    }
    all.push(make(SET, 0, 0, 0, 0));
    all.push(make(EXIT, 0, 0, 0, 0));
    all
}
