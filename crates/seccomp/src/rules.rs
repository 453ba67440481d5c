//! What a filter shall answer, before it is a program: for one ABI, an action for each call, which may hang on the
//! call's arguments.

use crate::multiplexed::multiplexer;
use crate::{Abi, Action, Syscall, abi};
use std::collections::BTreeMap;

/// A condition on one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Which argument, counted from 0.
    pub(crate) argument: u8,
    pub(crate) test: Test,
}

/// What is asked of an argument. Where registers are 64 bits wide all of them count, as for libseccomp, although the
/// kernel itself may look at fewer: an `int` argument with a high bit set is in no set of small numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// It is one of these numbers.
    AnyOf(Vec<u32>),
    /// It is none of these numbers.
    NoneOf(Vec<u32>),
    /// At least one of these bits is set.
    AnyBit(u32),
}

impl Condition {
    pub(crate) fn new(argument: u8, test: Test) -> Condition {
        Condition { argument, test }
    }

    fn holds(&self, arguments: &[u64; 6]) -> bool {
        let value = arguments[usize::from(self.argument)];
        let is_in = |set: &[u32]| set.iter().any(|&number| u64::from(number) == value);
        match &self.test {
            Test::AnyOf(set) => is_in(set),
            Test::NoneOf(set) => !is_in(set),
            Test::AnyBit(mask) => value & u64::from(*mask) != 0,
        }
    }
}

/// What happens to one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    /// Always this.
    Always(Action),
    /// The action of the first case whose conditions all hold; if there is none, the default of the rules.
    Cases(Vec<(Vec<Condition>, Action)>),
}

/// The rules of one filter: it judges the calls through one ABI and lets all others pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) abi: Abi,
    /// The answer where no clause has one.
    pub(crate) default: Action,
    clauses: BTreeMap<u32, Clause>,
}

impl Rules {
    /// Rules that answer `default` to everything.
    pub(crate) fn new(abi: Abi, default: Action) -> Rules {
        Rules { abi, default, clauses: BTreeMap::new() }
    }

    /// Answers a call with an action whatever its arguments are; one that the ABI lacks is passed over.
    ///
    /// A call that i386 offers through `socketcall()` or `ipc()` too is answered there as well, unless the multiplexing
    /// call itself has an answer.
    pub(crate) fn always(&mut self, call: Syscall, action: Action) {
        if let Some(number) = call.number(self.abi) {
            self.clauses.insert(number, Clause::Always(action));
        }
        if self.abi == Abi::I386
            && let Some((multiplexer, selector)) = multiplexer(call)
        {
            self.when(multiplexer, vec![Condition::new(0, Test::AnyOf(vec![selector]))], action);
        }
    }

    /// Answers a call with an action if all conditions hold; one that the ABI lacks is passed over. A call that is
    /// always answered stays so.
    pub(crate) fn when(&mut self, call: Syscall, conditions: Vec<Condition>, action: Action) {
        let Some(number) = call.number(self.abi) else { return };
        match self.clauses.entry(number).or_insert_with(|| Clause::Cases(Vec::new())) {
            Clause::Always(_) => {}
            Clause::Cases(cases) => cases.push((conditions, action)),
        }
    }

    /// Whether the rules allow everything.
    pub(crate) fn is_idle(&self) -> bool {
        self.default == Action::Allow && self.clauses.is_empty()
    }

    /// The answer to a call through any ABI.
    pub(crate) fn action(&self, call: &crate::Call) -> Action {
        if call.audit_arch != self.abi.audit_arch() || !self.judges(call.number) {
            return Action::Allow;
        }
        // Registers of a 32-bit interface have no upper half.
        let arguments =
            call.arguments.map(|argument| if self.abi.is_wide() { argument } else { argument & 0xFFFF_FFFF });
        match self.clauses.get(&call.number) {
            None => self.default,
            Some(Clause::Always(action)) => *action,
            Some(Clause::Cases(cases)) => cases
                .iter()
                .find(|(conditions, _)| conditions.iter().all(|condition| condition.holds(&arguments)))
                .map_or(self.default, |(_, action)| *action),
        }
    }

    /// Whether a number belongs to this ABI and not to another one with the same architecture number. libseccomp counts
    /// -1, by which a tracer has a call skipped, to x86-64 and to x32 both.
    fn judges(&self, number: u32) -> bool {
        match self.abi {
            Abi::X86_64 => number < abi::X32_BIT || number == u32::MAX,
            Abi::X32 => number >= abi::X32_BIT,
            _ => true,
        }
    }

    /// The whole range of numbers in pieces: where each begins, and what happens in it. Neighbours differ.
    pub(crate) fn pieces(&self) -> Vec<(u32, Clause)> {
        let mut pieces = Vec::new();
        let mut next = 0;
        if self.abi == Abi::X32 {
            push(&mut pieces, 0, Clause::Always(Action::Allow));
            next = abi::X32_BIT;
        }
        for (&number, clause) in &self.clauses {
            if next < number {
                push(&mut pieces, next, Clause::Always(self.default));
            }
            push(&mut pieces, number, clause.clone());
            next = number + 1;
        }
        push(&mut pieces, next, Clause::Always(self.default));
        if self.abi == Abi::X86_64 {
            push(&mut pieces, abi::X32_BIT, Clause::Always(Action::Allow));
            push(&mut pieces, u32::MAX, Clause::Always(self.default));
        }
        pieces
    }
}

fn push(pieces: &mut Vec<(u32, Clause)>, start: u32, clause: Clause) {
    if pieces.last().is_none_or(|(_, last)| *last != clause) {
        pieces.push((start, clause));
    }
}
