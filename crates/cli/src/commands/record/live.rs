//! The line that shows how far a recording has come.

use crate::context::Context;
use console::{Term, truncate_str};
use ringfence_record::{Progress, Target};
use std::time::Duration;

/// A line that is drawn again and again; nothing where standard error is no terminal, with `-q`, or for a command, whose
/// own output it would disturb.
pub struct Live(Option<Term>);

impl Live {
    pub fn new(context: &Context, target: &Target) -> Live {
        let is_shown = !context.is_quiet() && !matches!(target, Target::Command(_));
        let live = Live(Some(Term::stderr()).filter(|term| is_shown && term.is_term()));
        live.draw("starting to watch");
        live
    }

    pub fn ready(&self) {
        self.draw("watching; Ctrl-C ends the recording");
    }

    pub fn show(&self, progress: &Progress) {
        if progress.elapsed > Duration::ZERO {
            let time = humantime::format_duration(Duration::from_secs(progress.elapsed.as_secs()));
            let Progress { events, paths, lost, .. } = progress;
            self.draw(&format!("{time}: {events} events, {paths} paths, {lost} lost"));
        }
    }

    pub fn end(&self) {
        self.draw("");
    }

    /// A terminal that has gone away is no reason to end a recording.
    fn draw(&self, text: &str) {
        if let Some(term) = &self.0 {
            let (_, columns) = term.size();
            let _ = term.clear_line();
            let _ = term.write_str(&truncate_str(text, columns.saturating_sub(1).into(), "…"));
        }
    }
}
