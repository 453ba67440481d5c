//! What things are called, and their colours.

use anstyle::{AnsiColor, Style};
use ringfence_sandbox::plan::{DropReason, MountMode};
use ringfence_sandbox::view::Access;

/// The word for what a part of the tree is to the service.
pub fn access(access: Access) -> &'static str {
    match access {
        Access::Hidden => "hidden",
        Access::ReadOnly => "read-only",
        Access::Writable => "writable",
        Access::Private => "private",
        Access::Kernel => "kernel",
    }
}

/// Its colour: what can be written stands out.
pub fn colour(access: Access) -> Style {
    match access {
        Access::Hidden => Style::new().dimmed(),
        Access::ReadOnly => AnsiColor::Blue.on_default(),
        Access::Writable => AnsiColor::Yellow.on_default().bold(),
        Access::Private => AnsiColor::Green.on_default(),
        Access::Kernel => AnsiColor::Cyan.on_default(),
    }
}

/// What an entry would have done, as a phrase.
pub fn intent(mode: &MountMode) -> &'static str {
    match mode {
        MountMode::Inaccessible => "making it inaccessible",
        MountMode::Bind { .. } => "showing something else there",
        MountMode::PrivateTmp | MountMode::PrivateTmpfs => "a private directory for temporary files",
        MountMode::PrivateDev | MountMode::BindDev => "a /dev for the service",
        MountMode::EmptyDir => "an empty directory",
        MountMode::PrivateSysfs | MountMode::BindSysfs => "a /sys for the service",
        MountMode::Proc { .. } => "a /proc for the service",
        MountMode::PrivateCgroup => "control groups of its own",
        MountMode::ReadOnly => "making it read-only",
        MountMode::ReadWrite | MountMode::ReadWriteImplicit => "leaving it writable",
        MountMode::NoExec => "forbidding execution",
        MountMode::Exec => "allowing execution",
        MountMode::Tmpfs { .. } => "an empty file system",
        MountMode::Run => "a /run for the service",
        MountMode::Mqueue => "message queues of its own",
    }
}

/// Why an entry has no effect, as the end of a sentence about it.
pub fn drop_reason(why: &DropReason) -> String {
    match why {
        DropReason::DuplicateOf { winner, mode } => {
            let by = winner
                .as_ref()
                .map_or_else(|| "a built-in entry".to_owned(), |o| format!("{}=", o.directive));
            format!("{by} decides over the same path: {}", intent(mode))
        }
        DropReason::Masked { by, .. } => format!("it lies below {by}, which is inaccessible"),
        DropReason::Redundant { under } => format!("{under} above it does the same already"),
        DropReason::OutsideRoot => "it lies outside of the root directory, so it protects nothing".to_owned(),
        DropReason::WithoutSystemd => "it serves systemd itself, which does not run here".to_owned(),
    }
}
