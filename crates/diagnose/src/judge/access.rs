//! A path in a program's own words, or one that a recorder saw refused: the plan says what denies it.

use super::call;
use crate::case::Asked;
use crate::clue::Want;
use crate::{Cause, Finding, FindingFix};
use ringfence_sandbox::decide::{self, Because};
use ringfence_settings::{ProcSubset, ProtectProc};
use ringfence_terms::{AbsPath, AccessKind, Errno, Origin};

pub fn judge(
    paths: &[AbsPath],
    errno: Errno,
    want: Want,
    calls: &[&'static str],
    asked: Option<&Asked<'_>>,
) -> Option<Finding> {
    let Some(asked) = asked else { return without_unit(paths, errno) };
    for path in paths {
        if let Some(found) = processes(asked, path, errno) {
            return Some(found);
        }
        for kind in kinds(asked, path, errno, want) {
            let Some(because) = asked.denied_with(path, kind, errno) else { continue };
            if tells(&because, kind) {
                return Some(explained(asked, path, kind, want, &because));
            }
        }
    }
    call::filtered(calls, errno, asked).or_else(|| call::filtered_on_paths(paths.first()?, errno, asked))
}

/// Without the unit nothing can be asked, and that something is missing is no evidence of anything.
fn without_unit(paths: &[AbsPath], errno: Errno) -> Option<Finding> {
    let (cause, what) = match errno {
        Errno::EROFS => {
            (Cause::ReadOnlyPath, "The path is read-only for the service; its owner and mode do not matter.")
        }
        Errno::EACCES => {
            (Cause::UnixPermissions, "The service's user may not use the path, or a sandbox hides it.")
        }
        _ => return None,
    };
    let explanation = format!("{what} Without the unit it cannot be said which of its lines denies that.");
    Some(Finding { path: paths.first().cloned(), ..Finding::new(cause, explanation) })
}

/// What may have been tried, the likeliest first. Where the line does not tell, what asks for least comes first, so that
/// nobody is told to open for writing what need only be read; but what only the service itself keeps is kept to be written.
fn kinds(asked: &Asked<'_>, path: &AbsPath, errno: Errno, want: Want) -> Vec<AccessKind> {
    use AccessKind::{Create, Execute, Read, Write};
    match want {
        // Nothing else fails so.
        _ if errno == Errno::EROFS => vec![Write, Create],
        Want::Read => vec![Read],
        Want::Execute => vec![Execute, Read],
        Want::Change => vec![Write, Create, Read],
        // What is hidden is so for all.
        Want::Unknown if errno == Errno::ENOENT && !keeps_state(asked, path) => vec![Read],
        Want::Unknown if keeps_state(asked, path) => vec![Write, Create, Read, Execute],
        Want::Unknown => vec![Read, Execute, Write, Create],
    }
}

/// Where services keep what they write (file-hierarchy(7)).
const STATE: [&str; 8] =
    ["/var/lib", "/var/cache", "/var/log", "/var/spool", "/run", "/tmp", "/var/tmp", "/srv"];

/// Whether a path lies where services write, and the service's user may write it on the host.
fn keeps_state(asked: &Asked<'_>, path: &AbsPath) -> bool {
    let in_place = STATE.iter().any(|base| path.as_path().starts_with(base));
    let facts = asked.case.facts;
    let node = facts.node(path).or_else(|_| path.parent().ok_or(Errno::ENOENT).and_then(|p| facts.node(&p)));
    let Ok(node) = node else { return in_place };
    let who = &asked.who;
    let own = node.uid == who.uid && node.mode & 0o200 != 0;
    let groups = (node.gid == who.gid || who.groups.contains(&node.gid)) && node.mode & 0o020 != 0;
    (in_place && (own || groups)) || (own && who.uid != 0)
}

/// Few files are programs: that one may not be executed tells nothing, unless its mount forbids it.
fn tells(because: &Because, kind: AccessKind) -> bool {
    let responsible = because.origin.is_some()
        || matches!(because.cause, decide::Cause::Permissions | decide::Cause::HostReadOnly);
    responsible && (kind != AccessKind::Execute || because.cause == decide::Cause::NoExecMount)
}

fn explained(asked: &Asked<'_>, path: &AbsPath, kind: AccessKind, want: Want, because: &Because) -> Finding {
    let mut found = asked.finding(path, kind, because);
    match found.cause {
        Cause::ReadOnlyPath => found.explanation.push_str(&read_only(path, because)),
        Cause::UnixPermissions => {
            found.detail = Some(because.at.to_string());
            found.explanation = permissions(asked, because).unwrap_or(found.explanation);
        }
        Cause::NoExec => found.detail = Some(because.at.to_string()),
        _ => {}
    }
    // Whether it was to be read or written is not known: both ways are offered.
    let changes = matches!(kind, AccessKind::Write | AccessKind::Create);
    if want == Want::Unknown && matches!(found.cause, Cause::HiddenPath | Cause::PrivateTmp) {
        let other = if changes { AccessKind::Read } else { AccessKind::Write };
        let (told, price) = match changes {
            true => ("If it is to be written", "If it is only read"),
            false => ("If it is only read", "If it is to be written"),
        };
        let more: Vec<FindingFix> =
            asked.fixes(path, other).into_iter().filter(|fix| !found.fixes.contains(fix)).collect();
        if !more.is_empty() {
            found.fixes.iter_mut().for_each(|fix| fix.why = format!("{told}: {}", fix.why));
            let more = more.into_iter().map(|fix| FindingFix { why: format!("{price}: {}", fix.why), ..fix });
            found.fixes.extend(more.collect::<Vec<_>>());
        }
    }
    found
}

/// What people try first does not help, and what would be better.
fn read_only(path: &AbsPath, because: &Because) -> String {
    let mut text = " Owner and mode do not matter here.".to_owned();
    if because.cause == decide::Cause::HostReadOnly {
        text.push_str(" No line of the unit can lift that: mount it writable on the host.");
    } else if ["/etc", "/usr"].iter().any(|top| path.as_path().starts_with(top)) {
        text.push_str(
            " What a service writes belongs below /var/lib: if it can be told to, give it a StateDirectory= there.",
        );
    }
    text
}

/// Which component, whose it is, and who was refused.
fn permissions(asked: &Asked<'_>, because: &Because) -> Option<String> {
    let node = asked.case.facts.node(&because.at).ok()?;
    let name = |named: Option<String>, number: u32| match named {
        Some(name) if name != number.to_string() => format!("{name} ({number})"),
        _ => number.to_string(),
    };
    let user = |uid: u32| name(asked.case.facts.user(&uid.to_string()).map(|user| user.name), uid);
    Some(format!(
        "{} The owner of {} is user {}, group {}, mode {:04o}; the service runs as user {}, group {}. No mount is in the way: plain permissions are.",
        because.reason,
        because.at,
        user(node.uid),
        node.gid,
        node.mode & 0o7777,
        user(asked.who.uid),
        asked.who.gid,
    ))
}

/// What `ProcSubset=` and `ProtectProc=` take out of `/proc` (proc(5), "Mount options").
fn processes(asked: &Asked<'_>, path: &AbsPath, errno: Errno) -> Option<Finding> {
    let below = path.as_path().strip_prefix("/proc").ok()?;
    let first = below.components().next()?.as_os_str().to_str()?;
    if !matches!(errno, Errno::ENOENT | Errno::EACCES | Errno::EPERM)
        || matches!(first, "self" | "thread-self")
    {
        return None;
    }
    let sandbox = &asked.case.settings.sandbox;
    let is_process = first.bytes().all(|byte| byte.is_ascii_digit());
    let exists = asked.case.facts.node(path).is_ok();
    let finding = |origin: Option<Origin>, line: &str, explanation: String| Finding {
        path: Some(path.clone()),
        origin,
        fixes: vec![FindingFix::line(line, "There is no narrower exception.")],
        ..Finding::new(Cause::HiddenPath, explanation)
    };
    if !is_process && exists && sandbox.proc_subset.value == ProcSubset::Pid {
        let text = format!(
            "{path} exists on the host, but with ProcSubset=pid the service's /proc shows processes only."
        );
        return Some(finding(sandbox.proc_subset.origin.clone(), "ProcSubset=all", text));
    }
    if is_process && sandbox.protect_proc.value != ProtectProc::Default {
        let text =
            format!("{path} is of a process that ProtectProc= hides from the service: another user's.");
        return Some(finding(sandbox.protect_proc.origin.clone(), "ProtectProc=default", text));
    }
    None
}
