//! systemd.exec(5), "Sandboxing": the directories that a service gets.

use super::field::{Field, kept, scalar};
use super::{Directive, Kind, Manual, Merge, Propose, Section};
use crate::read::Span;
use crate::read::{Mode, Word, directories, show_directories};
use crate::{DirectoryKind, Preserve};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Sandboxing" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

macro_rules! directory {
    ($kind:ident) => {
        Field {
            kind: Kind::Form("paths relative to the base directory, each perhaps with `:SYMLINK` and `:ro`"),
            merge: Merge::List,
            kept: false,
            read: |line, settings| directories(line, settings, DirectoryKind::$kind),
            show: |settings| show_directories(settings, DirectoryKind::$kind),
        }
    };
}

macro_rules! directory_mode {
    ($kind:ident) => {
        Field {
            kind: <Mode as crate::read::Notation>::KIND,
            merge: Merge::Last,
            kept: false,
            read: |line, settings| {
                crate::read::scalar::<Mode>(
                    line,
                    &mut settings.directories.modes[DirectoryKind::$kind as usize],
                )
            },
            show: |settings| {
                crate::read::show_scalar::<Mode>(settings.directories.mode(DirectoryKind::$kind))
            },
        }
    };
}

pub(super) static ALL: &[Directive] = &[
    here(
        "RuntimeDirectory",
        directory!(Runtime),
        "Creates directories below /run for the service, owned by it, and removes them when it stops; they stay writable in the sandbox.",
    )
    .since(211)
    .value_since(&[(":ro", 257)])
    .plan("writable below /run, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "StateDirectory",
        directory!(State),
        "Creates directories below /var/lib for the service, owned by it; they stay writable in the sandbox and over restarts.",
    )
    .since(235)
    .value_since(&[(":ro", 257)])
    .plan("writable below /var/lib, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "CacheDirectory",
        directory!(Cache),
        "Creates directories below /var/cache for the service, owned by it; they stay writable in the sandbox.",
    )
    .since(235)
    .value_since(&[(":ro", 257)])
    .plan("writable below /var/cache, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "LogsDirectory",
        directory!(Logs),
        "Creates directories below /var/log for the service, owned by it; they stay writable in the sandbox.",
    )
    .since(235)
    .value_since(&[(":ro", 257)])
    .plan("writable below /var/log, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "ConfigurationDirectory",
        directory!(Configuration),
        "Creates directories below /etc for the service's configuration; an existing one keeps its owner and mode.",
    )
    .since(235)
    .plan("writable below /etc, when there is a mount namespace")
    .propose(Propose::FromEvidence),
    here(
        "RuntimeDirectoryMode",
        directory_mode!(Runtime),
        "The permission bits that the directories of RuntimeDirectory= get at every start.",
    )
    .since(211),
    here(
        "StateDirectoryMode",
        directory_mode!(State),
        "The permission bits that the directories of StateDirectory= get at every start.",
    )
    .since(234),
    here(
        "CacheDirectoryMode",
        directory_mode!(Cache),
        "The permission bits that the directories of CacheDirectory= get at every start.",
    )
    .since(234),
    here(
        "LogsDirectoryMode",
        directory_mode!(Logs),
        "The permission bits that the directories of LogsDirectory= get at every start.",
    )
    .since(234),
    here(
        "ConfigurationDirectoryMode",
        directory_mode!(Configuration),
        "The permission bits that the directories of ConfigurationDirectory= get when they are created.",
    )
    .since(234),
    here(
        "RuntimeDirectoryPreserve",
        scalar!(Word<Preserve>: directories.preserve_runtime),
        "Whether the directories of RuntimeDirectory= outlive the service: never, always, or over a restart.",
    )
    .since(235),
    here(
        "TimeoutCleanSec",
        kept!(Span, Last),
        "How long `systemctl clean` may take to remove the service's directories.",
    )
    .since(244)
    .not_concerned(),
];
