//! 203/EXEC: the program itself, what interprets it, or what it is linked with.

use crate::case::Asked;
use crate::{Cause, Finding, FindingFix};
use ringfence_loader::{Needs, Role};
use ringfence_sandbox::decide::{Because, Verdict};
use ringfence_terms::{AbsPath, AccessKind, Errno};

pub fn judge(program: &str, errno: Errno, asked: Option<&Asked<'_>>) -> Finding {
    let path = AbsPath::parse(program).ok();
    let plain = |path: Option<AbsPath>| Finding {
        path,
        detail: Some(program.to_owned()),
        ..Finding::new(Cause::MissingExecutable, format!("{program} cannot be executed: {errno}."))
    };
    let (Some(asked), Some(path)) = (asked, path.clone()) else { return plain(path) };
    let needs = asked.case.programs.needs(&path);
    let hidden = hidden(asked, &path, &needs);
    if let Some(because) = denial(asked, &path) {
        let found = asked.finding(&path, AccessKind::Execute, &because);
        let cause = match found.cause {
            told @ (Cause::NoExec | Cause::UnixPermissions) => told,
            _ => Cause::MissingExecutable,
        };
        let fixes = with_binds(asked, found.fixes, hidden);
        return Finding { cause, detail: Some(program.to_owned()), fixes, ..found };
    }
    let runs = needs.found.iter().filter(|need| need.role != Role::Library);
    for need in runs {
        let Some(because) = denial(asked, &need.path) else { continue };
        let found = asked.finding(&need.path, AccessKind::Execute, &because);
        return Finding {
            cause: Cause::MissingInterpreter,
            detail: Some(program.to_owned()),
            explanation: format!(
                "{program} is there, but {}, which runs it, is not: the kernel says \"No such file\" of the program itself. {}",
                need.path, found.explanation
            ),
            fixes: with_binds(asked, found.fixes, hidden),
            ..found
        };
    }
    let missing = needs.missing.iter().find_map(|(name, _)| AbsPath::parse(name).ok());
    match missing {
        Some(interpreter) => Finding {
            path: Some(interpreter.clone()),
            detail: Some(program.to_owned()),
            ..Finding::new(
                Cause::MissingInterpreter,
                format!(
                    "{program} is there, but {interpreter}, which runs it, does not exist on this machine."
                ),
            )
        },
        None => plain(Some(path)),
    }
}

/// What keeps a file from being executed.
fn denial(asked: &Asked<'_>, path: &AbsPath) -> Option<Because> {
    match asked.verdict(path, AccessKind::Execute) {
        Verdict::Denied { because, .. } => Some(because),
        _ => None,
    }
}

/// Everything that a program needs to start and that the sandbox hides: itself, what runs it, its libraries, and the
/// loader's cache where only that says where they are.
fn hidden(asked: &Asked<'_>, program: &AbsPath, needs: &Needs) -> Vec<AbsPath> {
    let through_cache = needs.found.iter().any(|need| need.through_cache);
    let cache = AbsPath::parse("/etc/ld.so.cache").ok().filter(|_| through_cache);
    let found = needs.found.iter().map(|need| need.path.clone());
    let mut all: Vec<AbsPath> = std::iter::once(program.clone()).chain(found).chain(cache).collect();
    all.sort();
    all.dedup();
    all.retain(|path| asked.hides(path));
    all
}

/// One line that brings in exactly what is missing, before any other fix.
fn with_binds(asked: &Asked<'_>, others: Vec<FindingFix>, needed: Vec<AbsPath>) -> Vec<FindingFix> {
    if needed.is_empty() {
        return others;
    }
    let words: Vec<String> = needed.iter().map(ToString::to_string).collect();
    let fix = FindingFix::line(
        format!("BindReadOnlyPaths={}", words.join(" ")),
        "Exactly what the program needs to start and the sandbox hides: itself, its loader, its libraries.",
    );
    if !asked.shown_with(&fix.lines, &needed) {
        return others;
    }
    let others = others.into_iter().filter(|other| other.lines != fix.lines).collect::<Vec<_>>();
    std::iter::once(fix).chain(others).collect()
}

/// A library that the loader did not find: of all programs of the unit, the one that needs it tells where it is.
pub fn library(name: &str, asked: Option<&Asked<'_>>) -> Finding {
    let base = Finding {
        detail: Some(name.to_owned()),
        ..Finding::new(
            Cause::MissingLibrary,
            format!("The loader does not find {name} in the service's own tree."),
        )
    };
    let Some(asked) = asked else { return base };
    let service = &asked.case.settings.service;
    let commands = service.exec_start_pre.iter().chain(&service.exec_start).chain(&service.exec_start_post);
    for program in commands.filter_map(|command| AbsPath::parse(&command.path).ok()) {
        let needs = asked.case.programs.needs(&program);
        let hidden = hidden(asked, &program, &needs);
        let Some(path) =
            hidden.iter().find(|path| path.file_name().is_some_and(|file| file == name)).cloned()
        else {
            continue;
        };
        let origin = match asked.verdict(&path, AccessKind::Read) {
            Verdict::Denied { because, .. } => because.origin,
            _ => None,
        };
        return Finding { path: Some(path), origin, fixes: with_binds(asked, Vec::new(), hidden), ..base };
    }
    base
}
