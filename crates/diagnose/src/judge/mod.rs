//! From clues to findings: the unit's plan is asked what the log only hints at. One family of causes a file.

mod access;
mod call;
mod execute;
mod namespace;
mod notify;
mod relist;
mod security_module;
mod setup;

use crate::case::Asked;
use crate::clue::Clue;
use crate::{Case, Finding};

/// Judges clues about one unit, or about none that is known.
pub struct Judge<'a> {
    asked: Option<Asked<'a>>,
}

impl<'a> Judge<'a> {
    /// Without a case, only what a clue alone tells can be said.
    pub fn new(case: Option<&'a Case<'a>>) -> Judge<'a> {
        Judge { asked: case.map(Asked::of) }
    }

    /// What a clue comes to; nothing when nothing in the unit or on the machine explains it.
    pub fn finding(&self, clue: &Clue, evidence: &str) -> Option<Finding> {
        let asked = self.asked.as_ref();
        let found = match clue {
            Clue::Namespace { path, errno } => Some(namespace::judge(path, *errno, asked)),
            Clue::Execute { program, errno } => Some(execute::judge(program, *errno, asked)),
            Clue::Library { name } => Some(execute::library(name, asked)),
            Clue::Denied { paths, errno, want, calls } => access::judge(paths, *errno, *want, calls, asked),
            Clue::Operation { calls, capability, errno, path } => {
                call::operation(calls, *capability, *errno, path.as_ref(), asked)
            }
            Clue::Sigsys { call } => Some(call::killed(*call, asked)),
            Clue::AddressFamily { family } => call::family(*family, asked),
            Clue::Unshare { kind, errno } => call::unshare(*kind, *errno, asked),
            Clue::WriteExecute => call::write_execute(asked),
            Clue::Capability(capability) => call::capability(*capability, None, asked),
            Clue::Protection { directive, call } => call::protection(directive, call, asked),
            Clue::UserMissing { group } => Some(setup::account(*group, asked)),
            Clue::WorkingDirectory { errno } => Some(setup::working_directory(*errno, asked)),
            Clue::DirectorySetup { base } => Some(setup::directory(base, asked)),
            Clue::Credentials => Some(setup::credentials(asked)),
            Clue::SecurityModule { module, path, asked: what } => {
                Some(security_module::judge(*module, path.clone(), what))
            }
            Clue::StartTimeout => notify::timeout(asked),
            Clue::NotifyRefused => Some(notify::refused(asked)),
            Clue::Status { status } => Some(setup::status(*status, asked)),
        }?;
        Some(Finding { evidence: evidence.to_owned(), ..found })
    }
}
