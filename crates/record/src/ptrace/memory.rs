//! A tracee's arguments and what they point to.

use ringfence_seccomp::Abi;
use ringfence_sys::{memory, ptrace::Call};
use rustix::process::Pid;

/// One call of one thread.
#[derive(Clone, Copy)]
pub(super) struct Arguments {
    pub thread: Pid,
    pub abi: Abi,
    pub call: Call,
}

/// As long as the kernel takes a path (`PATH_MAX`, with the NUL).
const LONGEST: usize = 4096;

impl Arguments {
    /// An argument, as wide as the ABI has it.
    pub(super) fn word(&self, at: usize) -> u64 {
        let word = self.call.arguments[at];
        if self.narrow() { word & 0xffff_ffff } else { word }
    }

    /// An argument that is an `int`.
    pub(super) fn int(&self, at: usize) -> i32 {
        self.call.arguments[at] as u32 as i32
    }

    /// Whether pointers have 32 bits.
    fn narrow(&self) -> bool {
        matches!(self.abi, Abi::I386 | Abi::X32 | Abi::Arm)
    }

    /// The size of a pointer and of `long`. (x32 has the structures of 64-bit calls wherever it shares the call.)
    pub(super) fn word_size(&self) -> u64 {
        if self.narrow() { 4 } else { 8 }
    }

    /// Reads memory, all of it or nothing.
    pub(super) fn read<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let read = memory::read(self.thread, address, &mut bytes).ok()?;
        (read == N).then_some(bytes)
    }

    /// A pointer or `long` in memory.
    pub(super) fn read_word(&self, address: u64) -> Option<u64> {
        if self.narrow() {
            self.read(address).map(|b| u32::from_ne_bytes(b).into())
        } else {
            self.read_u64(address)
        }
    }

    pub(super) fn read_u64(&self, address: u64) -> Option<u64> {
        self.read(address).map(u64::from_ne_bytes)
    }

    pub(super) fn read_u32(&self, address: u64) -> Option<u32> {
        self.read(address).map(u32::from_ne_bytes)
    }

    /// Reads as much memory as there is, up to `length` bytes.
    pub(super) fn read_some(&self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let read = memory::read(self.thread, address, &mut bytes).unwrap_or(0);
        bytes.truncate(read);
        bytes
    }

    /// The string at an address, without its NUL; `None` when there is none that the kernel would take for a path.
    pub(super) fn string(&self, address: u64) -> Option<Vec<u8>> {
        let mut string = Vec::new();
        let mut at = address;
        while string.len() < LONGEST {
            // Not beyond the page: the next one may not be there, and then nothing would be read.
            let in_page = 4096 - (at % 4096) as usize;
            let mut piece = [0; 256];
            let wanted = piece.len().min(in_page);
            let read = memory::read(self.thread, at, &mut piece[..wanted]).ok().filter(|read| *read > 0)?;
            if let Some(end) = piece[..read].iter().position(|&b| b == 0) {
                string.extend_from_slice(&piece[..end]);
                return (string.len() < LONGEST).then_some(string);
            }
            string.extend_from_slice(&piece[..read]);
            at += read as u64;
        }
        None
    }
}
