//! `ListenStream=` and its kin, and `Symlinks=`.

use super::{Line, Refusal, VERBATIM, scalar::show_each};
use crate::catalogue::Shown;
use crate::{Listen, ListenKind, Settings};
use ringfence_unit::Specifiers;

/// An address. An empty value resets all of them, whatever their kind (systemd: `config_parse_socket_listen`).
pub(crate) fn listen(line: &mut Line<'_>, settings: &mut Settings, kind: ListenKind) -> Result<(), Refusal> {
    let list = &mut settings.socket.listen;
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    let Some(address) = line.expand(line.value) else { return Ok(()) };
    list.push(line.sourced(Listen { kind, address }));
    Ok(())
}

pub(crate) fn show_listen(settings: &Settings, kind: ListenKind) -> Vec<Shown> {
    let of_this_kind = settings.socket.listen.iter().filter(|entry| entry.value.kind == kind);
    show_each(of_this_kind, |entry| Specifiers::escape(&entry.address))
}

/// Paths.
pub(crate) fn symlinks(line: &mut Line<'_>, settings: &mut Settings) -> Result<(), Refusal> {
    let list = &mut settings.socket.symlinks;
    if line.value.is_empty() {
        list.clear();
        return Ok(());
    }
    for word in line.words(VERBATIM) {
        if let Some(path) = line.path(&word) {
            list.push(line.sourced(path));
        }
    }
    Ok(())
}

pub(crate) fn show_symlinks(settings: &Settings) -> Vec<Shown> {
    show_each(&settings.socket.symlinks, |path| Specifiers::escape(&path.to_string()))
}
