//! systemd's messages (`src/core/exec-invoke.c`, `src/core/namespace.c`; all versions since 247).

use crate::clue::Clue;
use crate::words::errno_in;
use regex::Regex;
use ringfence_terms::{AbsPath, Errno};
use std::sync::LazyLock;

/// A pattern that is right as it stands; a test compiles each.
struct Pattern(LazyLock<Option<Regex>>);

impl Pattern {
    fn first<'m>(&self, message: &'m str) -> Option<regex::Captures<'m>> {
        self.0.as_ref()?.captures(message)
    }
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: Pattern = Pattern(LazyLock::new(|| Regex::new($text).ok()));
    };
}

pattern!(
    NAMESPACE,
    r"Failed to set up mount namespacing: (?:/run/systemd/(?:unit-root|mount-rootfs))?(/[^:]*): (.+)"
);
pattern!(LOCATE, r"Unable to locate executable '([^']+)': (.+)");
pattern!(EXECUTE, r"Failed to execute (?:command|(/\S+)): (.+)");
pattern!(STEP, r"Failed at step (\w+) spawning (\S+): (.+)");
pattern!(CHDIR, r"Changing to the requested working directory failed: (.+)");
pattern!(DIRECTORY, r"Failed to set up special execution directory in (/\S+): (.+)");
pattern!(CREDENTIALS, r"Failed to set up credentials: ");
pattern!(SIGSYS, r"code=(?:killed|dumped), status=31/SYS");
pattern!(STATUS, r"(?:Main|Control) process exited, code=exited, status=(\d+)/([A-Z_]+)");

pub fn clue(message: &str) -> Option<Clue> {
    let errno = errno_in;
    if let Some(found) = NAMESPACE.first(message) {
        let path = AbsPath::parse(&found[1]).ok()?;
        return Some(Clue::Namespace { path, errno: errno(&found[2])? });
    }
    if let Some(found) = LOCATE.first(message) {
        return Some(Clue::Execute { program: found[1].to_owned(), errno: errno(&found[2])? });
    }
    if let Some(found) = STEP.first(message) {
        return match &found[1] {
            "EXEC" => Some(Clue::Execute { program: found[2].to_owned(), errno: errno(&found[3])? }),
            step @ ("USER" | "GROUP") => Some(Clue::UserMissing { group: step == "GROUP" }),
            "CHDIR" => Some(Clue::WorkingDirectory { errno: errno(&found[3]) }),
            "CREDENTIALS" => Some(Clue::Credentials),
            _ => None,
        };
    }
    if let Some(found) = EXECUTE.first(message) {
        let program = found.get(1)?.as_str().to_owned();
        return Some(Clue::Execute { program, errno: errno(&found[2]).unwrap_or(Errno::ENOEXEC) });
    }
    if let Some(found) = CHDIR.first(message) {
        return Some(Clue::WorkingDirectory { errno: errno(&found[1]) });
    }
    if let Some(found) = DIRECTORY.first(message) {
        return Some(Clue::DirectorySetup { base: found[1].to_owned() });
    }
    for (text, group) in
        [("Failed to determine user credentials", false), ("Failed to determine group credentials", true)]
    {
        if message.contains(text) {
            return Some(Clue::UserMissing { group });
        }
    }
    if CREDENTIALS.first(message).is_some() {
        return Some(Clue::Credentials);
    }
    if message.contains("start operation timed out") {
        return Some(Clue::StartTimeout);
    }
    if message.contains("reception only permitted for") || message.contains("but reception is disabled") {
        return Some(Clue::NotifyRefused);
    }
    if SIGSYS.first(message).is_some() {
        return Some(Clue::Sigsys { call: None });
    }
    let found = STATUS.first(message)?;
    let status = found[1].parse().ok().filter(|status| (200..=245).contains(status))?;
    Some(Clue::Status { status })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for pattern in
            [&NAMESPACE, &LOCATE, &EXECUTE, &STEP, &CHDIR, &DIRECTORY, &CREDENTIALS, &SIGSYS, &STATUS]
        {
            assert!(pattern.0.is_some());
        }
    }

    #[test]
    fn the_internal_prefixes_of_all_versions_are_taken_off() {
        let path = AbsPath::parse("/nope").unwrap();
        for prefix in ["", "/run/systemd/unit-root", "/run/systemd/mount-rootfs"] {
            let message = format!(
                "x.service: Failed to set up mount namespacing: {prefix}/nope: No such file or directory"
            );
            assert_eq!(clue(&message), Some(Clue::Namespace { path: path.clone(), errno: Errno::ENOENT }));
        }
    }

    #[test]
    fn who_may_not_say_that_it_is_ready_is_told_of_in_debug_logs_only() {
        let message =
            "x.service: Got notification message from PID 7, but reception only permitted for main PID 6";
        assert_eq!(clue(message), Some(Clue::NotifyRefused));
    }
}
