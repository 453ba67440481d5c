//! `WorkingDirectory=`, `ExecSearchPath=`.

use super::{Line, Refusal, scalar::show_each};
use crate::catalogue::Shown;
use crate::{Settings, WorkingDirectory, WorkingDirectoryTarget};
use ringfence_terms::Sourced;
use ringfence_unit::Specifiers;
use ringfence_unit::words::{Quoting, Words};

/// `[-]~` or `[-]PATH` (systemd: `config_parse_working_directory`). Only without `-` a wrong path refuses the unit.
pub(crate) fn working_directory(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let field = &mut settings.paths.working_directory;
    if line.value.is_empty() {
        *field = Sourced::default();
        return Ok(());
    }
    let (optional, text) = match line.value.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, line.value),
    };
    let directory = if text == "~" {
        WorkingDirectoryTarget::Home
    } else {
        let before = line.complaints.len();
        match line.path(text) {
            Some(path) => WorkingDirectoryTarget::Path(path),
            None if optional => return Ok(()),
            None => {
                let complaint = line.complaints.drain(before..).next();
                let (why, help) = complaint.map(|c| (c.message, c.help)).unwrap_or_default();
                return Err(Refusal { subject: text.to_owned(), why, help });
            }
        }
    };
    *field = line.sourced(WorkingDirectory { directory: Some(directory), optional });
    Ok(())
}

pub(crate) fn show_working_directory(settings: &Settings) -> Vec<Shown> {
    let field = &settings.paths.working_directory;
    let prefix = if field.value.optional { "-" } else { "" };
    let target = match &field.value.directory {
        None => return Vec::new(),
        Some(WorkingDirectoryTarget::Home) => "~".to_owned(),
        Some(WorkingDirectoryTarget::Path(path)) => Specifiers::escape(&path.to_string()),
    };
    vec![Shown { value: format!("{prefix}{target}"), origin: field.origin.clone() }]
}

/// Absolute paths separated by colons; the first wrong one ends the reading of the line (systemd:
/// `config_parse_colon_separated_paths`).
pub(crate) fn search_path(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let list = &mut settings.paths.exec_search_path;
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    let mut words = Words::new(line.value);
    loop {
        match words.next(&[':'], Quoting { keep_empty: true, ..Quoting::default() }) {
            Ok(Some(word)) => match line.path(&word) {
                Some(path) => list.push(line.sourced(path)),
                None => return Ok(()),
            },
            Ok(None) => return Ok(()),
            Err(error) => {
                line.broken(words.rest().unwrap_or_default(), error);
                return Ok(());
            }
        }
    }
}

pub(crate) fn show_search_path(settings: &Settings) -> Vec<Shown> {
    show_each(&settings.paths.exec_search_path, |path| {
        Specifiers::escape(&path.to_string()).replace('\\', "\\\\").replace(':', "\\:")
    })
}
