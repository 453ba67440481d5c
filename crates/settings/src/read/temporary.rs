//! `TemporaryFileSystem=`.

use super::{
    Line, Refusal,
    line::{UNQUOTED, quoted},
    scalar::show_each,
};
use crate::catalogue::Shown;
use crate::{Settings, TemporaryFileSystem};
use ringfence_unit::words::{Quoting, Words};

/// `PATH[:OPTIONS]`, several of them (systemd: `config_parse_temporary_filesystems`).
pub(crate) fn temporary(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let list = &mut settings.paths.temporary;
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    for word in line.words(UNQUOTED) {
        let mut parts = Words::new(&word);
        let path = match parts.next(&[':'], Quoting { keep_empty: true, ..Quoting::default() }) {
            Ok(path) => path.unwrap_or_default(),
            Err(error) => {
                line.broken(&word, error);
                continue;
            }
        };
        let options = parts.rest().unwrap_or_default().to_owned();
        if let Some(path) = line.path(&path) {
            list.push(line.sourced(TemporaryFileSystem { path, options }));
        }
    }
    Ok(())
}

pub(crate) fn show_temporary(settings: &Settings) -> Vec<Shown> {
    show_each(&settings.paths.temporary, |entry| {
        let path = ringfence_unit::Specifiers::escape(&entry.path.to_string());
        let path = path.replace('\\', "\\\\").replace(':', "\\:");
        let word = if entry.options.is_empty() { path } else { format!("{path}:{}", entry.options) };
        quoted(&word, UNQUOTED)
    })
}
