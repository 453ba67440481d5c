//! Where a call's objects are.

use crate::effect::Effects;
use crate::{Call, Effect, files, other};
use ringfence_seccomp::{Abi, Syscall};

/// What there is to know about one call on one ABI.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The call's name.
    pub name: &'static str,
    /// The call's number where libseccomp's table lacks it; new calls have one number on all ABIs.
    pub(crate) number: Option<u32>,
    /// The only ABI that the rule is for, when another ABI passes other arguments under the same name.
    pub(crate) only: Option<Abi>,
    /// Its names, at most two.
    pub names: &'static [At],
    /// What else it is about.
    pub object: Object,
    /// The argument that points to a structure of which the first 8 bytes matter (flags, usually).
    pub word: Option<u8>,
    /// Where it writes a file's attributes.
    pub attributes: Option<Attributes>,
    /// Bit N: argument N tells one use from another.
    pub keys: u8,
    pub(crate) effects: fn(&Call<'_>, &mut Effects),
}

/// A name among the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The argument that is the descriptor of the directory; `None` for the working directory.
    pub directory: Option<u8>,
    /// The argument that points to the name.
    pub name: u8,
}

/// What a call is about, besides its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// Nothing but its names and arguments.
    None,
    /// The file whose new descriptor is the result.
    Opened,
    /// The file of the descriptor in this argument.
    Descriptor(u8),
    /// The working directory, after success.
    WorkingDirectory,
    /// The root directory, after success.
    Root,
    /// The socket address in this argument, its length in the next.
    Address(u8),
    /// The socket address of the message header in this argument.
    Message(u8),
    /// The file that is mapped, if one is; of interest only with `PROT_EXEC` in argument 2. As mmap(2).
    Mapped,
    /// As mprotect(2): of interest only with `PROT_EXEC` in argument 2.
    Protected,
    /// i386's first mmap: as mmap(2), but all arguments lie where the first points to.
    MappedIndirectly,
    /// i386's socketcall(2): another call whose arguments lie in memory.
    SocketCall,
}

/// Where a call of the stat(2) family writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The argument that points there.
    pub argument: u8,
    /// How many bytes into it the mode is (two bytes of it are enough).
    pub mode_at: u8,
}

/// A name relative to the working directory.
pub(crate) const fn at(name: u8) -> At {
    At { directory: None, name }
}

/// A name relative to a directory's descriptor.
pub(crate) const fn from(directory: u8, name: u8) -> At {
    At { directory: Some(directory), name }
}

/// The set of these arguments.
pub(crate) const fn keys<const N: usize>(arguments: [u8; N]) -> u8 {
    let (mut set, mut n) = (0, 0);
    while n < N {
        set |= 1 << arguments[n];
        n += 1;
    }
    set
}

/// A rule without anything.
pub(crate) const RULE: Rule = Rule {
    name: "",
    number: None,
    only: None,
    names: &[],
    object: Object::None,
    word: None,
    attributes: None,
    keys: 0,
    effects: |_, _| (),
};

impl Rule {
    /// The call's number in an ABI; `None` where the ABI lacks the call or has another rule for it.
    pub fn number(&self, abi: Abi) -> Option<u32> {
        if self.only.is_some_and(|only| only != abi) {
            return None;
        }
        self.number.or_else(|| Syscall::named(self.name)?.number(abi))
    }

    /// What a call did or tried.
    pub fn effects(&self, call: &Call<'_>) -> Vec<Effect> {
        let mut effects = Effects::default();
        (self.effects)(call, &mut effects);
        effects.0
    }
}

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    files::RULES.iter().chain(other::RULES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_rule_is_of_a_call_and_no_call_has_two() {
        for abi in [Abi::X86_64, Abi::I386] {
            let mut seen = BTreeMap::new();
            for rule in rules() {
                if let Some(number) = rule.number(abi) {
                    assert_eq!(seen.insert(number, rule.name), None, "{} and another of {abi:?}", rule.name);
                }
            }
        }
        for rule in rules() {
            assert!(rule.number(Abi::X86_64).or(rule.number(Abi::I386)).is_some(), "{}", rule.name);
        }
    }

    #[test]
    fn names_and_objects_are_arguments() {
        for rule in rules() {
            assert!(rule.names.len() <= 2, "{}", rule.name);
            assert!(rule.keys < 1 << 6, "{}", rule.name);
            for at in rule.names {
                assert!(at.name < 6 && at.directory.is_none_or(|d| d < 6), "{}", rule.name);
            }
            assert!(rule.word.is_none_or(|argument| argument < 3), "{}", rule.name);
        }
    }
}
