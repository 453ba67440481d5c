//! Audit records and kernel messages (audit(8); `type=1326` is a seccomp filter's).

use crate::clue::Clue;
use ringfence_terms::AbsPath;

pub fn clue(message: &str) -> Option<Clue> {
    if message.contains("type=1326") || message.contains("SECCOMP") && message.contains("syscall=") {
        let number = field(message, "syscall")?.parse().ok()?;
        let architecture = u32::from_str_radix(field(message, "arch")?, 16).ok()?;
        return Some(Clue::Sigsys { call: Some((architecture, number)) });
    }
    if message.contains("apparmor=\"DENIED\"") {
        let path = field(message, "name").and_then(|name| AbsPath::parse(name).ok());
        return Some(Clue::MandatoryAccessControl { module: "AppArmor", path });
    }
    if message.contains("avc:") && message.contains("denied") {
        let path = field(message, "path").and_then(|path| AbsPath::parse(path).ok());
        return Some(Clue::MandatoryAccessControl { module: "SELinux", path });
    }
    None
}

/// The value of `NAME=VALUE`, quotes taken off.
fn field<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    message
        .split_whitespace()
        .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
        .map(|v| v.trim_matches('"'))
}
