//! Directives of systemd.service(5) and systemd.kill(5) with rules of their own.

use super::{Line, Refusal, Word, notation::unit_path, scalar::one};
use crate::catalogue::Shown;
use crate::value::{exit_status, signal, time};
use crate::{ExitStatusSet, KillMode, Settings};
use ringfence_terms::Sourced;
use ringfence_unit::words::Quoting;
use std::time::Duration;

/// A path, below /run when it is relative, and not in the kernel's own file systems (systemd: `config_parse_pid_file`,
/// whose fault ends the reading of the whole file).
pub(crate) fn pid_file(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let field = &mut settings.service.pid_file;
    if line.value.is_empty() {
        *field = Sourced::default();
        return Ok(());
    }
    let Some(text) = line.expand(line.value) else { return Ok(()) };
    let runtime = line.specifiers.get('t').unwrap_or("/run");
    let text = if text.starts_with('/') { text } else { format!("{runtime}/{text}") };
    let wrong = |why: &str| Refusal {
        subject: line.value.to_owned(),
        why: format!("`{text}` is no value of PIDFile=: {why}"),
        help: None,
    };
    let path = unit_path(&text).map_err(|fault| wrong(fault.why))?;
    if ["/proc", "/sys", "/dev"].iter().any(|api| path.as_path().starts_with(api)) {
        return Err(wrong("the path is in one of the kernel's own file systems"));
    }
    let path = match path.as_path().strip_prefix("/var/run") {
        Ok(rest) => {
            let moved = unit_path(&format!("/run/{}", rest.display())).map_err(|fault| wrong(fault.why))?;
            let message =
                format!("PIDFile={path} lies below the old directory /var/run, and is read as {moved}");
            line.note(line.value, message, Some(format!("write `PIDFile={moved}`")));
            moved
        }
        Err(_) => path,
    };
    *field = line.sourced(Some(path));
    Ok(())
}

/// `TimeoutSec=`: both time-outs.
pub(crate) fn timeout(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    if let Some(span) = one::<super::Never>(line, line.value)? {
        settings.service.timeout_start = line.sourced(span);
        settings.service.timeout_stop = line.sourced(span);
    }
    Ok(())
}

/// `TimeoutAbortSec=`: unlike for the others, nothing means as `TimeoutStopSec=`, and `infinity` is a value.
pub(crate) fn abort_timeout(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let field = &mut settings.service.timeout_abort;
    if line.value.is_empty() {
        *field = Sourced::default();
    } else if let Some(span) = one::<super::Span>(line, line.value)? {
        *field = line.sourced(Some(span.unwrap_or(Duration::MAX)));
    }
    Ok(())
}

pub(crate) fn show_abort_timeout(settings: &Settings) -> Vec<Shown> {
    let field = &settings.service.timeout_abort;
    let span = field.value.map(|span| time::write(Some(span).filter(|span| *span != Duration::MAX)));
    span.map(|value| Shown { value, origin: field.origin.clone() }).into_iter().collect()
}

/// Numbers and names of exit statuses first, then signals (systemd: `config_parse_set_status`).
pub(crate) fn exit_statuses(line: &mut Line<'_>, set: &mut ExitStatusSet) -> Result<(), Refusal> {
    if line.value.is_empty() {
        *set = ExitStatusSet::default();
        return Ok(());
    }
    for word in line.words(Quoting::default()) {
        if let Some(status) = exit_status::parse(&word) {
            set.statuses.insert(status);
        } else if let Ok(signal) = signal::parse(&word) {
            set.signals.insert(signal);
        } else {
            let message =
                format!("{} ignores `{word}`, which is neither an exit status nor a signal", line.name());
            line.warn(&word, message, None);
        }
    }
    set.lines.push(line.origin.clone());
    Ok(())
}

pub(crate) fn show_exit_statuses(set: &ExitStatusSet) -> Vec<Shown> {
    let lines = set.lines.iter();
    lines.map(|origin| Shown { value: origin.value.to_string(), origin: Some(origin.clone()) }).collect()
}

/// `KillMode=`: empty is the default (systemd: `config_parse_kill_mode`).
pub(crate) fn kill_mode(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let field = &mut settings.kill.mode;
    if line.value.is_empty() {
        *field = Sourced::default();
        return Ok(());
    }
    super::scalar::<Word<KillMode>>(line, field)?;
    if field.origin.as_ref() == Some(line.origin) && field.value == KillMode::None {
        let message =
            "KillMode=none leaves the service's processes behind when it stops; systemd has deprecated it";
        line.warn("none", message.into(), Some("use `mixed`, or better the default".into()));
    }
    Ok(())
}
