//! What every command starts from: the global options.

use crate::args::{Color, Format, Global};
use crate::complaints;
use ringfence_apply::Recovered;
use ringfence_terms::{Complaint, Severity};
use std::path::PathBuf;

/// The global options, put to use.
#[derive(Clone)]
pub struct Context {
    /// `--root`.
    pub root: Option<PathBuf>,
    /// `--user` or not.
    pub manager: ringfence_unit::Manager,
    /// `--format`.
    pub format: Format,
    /// What became of a change that an earlier call had begun.
    pub recovered: Option<Recovered>,
    verbose: bool,
    quiet: bool,
}

impl Context {
    /// Takes the options over and sets colours for the whole process.
    pub fn new(global: &Global) -> Context {
        let choice = match global.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
        Context {
            root: global.root.clone(),
            manager: if global.user {
                ringfence_unit::Manager::User
            } else {
                ringfence_unit::Manager::System
            },
            format: global.format,
            recovered: None,
            verbose: global.verbose,
            quiet: global.quiet,
        }
    }

    /// As it is for a process whose root is the tree below `--root`.
    pub fn inside_root(&self) -> Context {
        Context { root: None, ..self.clone() }
    }

    /// Prints complaints about a unit's files to standard error: errors always, warnings unless `-q`, notes with `-v`.
    pub fn complain(&self, complaints: &[Complaint]) {
        for complaint in complaints {
            let wanted = match complaint.severity {
                Severity::Error => true,
                Severity::Warning => !self.quiet,
                Severity::Note => self.verbose,
            };
            if wanted {
                anstream::eprintln!("{}", complaints::render(complaint));
            }
        }
    }

    /// Whether nothing but errors is wanted on standard error.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Says something about the progress of the work, unless `-q`.
    pub fn note(&self, message: impl std::fmt::Display) {
        if !self.quiet {
            anstream::eprintln!("{message}");
        }
    }

    /// Says something that only who asks for more wants to know (`-v`).
    pub fn note_in_detail(&self, message: impl std::fmt::Display) {
        if self.verbose {
            anstream::eprintln!("{message}");
        }
    }

    /// A command was asked for a format that it does not have.
    pub fn no_such_format(&self, command: &str) -> crate::failure::Failure {
        crate::failure::Failure::input(format!("{command} has no such format"))
            .hint("use --format text or --format json")
    }
}
