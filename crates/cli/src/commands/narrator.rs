//! Tells on standard error what happens while a service runs.

use crate::context::Context;
use anstyle::{AnsiColor, Style};
use ringfence_engine::{Failure, Shortfall};
use ringfence_service::{Event, Exit, Observer, Outcome, ServiceResult};
use ringfence_settings::Command;

/// Prints events: what goes wrong or falls short always, unless `-q`; the ordinary course with `-v`.
pub struct Narrator<'a> {
    context: &'a Context,
    unit: String,
}

const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

impl<'a> Narrator<'a> {
    pub fn new(context: &'a Context, unit: &str) -> Narrator<'a> {
        Narrator { context, unit: unit.to_owned() }
    }

    /// How it came out, when it did not go well.
    pub fn outcome(&self, outcome: &Outcome) {
        let failed = !matches!(outcome.result, ServiceResult::Success | ServiceResult::ExecCondition);
        if failed {
            self.say(ERROR, "failed", &format!("result `{}`", outcome.result));
        }
    }

    fn say(&self, style: Style, word: &str, text: &str) {
        self.context.note(format_args!("{style}{word}{style:#}: {}: {text}", self.unit));
    }

    fn warn(&self, text: &str) {
        self.say(WARNING, "warning", text);
    }

    fn detail(&self, text: &str) {
        self.context.note_in_detail(format_args!("{}: {text}", self.unit));
    }

    fn shortfall(&self, shortfall: &Shortfall) {
        match &shortfall.origin {
            Some(origin) => self.warn(&format!("{shortfall}\n  because of {origin}")),
            None => self.warn(&shortfall.to_string()),
        }
    }

    /// A failure is told even with `-q`: it is the reason for the exit status.
    fn not_started(&self, directive: &str, command: &Command, failure: &Failure) {
        anstream::eprintln!(
            "{ERROR}error{ERROR:#}: {}: {directive}={}: {failure} (exit status {})",
            self.unit,
            command.path,
            failure.status()
        );
        if let Some(origin) = &failure.origin {
            anstream::eprintln!("  because of {origin}");
        }
        if let Some(hint) = &failure.hint {
            anstream::eprintln!("  {}help{:#}: {hint}", AnsiColor::Cyan.on_default().bold(), Style::new());
        }
    }
}

impl Observer for Narrator<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Shortfall(shortfall) => self.shortfall(shortfall),
            Event::NotStarted { role, command, failure } => {
                self.not_started(role.directive(), command, failure)
            }
            Event::Started { role, command, pid } => {
                self.detail(&format!("{}={} runs as process {pid}", role.directive(), command.path));
            }
            Event::Ended { role, command, exit, clean: true } => {
                self.detail(&format!("{}={} {}", role.directive(), command.path, ended(exit)));
            }
            Event::Ended { role, command, exit, clean: false } => {
                self.warn(&format!("{}={} {}", role.directive(), command.path, ended(exit)));
            }
            Event::Skipped { command, exit } => self.say(
                Style::new().bold(),
                "skipped",
                &format!("ExecCondition={} {}, so the service is not run now", command.path, ended(exit)),
            ),
            Event::Ready(Some(pid)) => self.detail(&format!("ready; main process {pid}")),
            Event::Ready(None) => self.detail("ready"),
            Event::Status(text) => self.detail(&format!("says: {text}")),
            Event::Reload { done: false } => self.detail("reloading"),
            Event::Reload { done: true } => self.detail("reloaded"),
            Event::Stopping(ServiceResult::Success) => self.detail("stopping"),
            Event::Stopping(reason) => self.detail(&format!("stopping: {reason}")),
            Event::TimedOut { what, limit } => {
                self.warn(&format!("{what} took longer than {} s", limit.as_secs_f64()));
            }
            Event::Killed { processes } => {
                self.warn(&format!("killed {processes} process(es) that did not end"))
            }
            Event::LeftOver { processes } => {
                self.warn(&format!("ended {processes} process(es) that systemd would have left running"));
            }
            Event::Note(text) => self.warn(text),
            Event::NotRemoved(failure) => self.warn(&failure.to_string()),
        }
    }
}

fn ended(exit: Exit) -> String {
    match exit {
        Exit::Status(status) => format!("ended with status {status}"),
        Exit::Signal { signal, core: false } => format!("was killed by signal {signal}"),
        Exit::Signal { signal, core: true } => format!("was killed by signal {signal} and left a core file"),
        Exit::Unknown => "ended, nobody knows how".to_owned(),
    }
}
