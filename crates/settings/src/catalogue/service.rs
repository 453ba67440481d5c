//! systemd.service(5).

use super::field::{Field, REMOVED, entries, kept, scalar, words, words_only};
use super::{Directive, Kind, Manual, Merge, Section};
use crate::read::{
    Boolean, BusName, Never, Signal, SocketName, Span, Text, Unsigned, VERBATIM, Word, abort_timeout,
    commands, exit_statuses, pid_file, show_abort_timeout, show_commands, show_exit_statuses, show_nothing,
    timeout,
};
use crate::{ExitType, NotifyAccess, Preserve, RestartPolicy, ServiceType, TimeoutMode};

const MANUAL: Manual = Manual { page: "systemd.service(5)", chapter: "Options" };

const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, &[Section::Service], MANUAL, field, doc)
}

macro_rules! commands {
    ($list:ident) => {
        Field {
            kind: Kind::Form("a command line, which begins with an absolute path or a command's name"),
            merge: Merge::List,
            kept: false,
            read: |line, settings| commands(line, &mut settings.service.$list),
            show: |settings| show_commands(&settings.service.$list),
        }
    };
}

words_only!(
    /// `RestartMode=`.
    RestartMode: "normal" "direct" "debug"
);

words_only!(
    /// `OOMPolicy=`.
    OomPolicy: "continue" "stop" "kill"
);

const STATUSES: Kind = Kind::Form("exit statuses by number or name, and signals");

pub(super) static ALL: &[Directive] = &[
    here("Type", scalar!(Word<ServiceType>: service.kind), "When the service counts as started.")
        .value_since(&[("exec", 240), ("notify-reload", 253)]),
    here(
        "ExitType",
        scalar!(Word<ExitType>: service.exit_type),
        "Whether the service has ended with its main process or with its last one.",
    )
    .since(250),
    here(
        "RemainAfterExit",
        scalar!(Boolean: service.remain_after_exit),
        "Whether the service counts as active after its main process has ended well.",
    ),
    here(
        "GuessMainPID",
        scalar!(Boolean: service.guess_main_pid),
        "Whether a forking service's main process is guessed when no PIDFile= names it.",
    ),
    here(
        "PIDFile",
        Field {
            kind: Kind::Form("a path, absolute or relative to /run"),
            merge: Merge::LastOrUnset,
            kept: false,
            read: pid_file,
            show: |settings| {
                crate::read::show_optional::<crate::read::AbsolutePath>(&settings.service.pid_file)
            },
        },
        "The file in which a forking service leaves the number of its main process.",
    ),
    here(
        "BusName",
        Field {
            kind: <BusName as crate::read::Notation>::KIND,
            merge: Merge::Last,
            kept: false,
            read: |line, settings| crate::read::some::<BusName>(line, &mut settings.service.bus_name),
            show: |settings| crate::read::show_optional::<BusName>(&settings.service.bus_name),
        },
        "The D-Bus name that the service takes once it is ready.",
    ),
    here(
        "ExecCondition",
        commands!(exec_condition),
        "Commands that decide whether the service is started at all: an exit status from 1 to 254 skips it.",
    )
    .since(243),
    here(
        "ExecStartPre",
        commands!(exec_start_pre),
        "Commands to run before ExecStart=, one after the other.",
    ),
    here(
        "ExecStart",
        commands!(exec_start),
        "The command that is the service; several for Type=oneshot only.",
    ),
    here("ExecStartPost", commands!(exec_start_post), "Commands to run once the service has started."),
    here(
        "ExecReload",
        commands!(exec_reload),
        "Commands that make the service read its configuration again.",
    ),
    here("ExecStop", commands!(exec_stop), "Commands that ask the service to stop."),
    here(
        "ExecStopPost",
        commands!(exec_stop_post),
        "Commands to run when the service has ended, however that came about.",
    ),
    here("RestartSec", kept!(Span, Last), "How long to wait before the service is started again.")
        .not_concerned(),
    here(
        "RestartSteps",
        kept!(Unsigned, Last),
        "In how many steps the waiting time grows from RestartSec= to RestartMaxDelaySec=.",
    )
    .since(254)
    .not_concerned(),
    here("RestartMaxDelaySec", kept!(Span, Last), "The longest time to wait before a restart.")
        .since(254)
        .not_concerned(),
    here(
        "TimeoutStartSec",
        Field { kind: <Never as crate::read::Notation>::KIND, ..scalar!(Never: service.timeout_start) },
        "How long starting may take before it counts as failed; 0 and `infinity` switch that off.",
    )
    .since(188),
    here(
        "TimeoutStopSec",
        scalar!(Never: service.timeout_stop),
        "How long stopping may take before the service is killed.",
    )
    .since(188),
    here(
        "TimeoutAbortSec",
        Field {
            kind: <Span as crate::read::Notation>::KIND,
            merge: Merge::LastOrUnset,
            kept: false,
            read: abort_timeout,
            show: show_abort_timeout,
        },
        "How long the service may take to end after the watchdog's signal; as TimeoutStopSec= when not set.",
    )
    .since(243),
    here(
        "TimeoutSec",
        Field {
            kind: <Never as crate::read::Notation>::KIND,
            merge: Merge::Last,
            kept: false,
            read: timeout,
            show: show_nothing,
        },
        "Sets TimeoutStartSec= and TimeoutStopSec= at once.",
    ),
    here(
        "TimeoutStartFailureMode",
        scalar!(Word<TimeoutMode>: service.timeout_start_failure),
        "How a service is ended that did not start in time.",
    )
    .since(246),
    here(
        "TimeoutStopFailureMode",
        scalar!(Word<TimeoutMode>: service.timeout_stop_failure),
        "How a service is ended that did not stop in time.",
    )
    .since(246),
    here(
        "RuntimeMaxSec",
        scalar!(Span: service.runtime_max),
        "How long the service may run before it is stopped.",
    )
    .since(229),
    here(
        "RuntimeRandomizedExtraSec",
        kept!(Span, Last),
        "Adds a random time of up to this length to RuntimeMaxSec=.",
    )
    .since(250)
    .cannot("the running time is limited by RuntimeMaxSec= alone, without a random addition"),
    here("WatchdogSec", scalar!(Never: service.watchdog), "How often the service must say that it is alive.")
        .cannot("a service that stops sending keep-alive messages is not killed"),
    here(
        "Restart",
        scalar!(Word<RestartPolicy>: service.restart),
        "After which ends the service is started again.",
    )
    .not_concerned(),
    here(
        "RestartMode",
        kept!(Word<RestartMode>, Last),
        "Whether a restart goes through the inactive state, and how it logs.",
    )
    .since(254)
    .value_since(&[("debug", 257)])
    .not_concerned(),
    here(
        "SuccessExitStatus",
        Field {
            kind: STATUSES,
            merge: Merge::List,
            kept: false,
            read: |line, settings| exit_statuses(line, &mut settings.service.success_exit_status),
            show: |settings| show_exit_statuses(&settings.service.success_exit_status),
        },
        "Exit statuses and signals that count as success besides 0.",
    )
    .since(189),
    here(
        "RestartPreventExitStatus",
        kept!(Text, List),
        "Exit statuses and signals after which there is no restart.",
    )
    .since(189)
    .not_concerned(),
    here(
        "RestartForceExitStatus",
        kept!(Text, List),
        "Exit statuses and signals after which there is always a restart.",
    )
    .since(215)
    .not_concerned(),
    here(
        "PermissionsStartOnly",
        scalar!(Boolean: service.permissions_start_only),
        "Applies User= and the sandbox to ExecStart= only. Deprecated: the command prefix `+` does that.",
    ),
    here(
        "RootDirectoryStartOnly",
        scalar!(Boolean: paths.root_directory_start_only),
        "Uses RootDirectory= for ExecStart= only, not for the other commands.",
    ),
    here(
        "NonBlocking",
        scalar!(Boolean: service.non_blocking),
        "Makes passed file descriptors non-blocking.",
    ),
    here(
        "NotifyAccess",
        scalar!(Word<NotifyAccess>: service.notify_access),
        "Which of the service's processes may send it notifications.",
    )
    .value_since(&[("exec", 254)])
    .exposure(&["NotifyAccess"]),
    here(
        "Sockets",
        words!(SocketName, VERBATIM, service.sockets),
        "Socket units whose sockets the service gets.",
    ),
    here(
        "FileDescriptorStoreMax",
        scalar!(Unsigned: service.fd_store_max),
        "How many file descriptors the manager keeps for the service.",
    )
    .since(219)
    .cannot("no file descriptors are kept for the service"),
    here(
        "FileDescriptorStorePreserve",
        kept!(Word<Preserve>, Last),
        "Whether kept file descriptors outlive the service.",
    )
    .since(254)
    .not_concerned(),
    here("USBFunctionDescriptors", kept!(Text, LastOrUnset), "The file with a USB gadget's descriptors.")
        .since(227)
        .cannot("no USB gadget is set up"),
    here("USBFunctionStrings", kept!(Text, LastOrUnset), "The file with a USB gadget's strings.")
        .since(227)
        .cannot("no USB gadget is set up"),
    here(
        "OOMPolicy",
        kept!(Word<OomPolicy>, Last),
        "What to do when the kernel killed a process of the service for want of memory.",
    )
    .since(243)
    .cannot("nothing is done when the kernel kills one of the service's processes for want of memory"),
    here(
        "OpenFile",
        entries!(Text, service.open_files),
        "Files that are opened before the service starts, and passed to it.",
    )
    .since(253),
    here(
        "ReloadSignal",
        scalar!(Signal: service.reload_signal),
        "The signal that makes a Type=notify-reload service reload.",
    )
    .since(253),
    here("SysVStartPriority", REMOVED, "Removed from systemd, which ignores it.").not_concerned(),
    here("BusPolicy", REMOVED, "Removed from systemd, which ignores it.").not_concerned(),
];
