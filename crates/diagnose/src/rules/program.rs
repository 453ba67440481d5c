//! What programs say in words of their own.

use super::OPERATIONS;
use crate::clue::{Clue, Want};
use crate::log::Entry;
use crate::rules::Operation;
use crate::words::{Hit, errno_of, paths_in, want_in};
use regex::Regex;
use ringfence_seccomp::{AddressFamily, NamespaceType, Syscall};
use ringfence_terms::{AbsPath, Errno};
use std::sync::LazyLock;

pub fn clue(message: &str, hits: &[Hit], before: &[&Entry]) -> Option<Clue> {
    if hits.contains(&Hit::WriteExecute) && is_about_memory(message, hits) {
        return Some(Clue::WriteExecute);
    }
    if hits.contains(&Hit::Library) {
        let (_, rest) = message.split_once("error while loading shared libraries: ")?;
        return Some(Clue::Library { name: rest.split(':').next()?.trim().to_owned() });
    }
    let (errno, at) = errno_of(hits)?;
    let paths = paths_in(message, at);
    // A traceback names what was tried in the lines before the error.
    let context =
        |wanted: fn(&str) -> bool| before.iter().map(|entry| &*entry.message).find(|text| wanted(text));
    let bare = paths.is_empty();
    let forbids = matches!(errno, Errno::EACCES | Errno::EPERM);
    if bare && forbids && context(|text| text.contains("PROT_EXEC") || text.contains("mprotect")).is_some() {
        return Some(Clue::WriteExecute);
    }
    let said_before =
        || context(|text| operation(text).is_some() || names_a_namespace(text)).filter(|_| bare);
    if errno == Errno::EAFNOSUPPORT {
        let all = std::iter::once(message).chain(before.iter().map(|entry| &*entry.message));
        return Some(Clue::AddressFamily { family: all.into_iter().find_map(family_in) });
    }
    // That something is missing, or read-only, is about its path, whatever was tried.
    let about_a_path = matches!(errno, Errno::ENOENT | Errno::EROFS);
    let texts = std::iter::once(message).filter(|_| !about_a_path);
    for text in texts.chain(if about_a_path { None } else { said_before() }) {
        if names_a_namespace(text) {
            return Some(Clue::Unshare { kind: kind_in(text), errno });
        }
        let Some(operation) = operation(text).filter(|o| concerns(o, text, errno, &paths)) else { continue };
        return Some(Clue::Operation {
            calls: operation.calls.to_vec(),
            capability: operation.capability().filter(|_| errno == operation.errno),
            errno,
            path: paths.into_iter().next(),
        });
    }
    let told = want_in(message);
    let code = before.iter().filter(|entry| looks_like_a_traceback(&entry.line)).take(2);
    let said = std::iter::once(message).chain(code.map(|entry| &*entry.message));
    let calls: Vec<&'static str> = if about_a_path { Vec::new() } else { said.flat_map(calls_in).collect() };
    if !paths.is_empty() {
        let want = if told == Want::Unknown {
            let same = |text: &&str| paths.iter().any(|path| text.contains(&path.to_string()));
            before.iter().map(|entry| &*entry.message).find(same).map_or(Want::Unknown, want_in)
        } else {
            told
        };
        return Some(Clue::Denied { paths, errno, want, calls });
    }
    if errno == Errno::ENOENT {
        return None;
    }
    if !calls.is_empty() {
        return Some(Clue::Operation { calls, capability: None, errno, path: None });
    }
    let (paths, text) = before.iter().take(2).find_map(|entry| {
        let paths = paths_in(&entry.message, entry.message.len());
        (!paths.is_empty() && looks_like_a_traceback(&entry.line)).then_some((paths, &entry.message))
    })?;
    Some(Clue::Denied { paths, errno, want: want_in(text), calls })
}

/// Only code and stack traces stand before an error that they belong to.
fn looks_like_a_traceback(line: &str) -> bool {
    line.starts_with(' ') || line.starts_with('\t')
}

/// `mprotect` and `PROT_EXEC` are spoken of for other reasons, too.
fn is_about_memory(message: &str, hits: &[Hit]) -> bool {
    let calls = ["mprotect", "PROT_EXEC"];
    let only_a_call =
        calls.iter().any(|call| message.contains(call)) && !message.contains("executable memory");
    match errno_of(hits) {
        Some((errno, _)) => matches!(errno, Errno::EACCES | Errno::EPERM),
        None => !only_a_call,
    }
}

/// The operation that a text names.
fn operation(text: &str) -> Option<&'static Operation> {
    let text = text.to_lowercase();
    OPERATIONS.iter().find(|operation| operation.words.iter().any(|word| text.contains(word)))
}

/// Whether an operation's failure is about privileges, and not about the path that it names.
fn concerns(operation: &Operation, text: &str, errno: Errno, paths: &[AbsPath]) -> bool {
    let binds = operation.calls == ["bind"];
    let about_a_path = errno == Errno::EACCES && !paths.is_empty();
    let free_port = binds && port_in(text).is_some_and(|port| port >= 1024);
    !about_a_path && !free_port
}

/// A port, as addresses end with it.
fn port_in(text: &str) -> Option<u32> {
    static PORT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:[\d\]*.]:|:::|[Pp]ort:? |', )(\d{1,5})\b").ok());
    PORT.as_ref()?.captures(text)?.get(1)?.as_str().parse().ok()
}

fn names_a_namespace(text: &str) -> bool {
    text.contains("unshare")
        || text.contains("CLONE_NEW")
        || text.contains("user namespace")
        || text.contains("clone(")
}

fn kind_in(text: &str) -> Option<NamespaceType> {
    let lower = text.to_lowercase();
    let named = |kind: &NamespaceType| {
        let word = kind.word();
        let flag = match word {
            "mnt" => "clone_newns".to_owned(),
            _ => format!("clone_new{word}"),
        };
        lower.contains(&flag) || lower.contains(&format!("{word} namespace"))
    };
    NamespaceType::ALL.into_iter().find(named)
}

fn family_in(text: &str) -> Option<AddressFamily> {
    static FAMILY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b[AP]F_([A-Za-z0-9]+)\b").ok());
    let named = FAMILY.as_ref()?.captures(text).and_then(|c| AddressFamily::named(&format!("AF_{}", &c[1])));
    named
        .or_else(|| {
            AddressFamily::named("AF_INET6").filter(|_| text.contains("[::]") || text.contains("IPv6"))
        })
        .or_else(|| AddressFamily::named("AF_NETLINK").filter(|_| text.to_lowercase().contains("netlink")))
}

/// System calls that a line names: Go, Node and many C programs do. Each with the calls that C libraries make of it.
fn calls_in(message: &str) -> Vec<&'static str> {
    let words = message.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
    let mut calls = Vec::new();
    for word in words.filter(|word| word.len() > 2 && Syscall::named(word).is_some()) {
        let variants = ["", "at", "2", "64", "at2"].iter().map(|end| format!("{word}{end}"));
        for call in variants.chain([format!("f{word}"), format!("new{word}at")]) {
            calls.extend(Syscall::named(&call).map(Syscall::name));
        }
    }
    calls.sort_unstable();
    calls.dedup();
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::hits;
    use ringfence_settings::Capability;

    fn told(message: &str) -> Option<Clue> {
        clue(message, &hits(message), &[])
    }

    fn after(before: &str, message: &str) -> Option<Clue> {
        let entry = Entry { message: before.to_owned(), line: before.to_owned(), ..Entry::default() };
        clue(message, &hits(message), &[&entry])
    }

    fn capability(clue: Option<Clue>) -> Option<String> {
        match clue? {
            Clue::Operation { capability, .. } => capability.map(|c: Capability| c.to_string()),
            _ => None,
        }
    }

    #[test]
    fn privileged_operations_are_known_by_their_words() {
        for (message, wanted) in [
            (
                "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
                Some("CAP_NET_BIND_SERVICE"),
            ),
            ("Error: listen EACCES: permission denied 0.0.0.0:80", Some("CAP_NET_BIND_SERVICE")),
            ("listen tcp :80: bind: permission denied", Some("CAP_NET_BIND_SERVICE")),
            ("bind() to 0.0.0.0:8080 failed (13: Permission denied)", None),
            ("bind() to unix:/run/x.sock failed (13: Permission denied)", None),
            ("chown: changing ownership of '/srv/x': Operation not permitted", Some("CAP_CHOWN")),
            ("chown: changing ownership of '/srv/x': Read-only file system", None),
            ("setgid(33) failed (1: Operation not permitted)", Some("CAP_SETGID")),
            ("date: cannot set date: Operation not permitted", Some("CAP_SYS_TIME")),
            ("dmesg: read kernel buffer failed: Operation not permitted", Some("CAP_SYSLOG")),
        ] {
            assert_eq!(capability(told(message)).as_deref(), wanted, "{message}");
        }
        let code = "    s.bind(('0.0.0.0', 80))";
        let error = "PermissionError: [Errno 13] Permission denied";
        assert_eq!(capability(after(code, error)).as_deref(), Some("CAP_NET_BIND_SERVICE"));
        assert_eq!(capability(after("    s.bind(('0.0.0.0', 8080))", error)), None);
    }

    #[test]
    fn namespaces_families_and_memory() {
        let clue = told("unshare: unshare failed: Operation not permitted");
        assert_eq!(clue, Some(Clue::Unshare { kind: None, errno: Errno::EPERM }));
        let Some(Clue::AddressFamily { family }) =
            told("socket(AF_NETLINK): Address family not supported by protocol")
        else {
            panic!()
        };
        assert_eq!(family, AddressFamily::named("AF_NETLINK"));
        assert_eq!(
            told("MemoryError: Cannot allocate write+execute memory for ffi.callback()."),
            Some(Clue::WriteExecute)
        );
        assert_eq!(told("calling mprotect on 3 pages"), None);
    }

    #[test]
    fn calls_are_known_by_their_names() {
        let Some(Clue::Denied { calls, .. }) = told("mkdir /srv/x: operation not permitted") else {
            panic!()
        };
        assert_eq!(calls, ["mkdir", "mkdirat"]);
    }
}
