//! `SystemCallFilter=` and `SystemCallErrorNumber=`: a list of calls, merged from lines, and what it answers.

use crate::line::{Line, VERBATIM, complaint};
use crate::list::{List, Standing};
use crate::multiplexed::multiplexer;
use crate::rules::Rules;
use crate::{Abi, Action, Denial, Group, Machine, Member, Ruling, Sense, Syscall, SyscallSet, Verdict};
use ringfence_terms::{Complaint, Errno, Origin, Sourced};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// The state of `SystemCallFilter=` after some lines, each entry with the line that put it there.
///
/// The first line decides the [`Sense`]; every later line adds to the list or takes away from it. See systemd.exec(5)
/// and systemd's `config_parse_syscall_filter`, whose every oddity is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyscallFilter {
    list: Option<List<Syscall>>,
    denial: Sourced<Denial>,
}

impl Default for SyscallFilter {
    /// No filter: every call is allowed.
    fn default() -> Self {
        SyscallFilter { list: None, denial: Sourced::built_in(Denial::Kill) }
    }
}

impl SyscallFilter {
    /// Takes in one `SystemCallFilter=` line, and returns what systemd warns about in it.
    pub fn apply(&mut self, origin: &Origin) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let Some(line) = Line::of(origin) else {
            self.list = None;
            return complaints;
        };
        let list = self.list.get_or_insert_with(|| opened(line.sense(), origin));
        list.begin(origin);
        for word in line.words(VERBATIM, &mut complaints) {
            match Word::parse(&word, line.inverted) {
                Ok(parsed) => list.mention(parsed.calls.iter(), line.inverted, parsed.answer),
                Err(message) => complaints.push(complaint(origin, &word, message)),
            }
        }
        complaints
    }

    /// Takes in one `SystemCallErrorNumber=` line, and returns what systemd warns about in it.
    pub fn apply_error_number(&mut self, origin: &Origin) -> Vec<Complaint> {
        let denial = match &*origin.value {
            "" => Some(Denial::Kill),
            word => Denial::parse(word).filter(|denial| *denial != Denial::Errno(Errno(0))),
        };
        match denial {
            Some(denial) => {
                self.denial = Sourced::new(denial, origin.clone());
                Vec::new()
            }
            None => vec![Complaint {
                help: Some(
                    "use `kill`, the name of an error such as `EPERM`, or a number from 1 to 4095".into(),
                ),
                ..complaint(origin, &origin.value, format!("`{}` is not an error number", origin.value))
            }],
        }
    }

    /// Whether the list says what is allowed or what is denied; `None` when there is no list.
    pub fn sense(&self) -> Option<Sense> {
        self.list.as_ref().map(|list| list.sense)
    }

    /// The line that decided the sense; `None` when there is no list.
    pub fn opened_by(&self) -> Option<&Origin> {
        self.list.as_ref().map(|list| list.opened_by())
    }

    /// The answer to a denied call that has none of its own: `SystemCallErrorNumber=`.
    pub fn denial(&self) -> &Sourced<Denial> {
        &self.denial
    }

    /// Whether systemd installs a filter at all: an empty list of denied calls needs none (systemd:
    /// `context_has_syscall_filters`).
    pub fn is_active(&self) -> bool {
        self.list.as_ref().is_some_and(List::is_active)
    }

    /// The calls on the list, in the order of names, each with its own answer where it has one: on a list of allowed
    /// calls such a call is a denied one.
    pub fn listed(&self) -> impl Iterator<Item = (Syscall, Option<Denial>)> {
        self.list.iter().flat_map(List::listed)
    }

    /// The calls on the list that have no answer of their own, and all calls on the list.
    pub fn sets(&self) -> (SyscallSet, SyscallSet) {
        let (mut plain, mut all) = (SyscallSet::EMPTY, SyscallSet::EMPTY);
        for (call, answer) in self.listed() {
            all = all.with(call);
            if answer.is_none() {
                plain = plain.with(call);
            }
        }
        (plain, all)
    }

    /// What becomes of a call that the program makes through any of a machine's ABIs, and which line decides that.
    ///
    /// A call that i386 programs make through `socketcall()` or `ipc()` is judged under its own name.
    /// `write()` is always allowed: systemd itself needs it after the filter is in place, to report to its manager.
    pub fn verdict(&self, call: Syscall, machine: Machine) -> Ruling<'_> {
        let Some(list) = &self.list else { return Ruling::FREE };
        let (standing, origin) = match list.entry(call) {
            Some(entry) => (entry.standing, Some(entry.origin)),
            None if list.sense == Sense::Deny => return Ruling::FREE,
            None => (Standing::Removed, Some(list.opened_by())),
        };
        let verdict = match (list.sense, standing) {
            (Sense::Deny, _) | (Sense::Allow, Standing::Removed) if call == WRITE => return Ruling::FREE,
            (_, Standing::Answered(denial)) => denial.into(),
            (Sense::Allow, Standing::Listed) | (Sense::Deny, Standing::Removed) => Verdict::Allowed,
            (Sense::Deny, Standing::Listed) => self.denial.value.into(),
            (Sense::Allow, Standing::Removed) if is_known(call, machine) => self.denial.value.into(),
            (Sense::Allow, Standing::Removed) => UNKNOWN,
        };
        Ruling { verdict, origin }
    }

    /// What becomes of a number that is no [`Syscall`].
    pub fn verdict_unnamed(&self) -> Ruling<'_> {
        match &self.list {
            Some(list) if list.sense == Sense::Allow => {
                Ruling { verdict: UNKNOWN, origin: Some(list.opened_by()) }
            }
            _ => Ruling::FREE,
        }
    }

    /// Whether the filter leaves systemd the calls that it needs to drop its last capabilities once the filter is in
    /// place; if not, it drops them all beforehand (systemd: `seccomp_allows_drop_privileges`).
    pub fn allows_dropping_privileges(&self) -> bool {
        let needed = |call: &Syscall| matches!(call.name(), "capget" | "capset" | "prctl");
        let listed = self.listed().filter(|(call, _)| needed(call)).count();
        match self.sense().filter(|_| self.listed().next().is_some()) {
            None => true,
            Some(Sense::Allow) => listed == 3,
            Some(Sense::Deny) => listed == 0,
        }
    }

    /// What keeps systemd from loading the filter; the service then ends with 228/SECCOMP before it runs.
    pub fn fault(&self) -> Option<FilterFault> {
        let list = self.list.as_ref().filter(|list| list.sense == Sense::Allow)?;
        let faults = list.listed().filter_map(|(call, answer)| {
            let reason = match answer? {
                _ if call == WRITE => FaultReason::WriteDenied,
                Denial::Errno(Errno::ENOSYS) => FaultReason::AnswersAsUnknown,
                _ => return None,
            };
            Some(FilterFault { call, reason, origin: list.entry(call)?.origin.clone() })
        });
        // systemd adds write() before it looks at the answers.
        faults.min_by_key(|fault| fault.reason)
    }

    /// The rules for one ABI of a machine (systemd: `apply_syscall_filter`, `seccomp_load_syscall_filter_set_raw`).
    pub(crate) fn rules(&self, abi: Abi, machine: Machine) -> Result<Option<Rules>, FilterFault> {
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let Some(list) = self.list.as_ref().filter(|_| self.is_active()) else { return Ok(None) };
        let mut rules;
        match list.sense {
            Sense::Deny => {
                rules = Rules::new(abi, Action::Allow);
                for (call, answer) in list.listed().filter(|(call, _)| *call != WRITE) {
                    rules.always(call, answer.unwrap_or(self.denial.value).into());
                }
            }
            Sense::Allow => {
                rules = Rules::new(abi, Action::Errno(Errno::ENOSYS));
                let mut actions: BTreeMap<Syscall, Action> = BTreeMap::new();
                let known = Syscall::all().filter(|&call| is_known(call, machine));
                actions.extend(known.map(|call| (call, self.denial.value.into())));
                actions.extend(
                    list.listed().map(|(call, answer)| (call, answer.map_or(Action::Allow, Action::from))),
                );
                actions.insert(WRITE, Action::Allow);
                actions.into_iter().for_each(|(call, action)| rules.always(call, action));
            }
        }
        Ok(Some(rules))
    }
}

/// An entry of a list of allowed calls for which systemd refuses to load the whole filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterFault {
    /// The call in question.
    pub call: Syscall,
    /// What is wrong with its answer.
    pub reason: FaultReason,
    /// The line that gives the answer.
    pub origin: Origin,
}

/// Why systemd cannot load a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultReason {
    /// `write()` has an answer of its own, and systemd cannot add it as an allowed call (`EEXIST`).
    WriteDenied,
    /// The answer is `ENOSYS`, which is also the answer to unknown calls; libseccomp takes no rule that says the same as
    /// the default (`EACCES`).
    AnswersAsUnknown,
}

impl fmt::Display for FilterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.call;
        match self.reason {
            FaultReason::WriteDenied => write!(
                f,
                "systemd cannot load this filter: it needs {call}() itself, so the call can have no error number on a \
                 list of allowed calls"
            ),
            FaultReason::AnswersAsUnknown => write!(
                f,
                "systemd cannot load this filter: on a list of allowed calls, ENOSYS is the answer to unknown calls, \
                 and {call}() cannot be given the same one"
            ),
        }
    }
}

impl std::error::Error for FilterFault {}

const WRITE: Syscall = Syscall::of("write");

/// The answer of a list of allowed calls to what is not in `@known`, so that programs fall back to an older call
/// (systemd: `override_default_action`).
const UNKNOWN: Verdict = Verdict::Errno(Errno::ENOSYS);

/// Whether a list of allowed calls denies this call rather than calling it unknown. systemd goes by the native numbers, so
/// a call that only a foreign ABI has counts as unknown, and so does on i386 one that libseccomp takes for a part of
/// `socketcall()` or `ipc()`; and it skips groups, so `@obsolete` is unknown although `@known` holds it
/// (`seccomp_load_syscall_filter_set_raw`: `seccomp_syscall_resolve_name()` is negative for all of these).
fn is_known(call: Syscall, machine: Machine) -> bool {
    static KNOWN: LazyLock<SyscallSet> = LazyLock::new(|| {
        let members = Group::KNOWN.members();
        let calls = members.filter_map(|member| match member {
            Member::Syscall(call) => Some(call),
            Member::Group(_) | Member::Unresolved(_) => None,
        });
        calls.collect()
    });
    let native = machine.native();
    let is_resolved = call.number(native).is_some() && (native != Abi::I386 || multiplexer(call).is_none());
    is_resolved && KNOWN.contains(call)
}

/// A list that `origin` starts; one of allowed calls starts with `@default` on it.
fn opened(sense: Sense, origin: &Origin) -> List<Syscall> {
    let mut list = List::opened(sense, origin);
    if sense == Sense::Allow {
        list.mention(Group::DEFAULT.calls().iter(), false, None);
    }
    list
}

/// One word of a line: a call or a group, and the answer after its colon.
struct Word {
    calls: SyscallSet,
    answer: Option<Denial>,
}

impl Word {
    fn parse(word: &str, inverted: bool) -> Result<Word, String> {
        let (name, answer) = match word.split_once(':') {
            None => (word, None),
            Some((name, answer)) => match Denial::parse(answer) {
                None => {
                    return Err(format!("`{answer}` is not `kill`, an error's name, or a number up to 4095"));
                }
                Some(_) if !inverted => {
                    return Err(format!(
                        "`{word}` is ignored: only a line with `~` can give an error number"
                    ));
                }
                denial => (name, denial),
            },
        };
        Ok(Word { calls: calls_named(name)?, answer })
    }
}

/// The calls that a word without a colon stands for.
pub(crate) fn calls_named(name: &str) -> Result<SyscallSet, String> {
    if name.starts_with('@') {
        let group =
            Group::named(name).ok_or_else(|| format!("no group of system calls is named `{name}`"))?;
        Ok(*group.calls())
    } else {
        let call = Syscall::named(name).ok_or_else(|| format!("no system call is named `{name}`"))?;
        Ok(SyscallSet::EMPTY.with(call))
    }
}
