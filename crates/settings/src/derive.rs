//! Defaults that depend on other settings (systemd: `src/core/service.c: service_add_extras`).

use crate::{InputSource, NotifyAccess, Service, ServiceType, Settings, Stdio};
use ringfence_terms::Sourced;

/// Fills in what the unit leaves open; doing it again changes nothing.
pub(crate) fn defaults(settings: &mut Settings) {
    if settings.unit.is_service() {
        let has_credentials = !settings.credentials.all.is_empty();
        service_type(&mut settings.service, has_credentials);
        if settings.service.kind.value == ServiceType::Oneshot
            && settings.service.timeout_start.origin.is_none()
        {
            settings.service.timeout_start = Sourced::built_in(None);
        }
        notify_access(&mut settings.service);
        input_data(&mut settings.stdio);
    }
}

fn service_type(service: &mut Service, has_credentials: bool) {
    if service.kind.origin.is_some() {
        return;
    }
    service.kind = Sourced::built_in(if service.bus_name.value.is_some() {
        ServiceType::Dbus
    } else if has_credentials {
        ServiceType::Exec
    } else if !service.exec_start.is_empty() {
        ServiceType::Simple
    } else {
        ServiceType::Oneshot
    });
}

/// A service that is expected to send notifications may do so.
fn notify_access(service: &mut Service) {
    if service.notify_access.value != NotifyAccess::None {
        return;
    }
    let cause = match service.kind.value {
        ServiceType::Notify | ServiceType::NotifyReload => &service.kind.origin,
        _ if service.watchdog.value.is_some() => &service.watchdog.origin,
        _ if service.fd_store_max.value > 0 => &service.fd_store_max.origin,
        _ => return,
    };
    service.notify_access = Sourced { value: NotifyAccess::Main, origin: cause.clone() };
}

/// Data for standard input is of use only when that is where it comes from (systemd: `service_fix_stdio`).
fn input_data(stdio: &mut Stdio) {
    if stdio.input.value == InputSource::Null && !stdio.input_data.is_empty() {
        stdio.input = Sourced { value: InputSource::Data, origin: stdio.input_data_lines.last().cloned() };
    }
}
