//! Exit statuses by number or name (systemd: `src/shared/exit-status.c: exit_status_mappings`).

use super::number;

/// Names of 0 to 7: the C library's, then those that the Linux Standard Base has for init scripts.
const LOW: [&str; 8] = [
    "SUCCESS",
    "FAILURE",
    "INVALIDARGUMENT",
    "NOTIMPLEMENTED",
    "NOPERMISSION",
    "NOTINSTALLED",
    "NOTCONFIGURED",
    "NOTRUNNING",
];

/// Names of 64 to 78, from BSD's `sysexits.h`.
const BSD: [&str; 15] = [
    "USAGE",
    "DATAERR",
    "NOINPUT",
    "NOUSER",
    "NOHOST",
    "UNAVAILABLE",
    "SOFTWARE",
    "OSERR",
    "OSFILE",
    "CANTCREAT",
    "IOERR",
    "TEMPFAIL",
    "PROTOCOL",
    "NOPERM",
    "CONFIG",
];

/// Names of 200 to 245, systemd's own for failures before a program runs; two numbers are not used.
const SYSTEMD: [&str; 46] = [
    "CHDIR",
    "NICE",
    "FDS",
    "EXEC",
    "MEMORY",
    "LIMITS",
    "OOM_ADJUST",
    "SIGNAL_MASK",
    "STDIN",
    "STDOUT",
    "CHROOT",
    "IOPRIO",
    "TIMERSLACK",
    "SECUREBITS",
    "SETSCHEDULER",
    "CPUAFFINITY",
    "GROUP",
    "USER",
    "CAPABILITIES",
    "CGROUP",
    "SETSID",
    "CONFIRM",
    "STDERR",
    "",
    "PAM",
    "NETWORK",
    "NAMESPACE",
    "NO_NEW_PRIVILEGES",
    "SECCOMP",
    "SELINUX_CONTEXT",
    "PERSONALITY",
    "APPARMOR",
    "ADDRESS_FAMILIES",
    "RUNTIME_DIRECTORY",
    "",
    "CHOWN",
    "SMACK_PROCESS_LABEL",
    "KEYRING",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "NUMA_POLICY",
    "CREDENTIALS",
    "BPF",
    "KSM",
];

/// Every name with its status.
fn names() -> impl Iterator<Item = (&'static str, u8)> {
    let low = LOW.into_iter().zip(0..);
    let bsd = BSD.into_iter().zip(64..);
    let systemd = SYSTEMD.into_iter().zip(200..);
    low.chain(bsd).chain(systemd).chain([("EXCEPTION", 255)]).filter(|(name, _)| !name.is_empty())
}

/// A name or a number up to 255 (systemd: `exit_status_from_string`).
pub(crate) fn parse(text: &str) -> Option<u8> {
    names()
        .find(|(name, _)| *name == text)
        .map(|(_, status)| status)
        .or_else(|| number::unsigned(text).ok().and_then(|number| number.try_into().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_their_numbers() {
        for (text, status) in [
            ("SUCCESS", Some(0)),
            ("NOTRUNNING", Some(7)),
            ("TEMPFAIL", Some(75)),
            ("CHDIR", Some(200)),
            ("EXEC", Some(203)),
            ("SETSID", Some(220)),
            ("PAM", Some(224)),
            ("NAMESPACE", Some(226)),
            ("RUNTIME_DIRECTORY", Some(233)),
            ("CHOWN", Some(235)),
            ("CREDENTIALS", Some(243)),
            ("KSM", Some(245)),
            ("EXCEPTION", Some(255)),
            ("255", Some(255)),
            ("256", None),
            ("", None),
            ("exec", None),
            ("SIGTERM", None),
        ] {
            assert_eq!(parse(text), status, "{text}");
        }
    }
}
