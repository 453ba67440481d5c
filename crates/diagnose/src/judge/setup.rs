//! What systemd could not set up: accounts, directories, credentials, and whatever else ends with a status of its own.

use super::relist::relisted;
use super::{execute, namespace};
use crate::case::Asked;
use crate::{Cause, Finding, FindingFix};
use ringfence_sandbox::decide::Verdict;
use ringfence_settings::{Credential, ExecDirectory, WorkingDirectoryTarget};
use ringfence_terms::{AbsPath, AccessKind, Errno, Sourced};

/// 216, 217.
pub fn account(group: bool, asked: Option<&Asked<'_>>) -> Finding {
    let what = if group { "group" } else { "user" };
    let named = asked.map(|asked| {
        let identity = &asked.case.settings.identity;
        if group { &identity.group } else { &identity.user }
    });
    let name = named.and_then(|named| named.value.clone());
    let how = match (&name, group) {
        (Some(name), true) => format!(" Make it (groupadd --system {name}, or a line in sysusers.d)."),
        (Some(name), false) => format!(
            " Make it (useradd --system {name}, or a line in sysusers.d), or let systemd make one for each start: DynamicUser=yes."
        ),
        (None, _) => String::new(),
    };
    Finding {
        detail: name,
        origin: named.and_then(|named| named.origin.clone()),
        ..Finding::new(
            Cause::UserMissing,
            format!("The {what} that the unit names does not exist here.{how}"),
        )
    }
}

/// 200: the plan says what is in the way.
pub fn working_directory(errno: Option<Errno>, asked: Option<&Asked<'_>>) -> Finding {
    let base = Finding {
        detail: errno.map(|errno| errno.to_string()),
        ..Finding::new(
            Cause::WorkingDirectory,
            "The working directory cannot be entered by the service's user, in the service's own tree.",
        )
    };
    let Some(asked) = asked else { return base };
    let setting = &asked.case.settings.paths.working_directory;
    let path = match setting.value.directory.as_ref() {
        Some(WorkingDirectoryTarget::Path(path)) => Some(path.clone()),
        Some(WorkingDirectoryTarget::Home) | None => None,
    };
    let base = Finding { path: path.clone(), origin: setting.origin.clone(), ..base };
    let Some(path) = path else { return base };
    let Verdict::Denied { because, .. } = asked.verdict(&path, AccessKind::Read) else { return base };
    let mut fixes = asked.fixes(&path, AccessKind::Read);
    if errno == Some(Errno::ENOENT) && fixes.is_empty() {
        fixes.push(FindingFix::line(
            format!("WorkingDirectory=-{path}"),
            "The service starts in / where the directory is missing.",
        ));
    }
    Finding { explanation: format!("{} {}", base.explanation, because.reason), fixes, ..base }
}

/// 233, 238 to 241.
pub fn directory(base: &str, asked: Option<&Asked<'_>>) -> Finding {
    let in_base = |d: &&Sourced<ExecDirectory>| d.value.kind.system_base() == base;
    let line = asked.and_then(|asked| asked.case.settings.directories.all.iter().find(in_base));
    let base_path = AbsPath::parse(base).ok();
    let own = line.and_then(|line| base_path.as_ref()?.join(&line.value.path).ok());
    let what = match &own {
        Some(own) => format!(
            "{own} cannot be made or handed to the service; often a symlink or a file stands in its place (ls -ld {own})."
        ),
        None => format!(
            "A directory below {base} cannot be made or handed to the service; often a symlink or a file stands in its place."
        ),
    };
    Finding {
        path: base_path,
        origin: line.and_then(|line| line.origin.clone()),
        ..Finding::new(Cause::DirectorySetup, what)
    }
}

/// 243: a file that is loaded is missing. The log says nothing but "Protocol error".
pub fn credentials(asked: Option<&Asked<'_>>) -> Finding {
    let base = Finding {
        detail: Some("CREDENTIALS".to_owned()),
        ..Finding::new(
            Cause::Other,
            "A credential could not be loaded: its source is missing, cannot be read, or cannot be decrypted.",
        )
    };
    let Some(asked) = asked else { return base };
    let missing = asked.case.settings.credentials.all.iter().find_map(|line| match &line.value {
        Credential::LoadFile { name, path } if asked.case.facts.node(path).is_err() => {
            Some((line, name, path))
        }
        _ => None,
    });
    let Some((line, name, path)) = missing else { return base };
    Finding {
        path: Some(path.clone()),
        detail: Some(name.clone()),
        origin: line.origin.clone(),
        fixes: vec![FindingFix {
            lines: [
                line.origin.as_ref().map(|origin| relisted(asked, origin, None)).unwrap_or_default(),
                vec![format!("SetCredential={name}:\\n")],
            ]
            .concat(),
            why: format!("The credential {name} is an empty line, and the file is not asked for."),
        }],
        ..Finding::new(
            Cause::Other,
            format!(
                "The credential {name} is loaded from {path}, which does not exist: make that file (owner root, mode 0600)."
            ),
        )
    }
}

/// systemd's statuses (systemd.exec(5), "Process Exit Codes") that no other line explains, and which directives they come of.
static STATUSES: &[(u8, &str, &str)] = &[
    (200, "CHDIR", "WorkingDirectory="),
    (201, "NICE", "Nice="),
    (202, "FDS", "the file descriptors that are handed over"),
    (203, "EXEC", "the program"),
    (204, "MEMORY", "memory that systemd itself could not get"),
    (205, "LIMITS", "one of the Limit…= settings"),
    (206, "OOM_ADJUST", "OOMScoreAdjust="),
    (207, "SIGNAL_MASK", "the signal mask"),
    (208, "STDIN", "StandardInput="),
    (209, "STDOUT", "StandardOutput=: a file or directory that does not exist, or cannot be written"),
    (210, "CHROOT", "RootDirectory="),
    (211, "IOPRIO", "IOSchedulingClass= or IOSchedulingPriority="),
    (212, "TIMERSLACK", "TimerSlackNSec="),
    (213, "SECUREBITS", "SecureBits="),
    (214, "SETSCHEDULER", "CPUSchedulingPolicy= or CPUSchedulingPriority="),
    (215, "CPUAFFINITY", "CPUAffinity="),
    (216, "GROUP", "Group= or SupplementaryGroups="),
    (217, "USER", "User="),
    (218, "CAPABILITIES", "CapabilityBoundingSet= or AmbientCapabilities="),
    (219, "CGROUP", "the control group"),
    (220, "SETSID", "the session"),
    (221, "CONFIRM", "systemd.confirm_spawn="),
    (222, "STDERR", "StandardError=: a file or directory that does not exist, or cannot be written"),
    (224, "PAM", "PAMName="),
    (225, "NETWORK", "PrivateNetwork= or NetworkNamespacePath="),
    (226, "NAMESPACE", "the mount, user, UTS or IPC namespace"),
    (227, "NO_NEW_PRIVILEGES", "NoNewPrivileges="),
    (228, "SECCOMP", "SystemCallFilter= and the other filters of system calls"),
    (229, "SELINUX_CONTEXT", "SELinuxContext="),
    (230, "PERSONALITY", "Personality="),
    (231, "APPARMOR_PROFILE", "AppArmorProfile=: is the profile loaded (aa-status)?"),
    (232, "ADDRESS_FAMILIES", "RestrictAddressFamilies="),
    (233, "RUNTIME_DIRECTORY", "RuntimeDirectory="),
    (235, "CHOWN", "the owner of a socket or of the standard streams"),
    (236, "SMACK_PROCESS_LABEL", "SmackProcessLabel="),
    (237, "KEYRING", "KeyringMode="),
    (238, "STATE_DIRECTORY", "StateDirectory="),
    (239, "CACHE_DIRECTORY", "CacheDirectory="),
    (240, "LOGS_DIRECTORY", "LogsDirectory="),
    (241, "CONFIGURATION_DIRECTORY", "ConfigurationDirectory="),
    (242, "NUMA_POLICY", "NUMAPolicy= or NUMAMask="),
    (243, "CREDENTIALS", "LoadCredential= and its kin"),
    (245, "BPF", "a BPF program: RestrictFileSystems= and its kin"),
];

/// A status alone.
pub fn status(status: u8, asked: Option<&Asked<'_>>) -> Finding {
    let row = STATUSES.iter().find(|row| row.0 == status);
    match status {
        200 => return working_directory(None, asked),
        216 => return account(true, asked),
        217 => return account(false, asked),
        233 | 238..=241 => {
            let base = ["/run", "", "", "", "", "/var/lib", "/var/cache", "/var/log", "/etc"];
            return directory(base[usize::from(status) - 233], asked);
        }
        243 => return credentials(asked),
        // The line that says more is lost now and then: it is written in the service's own tree. The plan knows, too.
        203 | 226 => {
            if let Some(found) = asked.and_then(|asked| foreseen(status, asked)) {
                return found;
            }
        }
        _ => {}
    }
    let (name, what) = row.map_or(("", "the set-up"), |row| (row.1, row.2));
    let cause = if status == 203 { Cause::MissingExecutable } else { Cause::Other };
    // The line to blame, where the directive stands in the text: the first word before a `=`.
    let directive = what.split('=').next().filter(|_| what.contains('='));
    let origin = asked.and_then(|asked| {
        let mut all = asked.case.unit.assignments.iter().map(|assignment| &assignment.origin);
        all.rfind(|origin| directive == Some(&*origin.directive)).cloned()
    });
    Finding {
        detail: Some(status.to_string()),
        origin,
        ..Finding::new(
            cause,
            format!("Setting the service up failed with systemd's status {status}/{name}: {what}."),
        )
    }
}

/// What the plan says about a program that could not be executed, or a namespace that could not be made.
fn foreseen(status: u8, asked: &Asked<'_>) -> Option<Finding> {
    if status == 226 {
        let failure = asked.plan.failure.as_ref().filter(|failure| failure.status == 226)?;
        return Some(namespace::judge(failure.path.as_ref()?, failure.errno, Some(asked)));
    }
    let service = &asked.case.settings.service;
    let commands = service.exec_start_pre.iter().chain(&service.exec_start).chain(&service.exec_start_post);
    let judged = commands.map(|command| execute::judge(&command.path, Errno::ENOENT, Some(asked)));
    // Without a line or a file to blame, the plan knows nothing either.
    judged.into_iter().find(|found| found.origin.is_some() || found.cause != Cause::MissingExecutable)
}
