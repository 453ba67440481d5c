//! What systemd refuses because settings do not go together (systemd: `service_verify`, `unit_verify_contexts`).

use crate::catalogue::Section;
use crate::{BadSetting, ExitType, KillMode, RestartPolicy, ServiceType, Settings, WorkingDirectoryTarget};
use ringfence_terms::{Complaint, Origin, Severity};
use ringfence_unit::{Manager, Unit};

/// Adds to [`Settings::refused`], and complains, where systemd would refuse the unit as a whole.
pub(crate) fn verify(settings: &mut Settings, unit: &Unit, complaints: &mut Vec<Complaint>) {
    let mut bad = contexts(settings);
    if settings.unit.is_service() {
        bad.extend(service(settings));
    }
    for setting in bad {
        let (file, line) = match (&setting.origin, &unit.fragment) {
            (Some(origin), _) => (origin.file.clone(), origin.line),
            (None, Some(fragment)) => (fragment.clone(), 0),
            (None, None) => continue,
        };
        let subject = setting.origin.as_ref().map(|o| o.directive.to_string()).unwrap_or_default();
        let message = format!("{}; systemd refuses the unit", setting.why);
        complaints.push(Complaint { severity: Severity::Error, message, file, line, subject, help: None });
        settings.refused.push(setting);
    }
}

fn refuse(origin: &Option<Origin>, why: &str) -> BadSetting {
    BadSetting { origin: origin.clone(), why: why.into() }
}

/// For every unit type with commands.
fn contexts(settings: &Settings) -> Vec<BadSetting> {
    let mut bad = Vec::new();
    let dynamic = &settings.identity.dynamic_user;
    let directory = &settings.paths.working_directory;
    if dynamic.value && settings.manager == Manager::User {
        bad.push(refuse(&dynamic.origin, "DynamicUser= is not for units of a user manager"));
    }
    match &directory.value.directory {
        Some(WorkingDirectoryTarget::Home) if dynamic.value => {
            bad.push(refuse(&directory.origin, "WorkingDirectory=~ and DynamicUser=yes exclude each other"));
        }
        Some(WorkingDirectoryTarget::Path(path))
            if settings.needs_mount_namespace()
                && ["/proc", "/sys", "/dev"].iter().any(|api| path.as_path().starts_with(api)) =>
        {
            let why = "WorkingDirectory= is at or below /proc, /sys or /dev, and other settings give the service a mount namespace";
            bad.push(refuse(&directory.origin, why));
        }
        _ => {}
    }
    let private_pids = &settings.sandbox.private_pids;
    if private_pids.value && Section::of_type(settings.unit.suffix()) != Some(Section::Service) {
        bad.push(refuse(&private_pids.origin, "PrivatePIDs= is for services only"));
    }
    let kill = &settings.kill.mode;
    if settings.identity.pam_name.value.is_some() && matches!(kill.value, KillMode::Process | KillMode::None)
    {
        bad.push(refuse(&kill.origin, "PAMName= needs KillMode=control-group or KillMode=mixed"));
    }
    bad
}

/// The first reason only, as systemd stops there.
fn service(settings: &Settings) -> Option<BadSetting> {
    let service = &settings.service;
    let starts = &service.exec_start;
    let success_action = settings.unit_section.success_action;
    let oneshot = service.kind.value == ServiceType::Oneshot;
    if starts.is_empty() && service.exec_stop.is_empty() && !success_action {
        return Some(refuse(&None, "the service has none of ExecStart=, ExecStop=, SuccessAction="));
    }
    if !oneshot && starts.is_empty() {
        return Some(refuse(
            &service.kind.origin,
            "only a service of Type=oneshot can do without ExecStart=",
        ));
    }
    if starts.is_empty() && !service.remain_after_exit.value && !success_action {
        return Some(refuse(
            &None,
            "a service without ExecStart= needs RemainAfterExit=yes or SuccessAction=",
        ));
    }
    if let (false, Some(second)) = (oneshot, starts.get(1)) {
        let why = "only a service of Type=oneshot can have more than one ExecStart=";
        return Some(refuse(&Some(second.origin.clone()), why));
    }
    if oneshot && matches!(service.restart.value, RestartPolicy::Always | RestartPolicy::OnSuccess) {
        let why = "Restart=always and Restart=on-success are not for Type=oneshot";
        return Some(refuse(&service.restart.origin, why));
    }
    if oneshot && service.exit_type.value == ExitType::Cgroup {
        return Some(refuse(&service.exit_type.origin, "ExitType=cgroup is not for Type=oneshot"));
    }
    if service.kind.value == ServiceType::Dbus && service.bus_name.value.is_none() {
        return Some(refuse(&service.kind.origin, "Type=dbus needs BusName="));
    }
    if service.kind.value == ServiceType::Forking && settings.sandbox.private_pids.value {
        return Some(refuse(
            &settings.sandbox.private_pids.origin,
            "PrivatePIDs=yes is not for Type=forking",
        ));
    }
    None
}
