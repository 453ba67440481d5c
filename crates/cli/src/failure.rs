//! What goes wrong before a command has a result: one message, what to do, and an exit status.

use std::fmt;
use std::process::ExitCode;

/// Why a command could not do its work.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    message: String,
    hints: Vec<String>,
    status: u8,
}

impl Failure {
    /// A mistake in usage or input: exit status 2 (DESIGN.md, "The command line").
    pub fn input(message: impl fmt::Display) -> Failure {
        Failure { message: message.to_string(), hints: Vec::new(), status: 2 }
    }

    /// Adds one thing to do.
    pub fn hint(mut self, hint: impl fmt::Display) -> Failure {
        self.hints.push(hint.to_string());
        self
    }

    /// With another exit status, where a command's contract has one.
    pub fn status(mut self, status: u8) -> Failure {
        self.status = status;
        self
    }

    /// What is wrong, one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The exit status.
    pub fn exit_status(&self) -> u8 {
        self.status
    }

    /// Prints it and gives the exit status. The one place where errors are printed.
    pub fn report(&self) -> ExitCode {
        let error = anstyle::AnsiColor::Red.on_default().bold();
        let help = anstyle::AnsiColor::Cyan.on_default().bold();
        anstream::eprintln!("{error}error{error:#}: {}", self.message);
        for hint in &self.hints {
            anstream::eprintln!("  {help}help{help:#}: {hint}");
        }
        ExitCode::from(self.status)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::input(error)
    }
}
