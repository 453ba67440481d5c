//! A service of Type=notify that never says it is ready.

use super::call;
use crate::case::Asked;
use crate::{Cause, Finding, FindingFix};
use ringfence_sandbox::decide::Verdict;
use ringfence_seccomp::AddressFamily;
use ringfence_settings::ServiceType;
use ringfence_terms::{AbsPath, AccessKind};

/// The start took too long: does the sandbox keep the service from saying that it is ready?
pub fn timeout(asked: Option<&Asked<'_>>) -> Option<Finding> {
    // A late start alone is no sign of a sandbox.
    let asked = asked?;
    let settings = asked.case.settings;
    if !matches!(settings.service.kind.value, ServiceType::Notify | ServiceType::NotifyReload) {
        return None;
    }
    let socket = AbsPath::parse("/run/systemd/notify").ok()?;
    let has_root = settings.paths.root_directory.value.is_some();
    if !has_root && let Verdict::Denied { because, .. } = asked.verdict(&socket, AccessKind::Read) {
        let found = asked.finding(&socket, AccessKind::Read, &because);
        // A machine without systemd has no such socket, which is no fault of the unit's.
        if found.origin.is_some() {
            let line = format!("BindReadOnlyPaths={socket}");
            let fix = FindingFix::line(
                line,
                "The socket on which the service says that it is ready, and nothing else.",
            );
            return Some(Finding {
                cause: Cause::HiddenPath,
                explanation: format!("The service cannot say that it is ready: {}", found.explanation),
                fixes: vec![fix],
                ..found
            });
        }
    }
    call::family(AddressFamily::named("AF_UNIX"), Some(asked)).map(|found| Finding {
        explanation: format!(
            "The service cannot say that it is ready, which takes a unix socket. {}",
            found.explanation
        ),
        ..found
    })
}

/// A process other than the main one said it.
pub fn refused(asked: Option<&Asked<'_>>) -> Finding {
    Finding {
        detail: Some("NotifyAccess".to_owned()),
        origin: asked.and_then(|asked| asked.case.settings.service.notify_access.origin.clone()),
        fixes: vec![FindingFix::line(
            "NotifyAccess=all",
            "Every process of the service may say that it is ready.",
        )],
        ..Finding::new(
            Cause::Other,
            "A process that is not the service's main one said that it is ready, and NotifyAccess= lets only that one be heard.",
        )
    }
}
