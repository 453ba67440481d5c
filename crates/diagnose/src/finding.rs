//! From clues to findings: the unit's plan is asked what the log only hints at.

use crate::Cause;
use crate::clue::Clue;
use crate::log::Entry;
use crate::rules;
use ringfence_sandbox::decide::{self, Credentials, Verdict, decide};
use ringfence_sandbox::facts::Facts;
use ringfence_sandbox::fix::fixes;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_seccomp::{Abi, Group, Syscall};
use ringfence_settings::{PrivateTmp, Settings};
use ringfence_terms::{AbsPath, Access, AccessKind, Errno, Origin};
use ringfence_unit::Unit;
use std::path::Path;

/// One diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is the matter.
    pub cause: Cause,
    /// The host path concerned.
    pub path: Option<AbsPath>,
    /// The system call, family, capability, library or program.
    pub detail: Option<String>,
    /// The line responsible.
    pub origin: Option<Origin>,
    /// One or two sentences for people.
    pub explanation: String,
    /// The line of the log.
    pub evidence: String,
    /// Ways to open just that, the narrowest first.
    pub fixes: Vec<FindingFix>,
}

/// Lines for a drop-in, and what they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingFix {
    /// For the `[Service]` section.
    pub lines: Vec<String>,
    /// One sentence.
    pub why: String,
}

/// What is known of the unit.
pub struct Case<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// Its settings.
    pub settings: &'a Settings,
    /// The machine.
    pub facts: &'a dyn Facts,
    /// What its main command is planned for.
    pub run: For,
    /// Looks into programs, for what they need to start.
    pub programs: &'a dyn Programs,
}

/// Looks into programs on the host.
pub trait Programs {
    /// The interpreter in a script's first line, or a dynamic program's loader; `None` for any other file.
    fn interpreter(&self, program: &AbsPath) -> Option<AbsPath>;
    /// The libraries that a program or library needs and where the loader finds them on the host.
    fn libraries(&self, program: &AbsPath) -> Vec<AbsPath>;
}

/// Reads a log and finds what is the matter. Without a case, it says what the log alone tells.
pub fn diagnose(entries: &[Entry], case: Option<&Case<'_>>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for entry in entries {
        let foreign =
            |case: &Case<'_>| entry.unit.as_ref().is_some_and(|unit| *unit != case.unit.id.to_string());
        if case.is_some_and(foreign) {
            continue;
        }
        let Some(clue) = rules::clue(entry) else { continue };
        let Some(finding) = finding(&clue, entry, case) else { continue };
        let known =
            |f: &Finding| f.cause == finding.cause && f.path == finding.path && f.detail == finding.detail;
        if !found.iter().any(known) {
            found.push(finding);
        }
    }
    keep_the_telling(found)
}

/// A bare exit status says less than any other line about the same start.
fn keep_the_telling(mut found: Vec<Finding>) -> Vec<Finding> {
    if found.iter().any(|f| f.cause != Cause::Other) {
        found.retain(|f| f.cause != Cause::Other);
    }
    let has_call = found.iter().any(|f| f.cause == Cause::SyscallFiltered && f.detail.is_some());
    if has_call {
        found.retain(|f| f.cause != Cause::SyscallFiltered || f.detail.is_some());
    }
    found
}

fn finding(clue: &Clue, entry: &Entry, case: Option<&Case<'_>>) -> Option<Finding> {
    let plain = |cause: Cause, explanation: String| Finding {
        cause,
        path: None,
        detail: None,
        origin: None,
        explanation,
        evidence: entry.line.clone(),
        fixes: Vec::new(),
    };
    Some(match clue {
        Clue::Namespace { path, errno } => namespace(path, *errno, entry, case),
        Clue::Execute { program, errno } => execute(program, *errno, entry, case),
        Clue::Library { name } => library(name, entry, case),
        Clue::Denied { paths, errno } => return denied(paths, *errno, entry, case),
        Clue::Sigsys { call } => sigsys(*call, entry, case),
        Clue::AddressFamily => Finding {
            origin: case.and_then(|c| c.settings.syscalls.address_families.lines.last().cloned()),
            ..plain(
                Cause::AddressFamilyRestricted,
                "A socket of a family was asked for that RestrictAddressFamilies= does not list.".to_owned(),
            )
        },
        Clue::UserMissing { group } => {
            let named = case.map(|c| match group {
                true => &c.settings.identity.group,
                false => &c.settings.identity.user,
            });
            let what = if *group { "group" } else { "user" };
            Finding {
                detail: named.and_then(|named| named.value.clone()),
                origin: named.and_then(|named| named.origin.clone()),
                ..plain(Cause::UserMissing, format!("The {what} that the unit names does not exist here."))
            }
        }
        Clue::WorkingDirectory { errno } => Finding {
            path: case.and_then(|c| working_directory(c.settings)),
            detail: errno.map(|e| e.to_string()),
            origin: case.and_then(|c| c.settings.paths.working_directory.origin.clone()),
            ..plain(
                Cause::WorkingDirectory,
                "The working directory cannot be entered by the service's user, in the service's own tree."
                    .to_owned(),
            )
        },
        Clue::DirectorySetup { base } => Finding {
            path: AbsPath::parse(base).ok(),
            origin: case.and_then(|c| {
                let in_base = |d: &&ringfence_terms::Sourced<ringfence_settings::ExecDirectory>| {
                    d.value.kind.system_base() == base
                };
                c.settings.directories.all.iter().find(in_base).and_then(|d| d.origin.clone())
            }),
            ..plain(
                Cause::DirectorySetup,
                format!(
                    "A directory below {base} cannot be made or handed to the service; often a symlink or a file stands in its place."
                ),
            )
        },
        Clue::MandatoryAccessControl { module, path } => Finding {
            path: path.clone(),
            detail: Some((*module).to_owned()),
            ..plain(
                Cause::MandatoryAccessControl,
                format!("{module} denied it: no line of the unit can open that; its own policy must."),
            )
        },
        Clue::Status { status } => Finding {
            detail: Some(status.to_string()),
            ..plain(Cause::Other, format!("Setting the service up failed with systemd's status {status}."))
        },
    })
}

fn working_directory(settings: &Settings) -> Option<AbsPath> {
    match settings.paths.working_directory.value.directory.as_ref()? {
        ringfence_settings::WorkingDirectoryTarget::Path(path) => Some(path.clone()),
        ringfence_settings::WorkingDirectoryTarget::Home => None,
    }
}

/// 226: a line names a path that is not there.
fn namespace(path: &AbsPath, errno: Errno, entry: &Entry, case: Option<&Case<'_>>) -> Finding {
    let origin = case.and_then(|case| names(case.settings, path));
    let mut fixes = Vec::new();
    if let (Some(origin), Errno::ENOENT) = (&origin, errno) {
        fixes = optional(origin, path);
    }
    Finding {
        cause: Cause::MissingNamespacePath,
        path: Some(path.clone()),
        detail: Some(errno.to_string()),
        explanation: format!(
            "{path} is not there in the service's own tree, and the line that names it does not allow that. \
             Create it, or let it be missing."
        ),
        origin,
        evidence: entry.line.clone(),
        fixes,
    }
}

/// The line that names a path, in any list of paths.
fn names(settings: &Settings, path: &AbsPath) -> Option<Origin> {
    let paths = &settings.paths;
    let access = paths.access.iter().find(|p| p.value.path == *path).and_then(|p| p.origin.clone());
    let bind = || {
        let named = paths.binds.iter().find(|b| b.value.destination == *path || b.value.source == *path);
        named.and_then(|b| b.origin.clone())
    };
    let temporary = || paths.temporary.iter().find(|t| t.value.path == *path).and_then(|t| t.origin.clone());
    let root = || {
        paths.root_directory.value.as_ref().filter(|p| *p == path).and(paths.root_directory.origin.clone())
    };
    access.or_else(bind).or_else(temporary).or_else(root)
}

/// The same line with a `-` before the path. A list can only be changed by starting it anew.
fn optional(origin: &Origin, path: &AbsPath) -> Vec<FindingFix> {
    let text = path.to_string();
    let words: Vec<String> = origin
        .value
        .split_whitespace()
        .map(|word| {
            let source = word.split(':').next().unwrap_or(word).trim_start_matches('+');
            let destination = word.split(':').nth(1).unwrap_or_default();
            if source == text || destination == text { format!("-{word}") } else { word.to_owned() }
        })
        .collect();
    let changed = words.join(" ");
    if changed == *origin.value {
        return Vec::new();
    }
    vec![FindingFix {
        lines: vec![format!("{}=", origin.directive), format!("{}={changed}", origin.directive)],
        why: format!(
            "{path} may be missing. The first line empties the list, so repeat any other {}= lines of the unit after it.",
            origin.directive
        ),
    }]
}

/// 203: the program itself, what interprets it, or what it is linked with.
fn execute(program: &str, errno: Errno, entry: &Entry, case: Option<&Case<'_>>) -> Finding {
    let path = AbsPath::parse(program).ok();
    let base = |cause: Cause, path: Option<AbsPath>, explanation: String| Finding {
        cause,
        path,
        detail: Some(program.to_owned()),
        origin: None,
        explanation,
        evidence: entry.line.clone(),
        fixes: Vec::new(),
    };
    let (Some(case), Some(path)) = (case, path.clone()) else {
        return base(Cause::MissingExecutable, path, format!("{program} cannot be executed: {errno}."));
    };
    let asked = Asked::of(case);
    if let Some(found) = asked.denial(&path, AccessKind::Execute, program, entry) {
        let cause = match found.cause {
            told @ (Cause::NoExec | Cause::UnixPermissions) => told,
            _ => Cause::MissingExecutable,
        };
        let needed = needed_with(case, &asked, &path);
        return Finding { cause, fixes: with_binds(&asked, found.fixes, needed), ..found };
    }
    if let Some(interpreter) = case.programs.interpreter(&path)
        && let Some(found) = asked.denial(&interpreter, AccessKind::Execute, program, entry)
    {
        let needed = needed_with(case, &asked, &path);
        return Finding {
            cause: Cause::MissingInterpreter,
            explanation: format!(
                "{program} is there, but {interpreter}, which runs it, is not: the kernel says \"No such file\" of the program itself. {}",
                found.explanation
            ),
            fixes: with_binds(&asked, found.fixes, needed),
            ..found
        };
    }
    base(Cause::MissingExecutable, Some(path), format!("{program} cannot be executed: {errno}."))
}

/// Everything that a program needs to start and that the sandbox hides: itself, its loader, its libraries.
fn needed_with(case: &Case<'_>, asked: &Asked<'_>, program: &AbsPath) -> Vec<AbsPath> {
    let interpreter = case.programs.interpreter(program);
    let mut all: Vec<AbsPath> = std::iter::once(program.clone()).chain(interpreter.clone()).collect();
    for file in std::iter::once(program).chain(interpreter.as_ref()) {
        all.extend(case.programs.libraries(file));
    }
    all.sort();
    all.dedup();
    all.retain(|path| asked.view_denies(path));
    all
}

/// One line that brings in exactly what is missing, before any other fix.
fn with_binds(asked: &Asked<'_>, others: Vec<FindingFix>, needed: Vec<AbsPath>) -> Vec<FindingFix> {
    if needed.is_empty() {
        return others;
    }
    let words: Vec<String> = needed.iter().map(ToString::to_string).collect();
    let line = format!("BindReadOnlyPaths={}", words.join(" "));
    let fix = FindingFix {
        lines: vec![line],
        why: "Exactly what the program needs to start and the sandbox hides: itself, its loader, its libraries.".to_owned(),
    };
    let opens = asked.works_with(&fix.lines, &needed);
    if !opens {
        return others;
    }
    let others = others.into_iter().filter(|other| other.lines != fix.lines).collect::<Vec<_>>();
    std::iter::once(fix).chain(others).collect()
}

fn library(name: &str, entry: &Entry, case: Option<&Case<'_>>) -> Finding {
    let base = Finding {
        cause: Cause::MissingLibrary,
        path: None,
        detail: Some(name.to_owned()),
        origin: None,
        explanation: format!("The loader does not find {name} in the service's own tree."),
        evidence: entry.line.clone(),
        fixes: Vec::new(),
    };
    let Some(case) = case else { return base };
    let Some(program) = case.settings.service.exec_start.first().and_then(|c| AbsPath::parse(&c.path).ok())
    else {
        return base;
    };
    let asked = Asked::of(case);
    let needed = needed_with(case, &asked, &program);
    let path = needed.iter().find(|path| path.file_name().is_some_and(|file| file == name)).cloned();
    let origin = path.as_ref().and_then(|path| asked.denial(path, AccessKind::Read, name, entry)?.origin);
    Finding { path, origin, fixes: with_binds(&asked, Vec::new(), needed), ..base }
}

/// A path in a program's own words: the plan says what denies it.
fn denied(paths: &[AbsPath], errno: Errno, entry: &Entry, case: Option<&Case<'_>>) -> Option<Finding> {
    let Some(case) = case else {
        let cause = match errno {
            Errno::EROFS => Cause::ReadOnlyPath,
            Errno::EACCES => Cause::UnixPermissions,
            _ => return None,
        };
        return Some(Finding {
            cause,
            path: paths.first().cloned(),
            detail: None,
            origin: None,
            explanation: "Without the unit it cannot be said which of its lines denies that.".to_owned(),
            evidence: entry.line.clone(),
            fixes: Vec::new(),
        });
    };
    let asked = Asked::of(case);
    // What asks for least comes first: nobody is told to open for writing what need only be read.
    let kinds = [AccessKind::Read, AccessKind::Execute, AccessKind::Write, AccessKind::Create];
    for path in paths {
        for kind in kinds {
            if let Some(found) = asked.denial(path, kind, "", entry)
                && asked.errno(path, kind) == Some(errno)
                && (found.origin.is_some() || found.cause == Cause::UnixPermissions)
                // Few files are programs: that one may not be executed tells nothing, unless its mount forbids it.
                && (kind != AccessKind::Execute || found.cause == Cause::NoExec)
            {
                return Some(found);
            }
        }
    }
    None
}

fn sigsys(call: Option<(u32, u32)>, entry: &Entry, case: Option<&Case<'_>>) -> Finding {
    let call = call
        .and_then(|(architecture, number)| Syscall::numbered(Abi::of_call(architecture, number)?, number));
    let groups: Vec<&str> =
        call.map(|call| Group::containing(call).into_iter().map(|g| g.name()).collect()).unwrap_or_default();
    let origin = case.and_then(|case| match call {
        Some(call) => {
            let machine = ringfence_seccomp::Machine::HERE?;
            case.settings.syscalls.filter.value.verdict(call, machine).origin.cloned()
        }
        None => case.settings.syscalls.filter.lines.last().cloned(),
    });
    let fixes = call.map(|call| FindingFix {
        lines: vec![format!("SystemCallFilter={}", call.name())],
        why: format!("Lets {}() through, and nothing else.", call.name()),
    });
    Finding {
        cause: Cause::SyscallFiltered,
        path: None,
        detail: call.map(|call| call.name().to_owned()),
        origin,
        explanation: match call {
            Some(call) => format!("The process was killed for calling {}(), which is in {}.", call.name(), groups.join(", ")),
            None => "The process was killed for a system call that SystemCallFilter= does not let through; the audit log names it.".to_owned(),
        },
        evidence: entry.line.clone(),
        fixes: fixes.into_iter().collect(),
    }
}

/// The unit's plan, ready to be asked.
struct Asked<'a> {
    case: &'a Case<'a>,
    plan: Plan,
    who: Credentials,
}

impl<'a> Asked<'a> {
    fn of(case: &'a Case<'a>) -> Asked<'a> {
        let plan = Plan::of(case.settings, case.facts, &case.run, Mode::Faithful);
        Asked { case, plan, who: Credentials::of(case.settings, case.facts) }
    }

    fn verdict(&self, path: &AbsPath, kind: AccessKind) -> Verdict {
        decide(&View::of(&self.plan, self.case.facts), &self.who, &Access { path: path.clone(), kind })
    }

    fn errno(&self, path: &AbsPath, kind: AccessKind) -> Option<Errno> {
        self.verdict(path, kind).errno()
    }

    fn view_denies(&self, path: &AbsPath) -> bool {
        matches!(self.verdict(path, AccessKind::Read), Verdict::Denied { .. })
    }

    /// Whether all of these can be read once the lines are added.
    fn works_with(&self, lines: &[String], paths: &[AbsPath]) -> bool {
        let text = format!("[Service]\n{}\n", lines.join("\n"));
        let tried = self.case.unit.with_drop_in(Path::new("/zz-fix.conf"), text);
        let (settings, _) = Settings::from_unit(&tried);
        let plan = Plan::of(&settings, self.case.facts, &self.case.run, Mode::Faithful);
        let view = View::of(&plan, self.case.facts);
        let reads = |path: &AbsPath| {
            let access = Access { path: path.clone(), kind: AccessKind::Read };
            !matches!(decide(&view, &self.who, &access), Verdict::Denied { .. })
        };
        plan.failure.is_none() && paths.iter().all(reads)
    }

    fn denial(&self, path: &AbsPath, kind: AccessKind, detail: &str, entry: &Entry) -> Option<Finding> {
        let Verdict::Denied { because, .. } = self.verdict(path, kind) else { return None };
        let in_tmp = ["/tmp", "/var/tmp"].iter().any(|tmp| path.as_path().starts_with(tmp));
        let private_tmp = self.case.settings.sandbox.private_tmp.value != PrivateTmp::No;
        let cause = match because.cause {
            decide::Cause::ReadOnlyMount | decide::Cause::HostReadOnly => Cause::ReadOnlyPath,
            decide::Cause::NoExecMount => Cause::NoExec,
            _ if in_tmp && private_tmp => Cause::PrivateTmp,
            _ if path.as_path().starts_with("/dev") && because.cause != decide::Cause::Permissions => {
                Cause::PrivateDevice
            }
            decide::Cause::Inaccessible | decide::Cause::Hidden => Cause::HiddenPath,
            decide::Cause::Permissions => Cause::UnixPermissions,
            decide::Cause::Capability => Cause::CapabilityMissing,
            decide::Cause::Device => Cause::PrivateDevice,
            decide::Cause::Missing | decide::Cause::Kind | decide::Cause::Open => Cause::Other,
        };
        let access = Access { path: path.clone(), kind };
        let ways = fixes(self.case.unit, self.case.facts, &self.case.run, Mode::Faithful, &access);
        Some(Finding {
            cause,
            path: Some(path.clone()),
            detail: (!detail.is_empty()).then(|| detail.to_owned()),
            origin: because.origin.clone(),
            explanation: because.reason.clone(),
            evidence: entry.line.clone(),
            fixes: ways.into_iter().map(|fix| FindingFix { lines: fix.lines, why: fix.why }).collect(),
        })
    }
}
