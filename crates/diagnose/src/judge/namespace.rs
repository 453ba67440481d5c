//! 226/NAMESPACE: a line names a path that is not there.

use super::relist::relisted;
use crate::case::Asked;
use crate::{Cause, Finding, FindingFix};
use ringfence_sandbox::plan::{Mode, Plan};
use ringfence_settings::{DirectoryKind, Settings};
use ringfence_terms::{AbsPath, Errno, Origin};

pub fn judge(path: &AbsPath, errno: Errno, asked: Option<&Asked<'_>>) -> Finding {
    let origin = asked.and_then(|asked| names(asked.case.settings, path));
    let fixes = match (asked, &origin, errno) {
        (Some(asked), Some(origin), Errno::ENOENT) => ways(asked, origin, path),
        _ => Vec::new(),
    };
    let explanation = match errno {
        Errno::ENOENT => format!(
            "{path} is not there in the service's own tree, and the line that names it does not allow that. Create it ({}), \
             or let it be missing.",
            asked.map_or_else(
                || "owned by whom the service runs as".to_owned(),
                |asked| how_to_create(asked, path)
            ),
        ),
        _ => format!("{path} cannot be mounted in the service's own tree: {errno}."),
    };
    Finding {
        path: Some(path.clone()),
        detail: Some(errno.to_string()),
        origin,
        fixes,
        ..Finding::new(Cause::MissingNamespacePath, explanation)
    }
}

/// The command that makes a directory for the service.
fn how_to_create(asked: &Asked<'_>, path: &AbsPath) -> String {
    let identity = &asked.case.settings.identity;
    match (identity.user.value.as_deref(), identity.group.value.as_deref()) {
        (None, None) => format!("install -d -m 0755 {path}"),
        (user, group) => {
            let of =
                |flag: &str, name: Option<&str>| name.map_or(String::new(), |name| format!(" {flag} {name}"));
            format!("install -d -m 0755{}{} {path}", of("-o", user), of("-g", group))
        }
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
    // ProtectSystem=full needs /etc, and strict everything, in an empty tree.
    let protect = || {
        settings
            .sandbox
            .protect_system
            .origin
            .clone()
            .filter(|_| path.as_bytes() == b"/etc" || path.as_bytes() == b"/usr")
    };
    access.or_else(bind).or_else(temporary).or_else(root).or_else(protect)
}

/// The directory made by systemd where a directive of its own is for that, then the same line with a `-` before the path.
fn ways(asked: &Asked<'_>, origin: &Origin, path: &AbsPath) -> Vec<FindingFix> {
    let mut all: Vec<FindingFix> = own_directory(origin, path).into_iter().collect();
    all.extend(optional(asked, origin, path));
    all.retain(|fix| {
        let settings = asked.settings_with(&fix.lines);
        let plan = Plan::of(&settings, asked.case.facts, &asked.case.run, Mode::Faithful);
        plan.failure.is_none_or(|failure| failure.path.as_ref() != Some(path))
    });
    all
}

/// `StateDirectory=` and its kin, for what is to be written directly below one of their bases.
fn own_directory(origin: &Origin, path: &AbsPath) -> Option<FindingFix> {
    if !matches!(&*origin.directive, "ReadWritePaths" | "ReadWriteDirectories" | "BindPaths") {
        return None;
    }
    let parent = path.parent()?.to_string();
    let kind = DirectoryKind::ALL.into_iter().find(|kind| kind.system_base() == parent)?;
    let name = path.file_name()?.to_str()?;
    Some(FindingFix::line(
        format!("{}={name}", kind.directive()),
        format!(
            "systemd makes {path} before each start, owned by the service's user, and writable in its sandbox."
        ),
    ))
}

fn optional(asked: &Asked<'_>, origin: &Origin, path: &AbsPath) -> Option<FindingFix> {
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
    (changed != *origin.value).then(|| FindingFix {
        lines: relisted(asked, origin, Some(&changed)),
        why: format!("{path} may be missing; the service cannot use it before it is there and the service is started again."),
    })
}
