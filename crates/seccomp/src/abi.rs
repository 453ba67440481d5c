//! The binary interfaces through which a program can call the kernel.

use crate::tables::ABIS;
use crate::tables::numbers::{NAMES, NUMBERS};
use crate::{Syscall, SyscallSet};
use std::fmt;

/// One system call interface: a numbering of the calls, and a width of their arguments.
///
/// A machine has more than one: a program on x86-64 may also call through i386's table or through x32's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Abi {
    /// 64-bit x86.
    X86_64,
    /// 32-bit x86; systemd's word is `x86`.
    I386,
    /// 64-bit x86 with 32-bit pointers.
    X32,
    /// 64-bit ARM; systemd's word is `arm64`.
    Aarch64,
    /// 32-bit ARM, EABI.
    Arm,
    /// 64-bit RISC-V.
    Riscv64,
    /// 64-bit LoongArch.
    Loongarch64,
    /// 64-bit little-endian PowerPC.
    Ppc64le,
    /// 64-bit z/Architecture.
    S390x,
    /// 64-bit little-endian MIPS, n64.
    Mips64el,
}

/// The bit that the kernel sets in every x32 call's number (`__X32_SYSCALL_BIT`, `asm/unistd.h`).
pub(crate) const X32_BIT: u32 = 0x4000_0000;

impl Abi {
    /// Every ABI whose numbers are known here.
    pub const ALL: [Abi; ABIS] = [
        Abi::X86_64,
        Abi::I386,
        Abi::X32,
        Abi::Aarch64,
        Abi::Arm,
        Abi::Riscv64,
        Abi::Loongarch64,
        Abi::Ppc64le,
        Abi::S390x,
        Abi::Mips64el,
    ];

    /// The word that `SystemCallArchitectures=` has for it (systemd: `seccomp_arch_to_string`).
    pub fn word(self) -> &'static str {
        match self {
            Abi::X86_64 => "x86-64",
            Abi::I386 => "x86",
            Abi::X32 => "x32",
            Abi::Aarch64 => "arm64",
            Abi::Arm => "arm",
            Abi::Riscv64 => "riscv64",
            Abi::Loongarch64 => "loongarch64",
            Abi::Ppc64le => "ppc64-le",
            Abi::S390x => "s390x",
            Abi::Mips64el => "mips64-le",
        }
    }

    /// The value of `seccomp_data.arch`, and of `arch=` in an audit record (`linux/audit.h`, `AUDIT_ARCH_…`).
    /// x86-64 and x32 share one.
    pub fn audit_arch(self) -> u32 {
        match self {
            Abi::X86_64 | Abi::X32 => 0xC000_003E,
            Abi::I386 => 0x4000_0003,
            Abi::Aarch64 => 0xC000_00B7,
            Abi::Arm => 0x4000_0028,
            Abi::Riscv64 => 0xC000_00F3,
            Abi::Loongarch64 => 0xC000_0102,
            Abi::Ppc64le => 0xC000_0015,
            Abi::S390x => 0x8000_0016,
            Abi::Mips64el => 0xC000_0008,
        }
    }

    /// The ABI of a call that an audit record or a tracer reports; `None` for one that is not known here.
    pub fn of_call(audit_arch: u32, number: u32) -> Option<Abi> {
        match Abi::ALL.into_iter().find(|abi| abi.audit_arch() == audit_arch)? {
            Abi::X86_64 if number >= X32_BIT && number != u32::MAX => Some(Abi::X32),
            abi => Some(abi),
        }
    }

    /// The calls that it has.
    pub fn calls(self) -> &'static SyscallSet {
        static CALLS: [SyscallSet; ABIS] = numbered();
        &CALLS[self as usize]
    }

    /// Whether registers hold 64-bit arguments; otherwise only the low 32 bits count.
    pub(crate) fn is_wide(self) -> bool {
        !matches!(self, Abi::I386 | Abi::X32 | Abi::Arm)
    }
}

/// For each ABI, the calls that have a number there.
const fn numbered() -> [SyscallSet; ABIS] {
    let mut all = [SyscallSet::EMPTY; ABIS];
    let mut row = 0;
    while row < NAMES.len() {
        let mut abi = 0;
        while abi < ABIS {
            if NUMBERS[row][abi].is_some() {
                all[abi] = all[abi].with(Syscall::of(NAMES[row]));
            }
            abi += 1;
        }
        row += 1;
    }
    all
}

impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A kind of machine for which filters can be made: one whose every local ABI has a table of numbers here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Machine {
    /// 64-bit x86.
    X86_64,
    /// 32-bit x86.
    I386,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM.
    Arm,
    /// 64-bit RISC-V.
    Riscv64,
    /// 64-bit LoongArch.
    Loongarch64,
}

impl Machine {
    /// Every kind of machine that filters can be made for.
    pub const ALL: [Machine; 6] = [
        Machine::X86_64,
        Machine::I386,
        Machine::Aarch64,
        Machine::Arm,
        Machine::Riscv64,
        Machine::Loongarch64,
    ];

    /// The machine that this program was compiled for; `None` when no filter can be made for it.
    pub const HERE: Option<Machine> = if cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) {
        Some(Machine::X86_64)
    } else if cfg!(target_arch = "x86") {
        Some(Machine::I386)
    } else if cfg!(target_arch = "aarch64") {
        Some(Machine::Aarch64)
    } else if cfg!(target_arch = "arm") {
        Some(Machine::Arm)
    } else if cfg!(target_arch = "riscv64") {
        Some(Machine::Riscv64)
    } else if cfg!(target_arch = "loongarch64") {
        Some(Machine::Loongarch64)
    } else {
        None
    };

    /// The ABI that its ordinary programs use.
    pub fn native(self) -> Abi {
        match self {
            Machine::X86_64 => Abi::X86_64,
            Machine::I386 => Abi::I386,
            Machine::Aarch64 => Abi::Aarch64,
            Machine::Arm => Abi::Arm,
            Machine::Riscv64 => Abi::Riscv64,
            Machine::Loongarch64 => Abi::Loongarch64,
        }
    }

    /// Every ABI that its kernel may offer, in the order in which systemd loads filters: the native one is last, so
    /// that a filter which denies `seccomp()` stops no later one (systemd: `seccomp_local_archs`).
    pub fn abis(self) -> &'static [Abi] {
        match self {
            Machine::X86_64 => &[Abi::I386, Abi::X32, Abi::X86_64],
            Machine::I386 => &[Abi::I386],
            Machine::Aarch64 => &[Abi::Arm, Abi::Aarch64],
            Machine::Arm => &[Abi::Arm],
            Machine::Riscv64 => &[Abi::Riscv64],
            Machine::Loongarch64 => &[Abi::Loongarch64],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_native_abi_is_loaded_last() {
        for machine in Machine::ALL {
            assert_eq!(machine.abis().last(), Some(&machine.native()));
        }
    }

    #[test]
    fn x32_calls_are_told_from_native_ones_by_their_number() {
        assert_eq!(Abi::of_call(0xC000_003E, 1), Some(Abi::X86_64));
        assert_eq!(Abi::of_call(0xC000_003E, 0x4000_0001), Some(Abi::X32));
        assert_eq!(Abi::of_call(0xC000_003E, u32::MAX), Some(Abi::X86_64));
        assert_eq!(Abi::of_call(0x4000_0003, 1), Some(Abi::I386));
        assert_eq!(Abi::of_call(0, 1), None);
    }
}
