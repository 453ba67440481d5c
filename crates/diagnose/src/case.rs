//! What is known of the unit, and how its plan is asked.

use crate::{Finding, FindingFix};
use ringfence_loader::Needs;
use ringfence_sandbox::decide::{Because, Cause, Credentials, Verdict, decide};
use ringfence_sandbox::facts::Facts;
use ringfence_sandbox::fix::fixes;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_settings::{PrivateTmp, Settings};
use ringfence_terms::{AbsPath, Access, AccessKind, Errno};
use ringfence_unit::Unit;
use std::path::Path;

/// What is known of the unit.
pub struct Case<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// Its settings.
    pub settings: &'a Settings,
    /// The machine.
    pub facts: &'a dyn Facts,
    /// What its main command is planned for.
    pub run: For,
    /// Looks into programs, for what they need to start.
    pub programs: &'a dyn Programs,
}

/// Looks into programs on the host.
pub trait Programs {
    /// What a program needs before its first instruction.
    fn needs(&self, program: &AbsPath) -> Needs;
}

/// The unit's plan, ready to be asked.
pub(crate) struct Asked<'a> {
    pub case: &'a Case<'a>,
    pub plan: Plan,
    pub who: Credentials,
}

impl<'a> Asked<'a> {
    pub fn of(case: &'a Case<'a>) -> Asked<'a> {
        let plan = Plan::of(case.settings, case.facts, &case.run, Mode::Faithful);
        Asked { case, plan, who: Credentials::of(case.settings, case.facts) }
    }

    pub fn verdict(&self, path: &AbsPath, kind: AccessKind) -> Verdict {
        decide(&View::of(&self.plan, self.case.facts), &self.who, &Access { path: path.clone(), kind })
    }

    /// What denies an access with just this error.
    pub fn denied_with(&self, path: &AbsPath, kind: AccessKind, errno: Errno) -> Option<Because> {
        match self.verdict(path, kind) {
            Verdict::Denied { errno: told, because } if told == errno => Some(because),
            _ => None,
        }
    }

    /// Whether the service does not see the path.
    pub fn hides(&self, path: &AbsPath) -> bool {
        matches!(self.verdict(path, AccessKind::Read), Verdict::Denied { .. })
    }

    /// The settings with these lines added.
    pub fn settings_with(&self, lines: &[String]) -> Settings {
        let text = format!("[Service]\n{}\n", lines.join("\n"));
        let tried = self.case.unit.with_drop_in(Path::new("/zz-fix.conf"), text);
        Settings::from_unit(&tried).0
    }

    /// Whether all of these can be read once the lines are added.
    pub fn shown_with(&self, lines: &[String], paths: &[AbsPath]) -> bool {
        let settings = self.settings_with(lines);
        let plan = Plan::of(&settings, self.case.facts, &self.case.run, Mode::Faithful);
        let view = View::of(&plan, self.case.facts);
        let reads = |path: &AbsPath| {
            let access = Access { path: path.clone(), kind: AccessKind::Read };
            !matches!(decide(&view, &self.who, &access), Verdict::Denied { .. })
        };
        plan.failure.is_none() && paths.iter().all(reads)
    }

    /// The ways to open an access, each tried on the plan.
    pub fn fixes(&self, path: &AbsPath, kind: AccessKind) -> Vec<FindingFix> {
        let access = Access { path: path.clone(), kind };
        let ways = fixes(self.case.unit, self.case.facts, &self.case.run, Mode::Faithful, &access);
        ways.into_iter().map(|fix| FindingFix { lines: fix.lines, why: fix.why }).collect()
    }

    /// What a denial is called, what it says, and what opens it.
    pub fn finding(&self, path: &AbsPath, kind: AccessKind, because: &Because) -> Finding {
        Finding {
            path: Some(path.clone()),
            origin: because.origin.clone(),
            fixes: self.fixes(path, kind),
            ..Finding::new(self.cause(path, because), because.reason.clone())
        }
    }

    fn cause(&self, path: &AbsPath, because: &Because) -> crate::Cause {
        use crate::Cause as Told;
        let in_tmp = ["/tmp", "/var/tmp"].iter().any(|tmp| path.as_path().starts_with(tmp));
        let private_tmp = self.case.settings.sandbox.private_tmp.value != PrivateTmp::No;
        let in_dev = path.as_path().starts_with("/dev");
        match because.cause {
            Cause::ReadOnlyMount | Cause::HostReadOnly => Told::ReadOnlyPath,
            Cause::NoExecMount => Told::NoExec,
            Cause::Permissions => Told::UnixPermissions,
            _ if in_tmp && private_tmp => Told::PrivateTmp,
            _ if in_dev => Told::PrivateDevice,
            Cause::Inaccessible | Cause::Hidden => Told::HiddenPath,
            Cause::Capability => Told::CapabilityMissing,
            Cause::Device => Told::PrivateDevice,
            Cause::Missing | Cause::Kind | Cause::Open => Told::Other,
        }
    }
}
