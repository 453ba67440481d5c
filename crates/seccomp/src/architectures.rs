//! `SystemCallArchitectures=`: through which ABIs the service may call the kernel.

use crate::line::{Line, UNQUOTED, complaint};
use crate::{Abi, Machine, Ruling, Verdict};
use ringfence_terms::{Complaint, Origin};
use std::fmt;

macro_rules! architectures {
    ($($name:ident = $word:literal,)*) => {
        /// A word of `SystemCallArchitectures=` (systemd: `seccomp_arch_from_string`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Architecture {
            $(#[doc = concat!("`", $word, "`.")] $name,)*
        }

        impl Architecture {
            /// Every word, in systemd's order.
            pub const ALL: &[Architecture] = &[$(Architecture::$name,)*];

            /// The word, as it stands in a unit.
            pub fn word(self) -> &'static str {
                match self { $(Architecture::$name => $word,)* }
            }
        }
    };
}

architectures! {
    Native = "native", X86 = "x86", X86_64 = "x86-64", X32 = "x32", Arm = "arm", Arm64 = "arm64",
    Loongarch64 = "loongarch64", Mips = "mips", Mips64 = "mips64", Mips64N32 = "mips64-n32", MipsLe = "mips-le",
    Mips64Le = "mips64-le", Mips64LeN32 = "mips64-le-n32", Parisc = "parisc", Parisc64 = "parisc64", Ppc = "ppc",
    Ppc64 = "ppc64", Ppc64Le = "ppc64-le", Riscv64 = "riscv64", S390 = "s390", S390x = "s390x",
}

impl Architecture {
    /// The architecture of a word; case-sensitive.
    pub fn named(word: &str) -> Option<Architecture> {
        Architecture::ALL.iter().copied().find(|architecture| architecture.word() == word)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The state of `SystemCallArchitectures=` after some lines (systemd: `config_parse_syscall_archs`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyscallArchitectures {
    /// In the order of lines, each word once.
    listed: Vec<(Architecture, Origin)>,
}

impl SyscallArchitectures {
    /// Takes in one line, and returns what systemd warns about in it.
    pub fn apply(&mut self, origin: &Origin) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        // The setting knows no `~`: such a word is an unknown one.
        let Some(line) = Line::plain(origin) else {
            self.listed.clear();
            return complaints;
        };
        for word in line.words(UNQUOTED, &mut complaints) {
            match Architecture::named(&word) {
                Some(known) if self.listed.iter().any(|listed| listed.0 == known) => {}
                Some(new) => self.listed.push((new, origin.clone())),
                None => {
                    let message = format!("no system call architecture is named `{word}`");
                    complaints.push(complaint(origin, &word, message));
                }
            }
        }
        complaints
    }

    /// Every listed word, with the line that named it first.
    pub fn listed(&self) -> impl Iterator<Item = (Architecture, &Origin)> {
        self.listed.iter().map(|(architecture, origin)| (*architecture, origin))
    }

    /// Whether anything is listed; without, every ABI is allowed.
    pub fn is_active(&self) -> bool {
        !self.listed.is_empty()
    }

    /// Whether the service may call through an ABI. A machine's native ABI is always allowed.
    pub fn allows(&self, abi: Abi, machine: Machine) -> bool {
        !self.is_active()
            || abi == machine.native()
            || self.listed.iter().any(|(architecture, _)| architecture.word() == abi.word())
    }

    /// What becomes of any call through an ABI, and which line decides that: the first line of the list.
    pub fn verdict(&self, abi: Abi, machine: Machine) -> Ruling<'_> {
        if self.allows(abi, machine) {
            Ruling::FREE
        } else {
            Ruling { verdict: Verdict::Killed, origin: self.listed.first().map(|(_, origin)| origin) }
        }
    }
}
