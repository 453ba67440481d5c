//! Audit records and kernel messages (audit(8); `type=1326` is a seccomp filter's, `1400` a security module's).

use super::Told;
use crate::clue::{Clue, Module};
use ringfence_terms::AbsPath;

/// The process that a record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// Its number.
    pub pid: Option<u32>,
    /// The file that it executes.
    pub executable: Option<String>,
    /// Its name, of at most 15 bytes.
    pub name: Option<String>,
}

pub fn told(message: &str) -> Option<Told> {
    let clue = seccomp(message)
        .or_else(|| app_armor(message))
        .or_else(|| smack(message))
        .or_else(|| selinux(message))?;
    let actor = Actor {
        pid: field(message, "pid").and_then(|pid| pid.parse().ok()),
        executable: field(message, "exe").map(decoded),
        name: field(message, "comm").map(decoded),
    };
    Some(Told { clue, actor: Some(actor) })
}

/// Only what ended a process or failed: `SystemCallLog=` makes records, too, of calls that were carried out
/// (`code=0x7ffc0000`, linux/seccomp.h `SECCOMP_RET_LOG`).
fn seccomp(message: &str) -> Option<Clue> {
    let is_one = message.contains("type=1326") || message.contains("SECCOMP") && message.contains("syscall=");
    if !is_one {
        return None;
    }
    let code =
        field(message, "code").and_then(|code| u32::from_str_radix(code.trim_start_matches("0x"), 16).ok());
    if code.is_some_and(|code| matches!(code & 0xFFFF_0000, 0x7FFC_0000 | 0x7FFF_0000)) {
        return None;
    }
    let number = field(message, "syscall")?.parse().ok()?;
    let architecture = u32::from_str_radix(field(message, "arch")?, 16).ok()?;
    Some(Clue::Sigsys { call: Some((architecture, number)) })
}

/// A profile in complain mode says `ALLOWED` (apparmor.d(5)).
fn app_armor(message: &str) -> Option<Clue> {
    if !message.contains("apparmor=\"DENIED\"") {
        return None;
    }
    let path = field(message, "name").and_then(|name| AbsPath::parse(decoded(name)).ok());
    let profile = field(message, "profile").map(decoded).unwrap_or_default();
    let operation = field(message, "operation").unwrap_or_default().trim_matches('"');
    let mask = field(message, "denied_mask")
        .map(|mask| format!(" ({})", mask.trim_matches('"')))
        .unwrap_or_default();
    let asked = format!("{operation}{mask}, profile {profile}");
    Some(Clue::SecurityModule { module: Module::AppArmor, path, asked })
}

/// A permissive domain's denials are only told of (avc messages, `permissive=1`).
fn selinux(message: &str) -> Option<Clue> {
    if !message.contains("avc:") || !message.contains("denied") || field(message, "permissive") == Some("1") {
        return None;
    }
    let name = field(message, "path").or_else(|| field(message, "name"));
    let path = name.and_then(|name| AbsPath::parse(decoded(name)).ok());
    let permissions =
        message.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(p, _)| p.trim());
    let context = |which: &str| field(message, which).unwrap_or("?").to_owned();
    let class = field(message, "tclass").unwrap_or("?");
    let asked = format!("{permissions} on {class}, {} to {}", context("scontext"), context("tcontext"));
    Some(Clue::SecurityModule { module: Module::SeLinux, path, asked })
}

/// `lsm=SMACK fn=smack_inode_permission action=denied` (Documentation/admin-guide/LSM/Smack.rst).
fn smack(message: &str) -> Option<Clue> {
    if !message.contains("lsm=SMACK") || field(message, "action") != Some("denied") {
        return None;
    }
    let name = field(message, "path").or_else(|| field(message, "name"));
    let path = name.and_then(|name| AbsPath::parse(decoded(name)).ok());
    let word = |which: &str| field(message, which).map(decoded).unwrap_or_default();
    let asked = format!("{} of {} by {}", word("requested"), word("object"), word("subject"));
    Some(Clue::SecurityModule { module: Module::Smack, path, asked })
}

/// The value of `NAME=VALUE`; in quotes it may hold blanks.
fn field<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let mut rest = message;
    loop {
        let at = rest.find(name)?;
        let before = rest[..at].chars().next_back();
        let after = &rest[at + name.len()..];
        let is_word = before.is_none_or(|c| c.is_whitespace() || c == '\'');
        if let (true, Some(value)) = (is_word, after.strip_prefix('=')) {
            let end = match value.strip_prefix('"') {
                Some(quoted) => quoted.find('"').map_or(value.len(), |end| end + 2),
                None => value.find(char::is_whitespace).unwrap_or(value.len()),
            };
            return Some(value[..end].trim_end_matches('\''));
        }
        rest = after;
    }
}

/// Names are in quotes, or, with a blank or a quote in them, in hexadecimal digits (`kernel/audit.c:
/// audit_log_n_untrustedstring`).
fn decoded(value: &str) -> String {
    if let Some(quoted) = value.strip_prefix('"') {
        return quoted.trim_end_matches('"').to_owned();
    }
    let digits = value.as_bytes();
    let is_hexadecimal =
        digits.len() >= 4 && digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit);
    if !is_hexadecimal {
        return value.to_owned();
    }
    let byte =
        |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|text| u8::from_str_radix(text, 16).ok());
    let bytes: Vec<u8> = digits.chunks_exact(2).filter_map(byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_refused_is_told() {
        let seccomp = |code: &str| {
            format!(
                "audit: type=1326 audit(1.1:2): auid=1 uid=0 pid=7 comm=\"x\" exe=\"/usr/bin/x\" sig=31 arch=c000003e syscall=165 compat=0 ip=0x7f code={code}"
            )
        };
        let told_of = |text: &str| told(text).map(|told| (told.clue, told.actor.and_then(|a| a.executable)));
        let killed = Some((Clue::Sigsys { call: Some((0xC000_003E, 165)) }, Some("/usr/bin/x".to_owned())));
        assert_eq!(told_of(&seccomp("0x80000000")), killed);
        assert_eq!(told_of(&seccomp("0x50001")), killed);
        assert_eq!(told_of(&seccomp("0x7ffc0000")), None);
        let aa = |word: &str| {
            format!(
                "audit: type=1400 audit(1.1:2): apparmor=\"{word}\" operation=\"open\" class=\"file\" profile=\"/usr/bin/x\" name=\"/srv/a b\" pid=7 comm=\"x\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0"
            )
        };
        let Some((Clue::SecurityModule { module, path, asked }, _)) = told_of(&aa("DENIED")) else {
            panic!()
        };
        assert_eq!((module, path.map(|p| p.to_string()).as_deref()), (Module::AppArmor, Some("/srv/a b")));
        assert_eq!(asked, "open (r), profile /usr/bin/x");
        assert_eq!(told_of(&aa("ALLOWED")), None);
        let avc = |permissive: u8| {
            format!(
                "audit: type=1400 audit(1.1:2): avc:  denied  {{ read }} for  pid=7 comm=\"httpd\" name=\"index.html\" dev=\"dm-0\" ino=3 scontext=system_u:system_r:httpd_t:s0 tcontext=unconfined_u:object_r:user_home_t:s0 tclass=file permissive={permissive}"
            )
        };
        assert!(told(&avc(0)).is_some());
        assert!(told(&avc(1)).is_none());
    }

    #[test]
    fn names_in_hexadecimal_are_read() {
        assert_eq!(decoded("2F7372762F612062"), "/srv/a b");
        assert_eq!(decoded("\"/srv/x\""), "/srv/x");
        assert_eq!(decoded("nginx"), "nginx");
    }
}
