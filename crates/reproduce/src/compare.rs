//! What fails inside and works outside.

use ringfence_diagnose::{Clue, Want};
use ringfence_record::{Event, FileUse, Operation, Operations, Privilege, What};
use ringfence_seccomp::{AddressFamily, Machine, NamespaceType, Syscall, Verdict};
use ringfence_settings::{Capability, Settings};
use ringfence_terms::{AbsPath, Errno};
use std::collections::HashSet;
use std::path::Path;

/// Something that the sandbox refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What to ask the unit's plan about.
    pub clue: Clue,
    /// Who did what, and how it ended inside and outside.
    pub evidence: String,
}

/// All differences, the last to happen first.
pub fn differences(settings: &Settings, inside: &[Event], outside: &[Event]) -> Vec<Difference> {
    let worked = Worked::of(outside);
    let mut all: Vec<Difference> = Vec::new();
    for event in inside.iter().rev() {
        let clue = match (&event.what, event.errno) {
            (What::File(file), Some(errno)) if worked.file(file) => file_clue(file, errno),
            (What::Privilege(Privilege::Syscall { abi, number }), _) => Syscall::numbered(*abi, *number)
                .and_then(|call| call_clue(settings, call, abi.audit_arch(), *number)),
            (What::Privilege(privilege), Some(errno)) if worked.privileges.contains(privilege) => {
                privilege_clue(privilege, errno)
            }
            _ => None,
        };
        let Some(clue) = clue else { continue };
        if !all.iter().any(|known| known.clue == clue) {
            all.push(Difference { evidence: evidence(event, settings), clue });
        }
    }
    all
}

/// What worked outside.
struct Worked<'e> {
    files: HashSet<(&'e Path, Operation)>,
    /// Directories in which something was made: names are often random.
    made_in: HashSet<&'e Path>,
    privileges: HashSet<&'e Privilege>,
}

impl<'e> Worked<'e> {
    fn of(events: &'e [Event]) -> Worked<'e> {
        let mut worked =
            Worked { files: HashSet::new(), made_in: HashSet::new(), privileges: HashSet::new() };
        for event in events.iter().filter(|event| event.errno.is_none()) {
            match &event.what {
                What::File(file) => {
                    worked.files.extend(file.operations.iter().map(|operation| (&*file.path, operation)));
                    if is_change(file.operations) {
                        worked.made_in.extend(file.path.parent());
                    }
                }
                What::Privilege(privilege) => {
                    worked.privileges.insert(privilege);
                }
            }
        }
        worked
    }

    fn file(&self, file: &FileUse) -> bool {
        // What a call would have made may have been there already outside, and was opened.
        let same = file.operations.iter().any(|operation| self.files.contains(&(&*file.path, operation)));
        same || is_change(file.operations) && file.path.parent().is_some_and(|at| self.made_in.contains(at))
    }
}

fn is_change(operations: Operations) -> bool {
    operations.changes() || operations.contains(Operation::CheckWrite)
}

fn file_clue(file: &FileUse, errno: Errno) -> Option<Clue> {
    let path = AbsPath::parse(&*file.path.to_string_lossy()).ok()?;
    let does = |operation| file.operations.contains(operation);
    if does(Operation::Exec) {
        return Some(Clue::Execute { program: path.to_string(), errno });
    }
    // The kernel answers EPERM to a mapping and EACCES to an execution for one and the same reason.
    let (want, errno) = if does(Operation::MapExec) || does(Operation::Interpret) {
        (Want::Execute, if errno == Errno::EPERM { Errno::EACCES } else { errno })
    } else if is_change(file.operations) {
        (Want::Change, errno)
    } else {
        (Want::Read, errno)
    };
    Some(Clue::Denied { paths: vec![path], errno, want, calls: Vec::new() })
}

/// A call that a filter refuses: how it ended is not recorded, but the filter's answer is known.
fn call_clue(settings: &Settings, call: Syscall, architecture: u32, number: u32) -> Option<Clue> {
    let machine = Machine::HERE?;
    match settings.syscalls.filter.value.verdict(call, machine).verdict {
        Verdict::Killed => Some(Clue::Sigsys { call: Some((architecture, number)) }),
        Verdict::Errno(errno) => {
            Some(Clue::Operation { calls: vec![call.name()], capability: None, errno, path: None })
        }
        Verdict::Allowed | Verdict::Logged => None,
    }
}

fn privilege_clue(privilege: &Privilege, errno: Errno) -> Option<Clue> {
    let refused =
        |call: &'static str| Clue::Operation { calls: vec![call], capability: None, errno, path: None };
    Some(match privilege {
        Privilege::Capability(number) => Clue::Capability(Capability::from_number(*number)?),
        Privilege::Socket { family, .. } if errno == Errno::EAFNOSUPPORT => {
            Clue::AddressFamily { family: AddressFamily::numbered(u64::from(*family)) }
        }
        Privilege::Namespace { kind, .. } => {
            let word = ringfence_record::NamespaceKind::WORDS.iter().find(|row| row.0 == *kind)?.2;
            Clue::Unshare { kind: NamespaceType::named(word), errno }
        }
        Privilege::WriteExecute(_) => Clue::WriteExecute,
        Privilege::Realtime(_) => {
            Clue::Protection { directive: "RestrictRealtime", call: "sched_setscheduler" }
        }
        Privilege::SetIdBits { .. } => Clue::Protection { directive: "RestrictSUIDSGID", call: "chmod" },
        Privilege::Personality(_) => Clue::Protection { directive: "LockPersonality", call: "personality" },
        Privilege::Hostname(_) => refused("sethostname"),
        Privilege::Clock(_) => refused("clock_settime"),
        Privilege::KernelLog => refused("syslog"),
        Privilege::Module(_) => refused("finit_module"),
        _ => return None,
    })
}

/// One line: who, what, the error inside.
fn evidence(event: &Event, settings: &Settings) -> String {
    let by = event.by.exe.display();
    let how = event.errno.map_or_else(|| "is refused".to_owned(), |errno| format!("fails with {errno}"));
    let what = match &event.what {
        What::File(file) => {
            let words: Vec<&str> = file.operations.iter().map(Operation::word).collect();
            format!("{} {}", words.join(", "), file.path.display())
        }
        What::Privilege(privilege) => privilege.to_string(),
    };
    format!(
        "seen in a trial of {}: {by}: {what}; that {how} in the sandbox and works outside of it",
        settings.unit
    )
}
