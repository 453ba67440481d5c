//! systemd.kill(5).

use super::field::{Field, optional, scalar};
use super::{Directive, Kind, Manual, Merge, Section};
use crate::read::{Boolean, Signal, kill_mode, show_scalar};

const MANUAL: Manual = Manual { page: "systemd.kill(5)", chapter: "Options" };
const SECTIONS: &[Section] =
    &[Section::Service, Section::Socket, Section::Mount, Section::Swap, Section::Scope];

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, SECTIONS, MANUAL, field, doc)
}

pub(super) static ALL: &[Directive] = &[
    here(
        "KillMode",
        Field {
            kind: Kind::Word(<crate::KillMode as crate::read::Keyword>::WORDS),
            merge: Merge::LastOrUnset,
            kept: false,
            read: kill_mode,
            show: |settings| show_scalar::<crate::read::Word<crate::KillMode>>(&settings.kill.mode),
        },
        "Which processes get the signals when the unit stops.",
    ),
    here("KillSignal", scalar!(Signal: kill.signal), "The signal that asks processes to end."),
    here(
        "RestartKillSignal",
        Field {
            merge: Merge::Last,
            kept: false,
            read: |line, settings| crate::read::some::<Signal>(line, &mut settings.kill.restart_signal),
            ..optional!(Signal: kill.restart_signal)
        },
        "As KillSignal=, for a stop that is part of a restart.",
    )
    .since(244),
    here(
        "SendSIGHUP",
        scalar!(Boolean: kill.send_sighup),
        "Whether SIGHUP follows the first signal at once.",
    )
    .since(207),
    here("SendSIGKILL", scalar!(Boolean: kill.send_sigkill), "Whether what does not end in time is killed."),
    here(
        "FinalKillSignal",
        scalar!(Signal: kill.final_signal),
        "The signal that kills what does not end in time.",
    )
    .since(240),
    here(
        "WatchdogSignal",
        scalar!(Signal: kill.watchdog_signal),
        "The signal for a service that missed its watchdog's time.",
    )
    .since(240),
];
