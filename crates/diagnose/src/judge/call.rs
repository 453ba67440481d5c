//! System calls, socket families, namespaces, memory and capabilities: which line refuses them.

use super::access;
use crate::case::Asked;
use crate::clue::Want;
use crate::{Cause, Finding, FindingFix};
use ringfence_sandbox::decide::Credentials;
use ringfence_seccomp::{Abi, AddressFamily, Group, Machine, NamespaceType, Syscall, Verdict};
use ringfence_settings::{Capability, PrivateUsers, Settings};
use ringfence_terms::{AbsPath, AccessKind, Errno, Origin};

/// A process died of SIGSYS.
pub fn killed(call: Option<(u32, u32)>, asked: Option<&Asked<'_>>) -> Finding {
    let call = call.and_then(|(arch, number)| Syscall::numbered(Abi::of_call(arch, number)?, number));
    let Some(call) = call else {
        let text = "The process was killed for a system call that SystemCallFilter= does not let through; the audit log names it \
            (journalctl -k --grep type=1326), and so does `ringfence diagnose --reproduce`.";
        let lines = asked.and_then(|asked| asked.case.settings.syscalls.filter.lines.last().cloned());
        return Finding { origin: lines, ..Finding::new(Cause::SyscallFiltered, text) };
    };
    let refused = asked.and_then(|asked| refusal(asked.case.settings, call));
    let name = call.name();
    let said = format!("The process was killed for calling {name}(){}.", groups(call));
    let Some(refused) = refused else {
        return Finding {
            detail: Some(name.to_owned()),
            fixes: vec![let_through(&[call])],
            ..Finding::new(Cause::SyscallFiltered, said)
        };
    };
    refused.finding(call, said)
}

/// A call that a filter answers with this very error; the first of the candidates that one does. The C library may make
/// any of the others of it, so those are let through, too.
pub fn filtered(calls: &[&'static str], errno: Errno, asked: &Asked<'_>) -> Option<Finding> {
    let settings = asked.case.settings;
    let calls = calls.iter().filter_map(|name| Syscall::named(name));
    let mut refused = calls
        .filter_map(|call| Some((call, refusal(settings, call)?)))
        .filter(|(_, refused)| refused.verdict == Verdict::Errno(errno));
    let (call, first) = refused.next()?;
    let others: Vec<Syscall> = refused.map(|(call, _)| call).collect();
    let said = format!(
        "{}(){} is answered with {errno} by a filter, whatever the permissions.",
        call.name(),
        groups(call)
    );
    let by_list = first.protection.is_none();
    let mut found = first.finding(call, said);
    let all = [&[call], &others[..]].concat();
    if by_list {
        found.fixes = vec![let_through(&all)];
    }
    keep_what_works(&mut found, asked, |settings| all.iter().all(|call| refusal(settings, *call).is_none()));
    Some(found)
}

/// No fix is offered that does not open what was refused.
fn keep_what_works(found: &mut Finding, asked: &Asked<'_>, works: impl Fn(&Settings) -> bool) {
    found.fixes.retain(|fix| works(&asked.settings_with(&fix.lines)));
}

/// More calls than this are no answer.
const MOST_CALLS: usize = 8;

/// A program was refused a path that its permissions allow, and says not by which call: the calls on paths that a filter
/// answers so, when they are few.
pub fn filtered_on_paths(path: &AbsPath, errno: Errno, asked: &Asked<'_>) -> Option<Finding> {
    let kinds = [AccessKind::Read, AccessKind::Write, AccessKind::Create];
    let refused = |kind: &AccessKind| asked.denied_with(path, *kind, errno).is_some();
    if kinds.iter().any(refused) {
        return None;
    }
    let on_paths = Group::named("@file-system")?.calls();
    let answered = |call: &Syscall| {
        refusal(asked.case.settings, *call).is_some_and(|refused| refused.verdict == Verdict::Errno(errno))
    };
    let calls: Vec<Syscall> = on_paths.iter().filter(answered).collect();
    if calls.is_empty() || calls.len() > MOST_CALLS {
        return None;
    }
    let names: Vec<String> = calls.iter().map(|call| format!("{}()", call.name())).collect();
    let origin = calls.first().and_then(|call| refusal(asked.case.settings, *call)?.origin);
    Some(Finding {
        path: Some(path.clone()),
        detail: (calls.len() == 1).then(|| calls[0].name().to_owned()),
        origin,
        fixes: vec![let_through(&calls)],
        ..Finding::new(
            Cause::SyscallFiltered,
            format!(
                "Permissions and mounts allow what was tried with {path}, but a filter answers {errno} to {}.",
                names.join(", ")
            ),
        )
    })
}

/// One use of a call that a setting without exceptions forbids.
pub fn protection(directive: &'static str, call: &'static str, asked: Option<&Asked<'_>>) -> Option<Finding> {
    let sandbox = &asked?.case.settings.sandbox;
    let sets = [
        (&sandbox.restrict_suid_sgid, "RestrictSUIDSGID"),
        (&sandbox.lock_personality, "LockPersonality"),
        (&sandbox.restrict_realtime, "RestrictRealtime"),
    ];
    let (set, _) = sets.into_iter().find(|(set, name)| *name == directive && set.value)?;
    let refused = Refusal {
        verdict: Verdict::Errno(Errno::EPERM),
        origin: set.origin.clone(),
        protection: Some(directive),
    };
    Some(refused.finding(Syscall::named(call)?, format!("{call}() is refused for what it was called with.")))
}

/// The groups of systemd.exec(5) that a call is in.
fn groups(call: Syscall) -> String {
    let names: Vec<&str> = Group::containing(call)
        .into_iter()
        .filter(|group| *group != Group::KNOWN)
        .map(|g| g.name())
        .collect();
    if names.is_empty() { String::new() } else { format!(", which is in {},", names.join(", ")) }
}

fn let_through(calls: &[Syscall]) -> FindingFix {
    let names: Vec<&str> = calls.iter().map(|call| call.name()).collect();
    FindingFix::line(
        format!("SystemCallFilter={}", names.join(" ")),
        format!(
            "Lets {} through, and nothing else.",
            names.iter().map(|n| format!("{n}()")).collect::<Vec<_>>().join(", ")
        ),
    )
}

/// What refuses a call.
struct Refusal {
    verdict: Verdict,
    origin: Option<Origin>,
    /// The directive to turn off, where it is not the filter's list.
    protection: Option<&'static str>,
}

impl Refusal {
    fn finding(self, call: Syscall, said: String) -> Finding {
        let (fix, said) = match self.protection {
            None => (let_through(&[call]), said),
            Some(directive) => (
                FindingFix::line(
                    format!("{directive}=no"),
                    format!("{directive}= has no exceptions, so it has to go."),
                ),
                format!("{said} {directive}= does that."),
            ),
        };
        Finding {
            detail: Some(call.name().to_owned()),
            origin: self.origin,
            fixes: vec![fix],
            ..Finding::new(Cause::SyscallFiltered, said)
        }
    }
}

/// What refuses a call whatever its arguments: `SystemCallFilter=`, and settings that bring filters of their own (systemd:
/// `src/core/exec-invoke.c`, `apply_protect_clock` and its neighbours; all of them answer `EPERM`).
fn refusal(settings: &Settings, call: Syscall) -> Option<Refusal> {
    let machine = Machine::HERE.unwrap_or(Machine::X86_64);
    let ruling = settings.syscalls.filter.value.verdict(call, machine);
    if matches!(ruling.verdict, Verdict::Errno(_) | Verdict::Killed) {
        return Some(Refusal { verdict: ruling.verdict, origin: ruling.origin.cloned(), protection: None });
    }
    let sandbox = &settings.sandbox;
    let in_group = |name: &str| Group::named(name).is_some_and(|group| group.calls().contains(call));
    let named = |names: &[&str]| names.contains(&call.name());
    let protections = [
        (&sandbox.protect_clock, "ProtectClock", in_group("@clock")),
        (&sandbox.protect_kernel_modules, "ProtectKernelModules", in_group("@module")),
        (&sandbox.protect_kernel_logs, "ProtectKernelLogs", named(&["syslog"])),
        (&sandbox.private_devices, "PrivateDevices", in_group("@raw-io")),
        (&sandbox.protect_hostname, "ProtectHostname", named(&["sethostname", "setdomainname"])),
        (&sandbox.restrict_realtime, "RestrictRealtime", named(&["sched_setscheduler"])),
    ];
    let (set, directive, _) = protections.into_iter().find(|(set, _, hits)| set.value && *hits)?;
    Some(Refusal {
        verdict: Verdict::Errno(Errno::EPERM),
        origin: set.origin.clone(),
        protection: Some(directive),
    })
}

/// An operation without a path, or one that takes a privilege: filters are asked first, then the capability.
pub fn operation(
    calls: &[&'static str],
    wanted: Option<Capability>,
    errno: Errno,
    path: Option<&AbsPath>,
    asked: Option<&Asked<'_>>,
) -> Option<Finding> {
    let Some(asked) = asked else {
        let wanted = wanted?;
        return Some(Finding {
            detail: Some(wanted.to_string()),
            path: path.cloned(),
            ..Finding::new(
                Cause::CapabilityMissing,
                format!(
                    "That takes {wanted}, unless a filter refuses it. Without the unit it cannot be said which of its lines denies it."
                ),
            )
        });
    };
    let on_the_path = || {
        let paths = path.map(std::slice::from_ref).filter(|_| errno != Errno::EPERM)?;
        access::judge(paths, errno, Want::Change, &[], Some(asked))
    };
    let sets_mode = || {
        let tried = calls.contains(&"fchmodat") && errno == Errno::EPERM;
        if tried { protection("RestrictSUIDSGID", "chmod", Some(asked)) } else { None }
    };
    filtered(calls, errno, asked)
        .or_else(|| capability(wanted?, path, Some(asked)))
        .or_else(sets_mode)
        .or_else(on_the_path)
}

/// A capability that the service lacks; nothing when it has it.
pub fn capability(wanted: Capability, path: Option<&AbsPath>, asked: Option<&Asked<'_>>) -> Option<Finding> {
    let asked = asked?;
    let who = &asked.who;
    let sandbox = &asked.case.settings.sandbox;
    let base = |explanation: String| Finding {
        path: path.cloned(),
        detail: Some(wanted.to_string()),
        ..Finding::new(Cause::CapabilityMissing, explanation)
    };
    if who.capabilities.contains(wanted) {
        // In a user namespace of its own, a capability counts for what belongs to that namespace only.
        let inside = sandbox.private_users.value != PrivateUsers::No;
        return inside.then(|| Finding {
            origin: sandbox.private_users.origin.clone(),
            fixes: vec![FindingFix::line("PrivateUsers=no", "The service's capabilities count on the machine again.")],
            ..base(format!("That takes {wanted} over the machine; with PrivateUsers= the service has it in a user namespace of its own only."))
        });
    }
    let taken = sandbox.bounding_removed.iter().find(|removed| removed.value.contains(wanted));
    let has_it =
        |settings: &Settings| Credentials::of(settings, asked.case.facts).capabilities.contains(wanted);
    if let Some(origin) = taken.and_then(|taken| taken.origin.clone()) {
        let mut lines = vec![format!("{}=no", origin.directive)];
        if who.uid != 0 {
            lines.push(format!("AmbientCapabilities={wanted}"));
        }
        let why =
            format!("{}= takes {wanted} away and has no exceptions, so it has to go.", origin.directive);
        let mut found = Finding {
            fixes: vec![FindingFix { lines, why }],
            origin: Some(origin.clone()),
            ..base(format!("That takes {wanted}, which {}= takes away.", origin.directive))
        };
        keep_what_works(&mut found, asked, has_it);
        return Some(found);
    }
    let bounded = !sandbox.bounding_set.value.contains(wanted);
    let bound = bounded.then(|| format!("CapabilityBoundingSet={wanted}"));
    let lines: Vec<String> = match who.uid {
        0 => bound.into_iter().collect(),
        _ => bound.into_iter().chain([format!("AmbientCapabilities={wanted}")]).collect(),
    };
    let explanation = match (who.uid, bounded) {
        (0, _) => format!(
            "That takes {wanted}, which CapabilityBoundingSet= does not leave to the service, though it runs as root."
        ),
        (uid, true) => format!(
            "That takes {wanted}: the service runs as user {uid} without it, and CapabilityBoundingSet= rules it out."
        ),
        (uid, false) => {
            format!("That takes {wanted}, and the service runs as user {uid} without any capability.")
        }
    };
    let origin = match bounded {
        true => sandbox.bounding_set.origin.clone(),
        false => asked.case.settings.identity.user.origin.clone(),
    };
    let mut found = Finding {
        origin,
        fixes: vec![FindingFix {
            lines,
            why: format!("The service may have {wanted}, and nothing else more."),
        }],
        ..base(explanation)
    };
    keep_what_works(&mut found, asked, has_it);
    Some(found)
}

/// A socket of a family that `RestrictAddressFamilies=` does not list. Where the log does not name the family, it is one
/// of those that are refused.
pub fn family(family: Option<AddressFamily>, asked: Option<&Asked<'_>>) -> Option<Finding> {
    let name = family.map(|family| family.name().to_owned());
    let text = match &name {
        Some(name) => format!("A socket of the family {name} was asked for, which RestrictAddressFamilies= does not allow."),
        None => "A socket of a family was asked for that RestrictAddressFamilies= does not allow; `ringfence diagnose --reproduce` tells which."
            .to_owned(),
    };
    let base = Finding { detail: name.clone(), ..Finding::new(Cause::AddressFamilyRestricted, text) };
    let Some(asked) = asked else { return Some(base) };
    let families = &asked.case.settings.syscalls.address_families;
    let refused = match family {
        Some(family) => families.value.verdict(Some(family)).verdict != Verdict::Allowed,
        None => families.value.is_active(),
    };
    // Else the kernel lacks the family, or the socket was of another sort: no line is to blame.
    let found = refused.then(|| Finding {
        origin: families.lines.last().cloned(),
        fixes: name
            .map(|name| {
                let line = format!("RestrictAddressFamilies={name}");
                FindingFix::line(line, format!("Sockets of the family {name} may be made, too."))
            })
            .into_iter()
            .collect(),
        ..base
    });
    found.map(|mut found| {
        keep_what_works(&mut found, asked, |settings| {
            settings.syscalls.address_families.value.verdict(family).verdict == Verdict::Allowed
        });
        found
    })
}

/// A namespace that may not be made: by a filter, by `RestrictNamespaces=`, or for want of a capability.
pub fn unshare(kind: Option<NamespaceType>, errno: Errno, asked: Option<&Asked<'_>>) -> Option<Finding> {
    let Some(asked) = asked else {
        return (errno == Errno::EPERM).then(|| Finding {
            detail: kind.map(|kind| kind.word().to_owned()),
            ..Finding::new(
                Cause::NamespaceRestricted,
                "A namespace could not be made. Without the unit it cannot be said which of its lines denies that.",
            )
        });
    };
    if let Some(found) = filtered(&["unshare", "setns", "clone", "clone3"], errno, asked) {
        return Some(found);
    }
    let restriction = &asked.case.settings.syscalls.namespaces;
    let refused = match kind {
        Some(kind) => restriction.value.verdict(kind).verdict != Verdict::Allowed,
        None => restriction.value.is_active(),
    };
    if refused && errno == Errno::EPERM {
        let word = kind.map(NamespaceType::word);
        let fix = match word {
            Some(word) => FindingFix::line(
                format!("RestrictNamespaces={word}"),
                format!("Namespaces of the kind {word} may be made, too."),
            ),
            None => FindingFix::line(
                "RestrictNamespaces=no",
                "Namespaces of every kind may be made; `ringfence diagnose --reproduce` tells which kind is needed.",
            ),
        };
        let which = word.map_or(String::new(), |word| format!(" of the kind {word}"));
        return Some(Finding {
            detail: word.map(str::to_owned),
            origin: restriction.lines.last().cloned(),
            fixes: vec![fix],
            ..Finding::new(
                Cause::NamespaceRestricted,
                format!(
                    "A namespace{which} was to be made or entered, which RestrictNamespaces= does not allow."
                ),
            )
        });
    }
    (errno == Errno::EPERM).then(|| capability(Capability::SYS_ADMIN, None, Some(asked)))?
}

/// Memory that is writable and executable: only when a line forbids it.
pub fn write_execute(asked: Option<&Asked<'_>>) -> Option<Finding> {
    let base = Finding::new(
        Cause::WriteExecuteMemory,
        "Memory was to be made writable and executable, as programs do that make code while they run (JIT, ffi), which \
         MemoryDenyWriteExecute= does not allow.",
    );
    let Some(asked) = asked else { return Some(base) };
    let set = &asked.case.settings.sandbox.memory_deny_write_execute;
    set.value.then(|| Finding {
        origin: set.origin.clone(),
        fixes: vec![FindingFix::line(
            "MemoryDenyWriteExecute=no",
            "The program may make code while it runs; there is no narrower exception.",
        )],
        ..base
    })
}
