//! Jobs: what the manager was asked to do with a unit, and what came of it.

use crate::proxies::ManagerProxyBlocking;
use crate::{ManagerError, refused};
use zbus::zvariant::OwnedObjectPath;

/// What came of a job (org.freedesktop.systemd1(5), `JobRemoved`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobResult {
    /// It was done.
    Done,
    /// Another job took its place.
    Canceled,
    /// It took too long.
    TimedOut,
    /// It failed.
    Failed,
    /// A job that it depends on failed.
    DependencyFailed,
    /// There was nothing to do.
    Skipped,
    /// A word that later versions of systemd have.
    Other(String),
}

impl From<String> for JobResult {
    fn from(word: String) -> JobResult {
        match word.as_str() {
            "done" => JobResult::Done,
            "canceled" => JobResult::Canceled,
            "timeout" => JobResult::TimedOut,
            "failed" => JobResult::Failed,
            "dependency" => JobResult::DependencyFailed,
            "skipped" => JobResult::Skipped,
            _ => JobResult::Other(word),
        }
    }
}

/// Makes a job and waits for its end. The signal of its end may come before the answer that names it, so signals are
/// received from before the question on.
pub(crate) fn run(
    manager: &ManagerProxyBlocking<'_>,
    step: &'static str,
    ask: impl FnOnce(&ManagerProxyBlocking<'_>) -> zbus::Result<OwnedObjectPath>,
) -> Result<JobResult, ManagerError> {
    manager.subscribe().or_else(subscribed_already).map_err(refused("subscribe to the service manager"))?;
    let ends = manager.receive_job_removed().map_err(refused("listen to the service manager"))?;
    let job = ask(manager).map_err(refused(step))?;
    for end in ends {
        let end = end.args().map_err(refused(step))?;
        if end.job == job {
            return Ok(JobResult::from(end.result));
        }
    }
    Err(ManagerError::Unreachable("the connection ended before the job did".to_owned()))
}

/// One connection subscribes once; a second time is refused, and is as good.
fn subscribed_already(error: zbus::Error) -> zbus::Result<()> {
    match &error {
        zbus::Error::MethodError(name, ..)
            if name.as_str() == "org.freedesktop.systemd1.AlreadySubscribed" =>
        {
            Ok(())
        }
        _ => Err(error),
    }
}
