//! The line that shows how far a recording has come.

use crate::context::Context;
use indicatif::{ProgressBar, ProgressDrawTarget};
use ringfence_record::{Progress, Target};
use std::time::Duration;

/// A line that is drawn again and again; nothing where standard error is no terminal, with `-q`, or for a command, whose
/// own output it would disturb.
pub struct Live(ProgressBar);

impl Live {
    pub fn new(context: &Context, target: &Target) -> Live {
        let shown = !context.is_quiet() && !matches!(target, Target::Command(_));
        let draw = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, draw);
        bar.set_style(indicatif::ProgressStyle::with_template("{msg}").unwrap_or_else(|_| bar.style()));
        bar.set_message("starting to watch");
        Live(bar)
    }

    pub fn ready(&self) {
        self.0.set_message("watching; Ctrl-C ends the recording");
    }

    pub fn show(&self, progress: &Progress) {
        if progress.elapsed > Duration::ZERO {
            let time = humantime::format_duration(Duration::from_secs(progress.elapsed.as_secs()));
            let Progress { events, paths, lost, .. } = progress;
            self.0.set_message(format!("{time}: {events} events, {paths} paths, {lost} lost"));
            self.0.tick();
        }
    }

    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
