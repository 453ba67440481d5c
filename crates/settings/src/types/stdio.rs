//! systemd.exec(5), "Logging and Standard Input/Output".

use ringfence_terms::{AbsPath, Origin, Sourced};

/// Standard input, output and error.
#[derive(Clone, Debug, Default)]
pub struct Stdio {
    /// `StandardInput=`; data forms included.
    pub input: Sourced<InputSource>,
    /// `StandardInputText=` and `StandardInputData=` joined, decoded.
    pub input_data: Vec<u8>,
    /// The lines that `input_data` is made of.
    pub input_data_lines: Vec<Origin>,
    /// `StandardOutput=`.
    pub output: Sourced<OutputTarget>,
    /// `StandardError=`.
    pub error: Sourced<OutputTarget>,
    /// The TTY directives.
    pub terminal: TerminalSettings,
    /// `SyslogIdentifier=`.
    pub syslog_identifier: Sourced<Option<String>>,
}

/// `StandardInput=`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InputSource {
    /// `/dev/null`.
    #[default]
    Null,
    /// `tty`, `tty-force`, `tty-fail`.
    Tty,
    /// `data`.
    Data,
    /// `file:PATH`.
    File(AbsPath),
    /// `socket`.
    Socket,
    /// `fd[:NAME]`.
    Fd(String),
}

/// `StandardOutput=` and `StandardError=`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OutputTarget {
    /// As the manager's default, or as the other stream (systemd.exec(5) has the table).
    #[default]
    Inherit,
    /// `/dev/null`.
    Null,
    /// `tty`.
    Tty,
    /// `journal`, `journal+console`.
    Journal,
    /// `kmsg`, `kmsg+console`.
    Kmsg,
    /// `file:PATH`: opened, not truncated, position 0.
    File(AbsPath),
    /// `append:PATH`.
    Append(AbsPath),
    /// `truncate:PATH`.
    Truncate(AbsPath),
    /// `socket`.
    Socket,
    /// `fd[:NAME]`.
    Fd(String),
}

/// `TTYPath=` and its kin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalSettings {
    /// `TTYPath=`; `/dev/console` when unset.
    pub path: Sourced<Option<AbsPath>>,
    /// `TTYReset=`.
    pub reset: Sourced<bool>,
}
