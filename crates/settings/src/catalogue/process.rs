//! systemd.exec(5), "Process Properties".

use super::field::{Field, optional, scalar};
use super::{Directive, Kind, Manual, Merge, Propose, Section};
use crate::read::{
    Architecture, Boolean, Bounded, Mode, Nanoseconds, Word, coredump_filter, limit, show_coredump_filter,
    show_limit,
};
use crate::{KeyringMode, Resource};

const MANUAL: Manual = Manual { page: "systemd.exec(5)", chapter: "Process Properties" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, Section::EXEC, MANUAL, field, doc)
}

macro_rules! limits {
    ($($name:literal $resource:ident $kind:literal $doc:literal,)*) => {
        &[$(here(
            $name,
            Field {
                kind: Kind::Form($kind),
                merge: Merge::Last,
                kept: false,
                read: |line, settings| limit(line, settings, Resource::$resource),
                show: |settings| show_limit(settings, Resource::$resource),
            },
            $doc,
        ),)*]
    };
}

pub(super) static LIMITS: &[Directive] = limits! {
    "LimitCPU" Cpu "`[SOFT:]HARD`, each a time span or `infinity`" "How much CPU time a process may use.",
    "LimitFSIZE" Fsize "`[SOFT:]HARD`, each a size or `infinity`" "How large a file a process may write.",
    "LimitDATA" Data "`[SOFT:]HARD`, each a size or `infinity`" "How large a process's data segment may be.",
    "LimitSTACK" Stack "`[SOFT:]HARD`, each a size or `infinity`" "How large a process's stack may be.",
    "LimitCORE" Core "`[SOFT:]HARD`, each a size or `infinity`" "How large a core dump may be.",
    "LimitRSS" Rss "`[SOFT:]HARD`, each a size or `infinity`" "A limit on resident memory that Linux ignores.",
    "LimitNOFILE" Nofile "`[SOFT:]HARD`, each a number or `infinity`" "How many files a process may have open.",
    "LimitAS" As "`[SOFT:]HARD`, each a size or `infinity`" "How much address space a process may have.",
    "LimitNPROC" Nproc "`[SOFT:]HARD`, each a number or `infinity`" "How many processes the service's user may have.",
    "LimitMEMLOCK" Memlock "`[SOFT:]HARD`, each a size or `infinity`" "How much memory a process may lock.",
    "LimitLOCKS" Locks "`[SOFT:]HARD`, each a number or `infinity`" "A limit on file locks that Linux ignores.",
    "LimitSIGPENDING" Sigpending "`[SOFT:]HARD`, each a number or `infinity`" "How many signals may wait for the service's user.",
    "LimitMSGQUEUE" Msgqueue "`[SOFT:]HARD`, each a size or `infinity`" "How much message queues of the service's user may hold.",
    "LimitNICE" Nice "`[SOFT:]HARD`, each a nice level with sign, or a raw limit" "How far a process may raise its priority.",
    "LimitRTPRIO" Rtprio "`[SOFT:]HARD`, each a number or `infinity`" "How high a real-time priority a process may take.",
    "LimitRTTIME" Rttime "`[SOFT:]HARD`, each a time span (microseconds without a unit) or `infinity`" "How long a real-time process may run without waiting.",
};

pub(super) static ALL: &[Directive] = &[
    here("UMask", scalar!(Mode: process.umask), "The permission bits that new files do not get.")
        .exposure(&["UMask"])
        .propose(Propose::FromEvidence),
    here(
        "CoredumpFilter",
        Field {
            kind: Kind::Form(
                "kinds of memory such as `private-anonymous`, `default`, `all`, or a hexadecimal mask",
            ),
            merge: Merge::List,
            kept: false,
            read: coredump_filter,
            show: show_coredump_filter,
        },
        "What of a process's memory goes into a core dump.",
    )
    .since(246),
    here(
        "KeyringMode",
        scalar!(Word<KeyringMode>: process.keyring_mode),
        "Which session keyring of the kernel the service gets.",
    )
    .since(235)
    .exposure(&["KeyringMode"])
    .propose(Propose::Always),
    here(
        "OOMScoreAdjust",
        optional!(Bounded<-1000, 1000>: process.oom_score_adjust),
        "How readily the kernel kills the service's processes when memory runs out.",
    ),
    here(
        "TimerSlackNSec",
        scalar!(Nanoseconds: process.timer_slack_ns),
        "How late the kernel may wake the service's processes, to wake up less often.",
    ),
    here(
        "Personality",
        optional!(Architecture: process.personality),
        "Which architecture uname(2) shows, and in which execution domain processes run.",
    )
    .since(209),
    here(
        "IgnoreSIGPIPE",
        scalar!(Boolean: process.ignore_sigpipe),
        "Whether processes start with SIGPIPE ignored.",
    ),
];
