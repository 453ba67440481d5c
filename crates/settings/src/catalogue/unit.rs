//! systemd.unit(5): `[Unit]` and `[Install]`.

use super::field::{Field, REMOVED, kept, optional, scalar, words_only};
use super::{Directive, Kind, Manual, Merge, Section};
use crate::read::{
    AbsolutePath, Action, Boolean, Keyword, Never, Notation, Parameter, Span, Text, UnitNames, Unsigned,
    Word, condition, joins_namespace_of, show_conditions, show_each, show_nothing, success_action,
};

const UNIT: Manual = Manual { page: "systemd.unit(5)", chapter: "[Unit] Section Options" };
const CONDITIONS: Manual =
    Manual { page: "systemd.unit(5)", chapter: "[Unit] Section Options/Conditions and Asserts" };
const INSTALL: Manual = Manual { page: "systemd.unit(5)", chapter: "[Install] Section Options" };

/// Directives that moved from `[Service]` to `[Unit]`, and are understood in both.
const MOVED: &[Section] = &[Section::Unit, Section::Service];

/// Most of `[Unit]` is about when a unit is started and stopped, which does not concern its processes.
const fn here(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, &[Section::Unit], UNIT, field, doc).not_concerned()
}

const fn moved(name: &'static str, field: Field, doc: &'static str) -> Directive {
    Directive::new(name, MOVED, UNIT, field, doc).not_concerned()
}

const fn install(name: &'static str, doc: &'static str) -> Directive {
    Directive::new(name, &[Section::Install], INSTALL, kept!(Text, List), doc).not_concerned()
}

words_only!(
    /// How a job treats others that are in its way.
    JobMode: "fail" "replace" "replace-irreversibly" "isolate" "flush" "ignore-dependencies" "ignore-requirements" "triggering" "restart-dependencies"
);
words_only!(
    /// `CollectMode=`.
    CollectMode: "inactive" "inactive-or-failed"
);

const DEPENDENCY: Field = kept!(UnitNames, Adds);

pub(super) static ALL: &[Directive] = &[
    here("Description", optional!(Text: unit_section.description), "What the unit is, for people."),
    here("Documentation", kept!(Text, List), "Where the unit is documented."),
    here("Wants", DEPENDENCY, "Units that are started too, whether or not they then work."),
    here("Requires", DEPENDENCY, "Units without which this one is not started.")
        .spelt(&["RequiresOverridable"]),
    here("Requisite", DEPENDENCY, "Units that must be there already.").spelt(&["RequisiteOverridable"]),
    here("BindsTo", DEPENDENCY, "Units with which this one stops.").spelt(&["BindTo"]),
    here("PartOf", DEPENDENCY, "Units with whose stop and restart this one goes along."),
    here("Upholds", DEPENDENCY, "Units that are kept running as long as this one runs.").since(249),
    here("Conflicts", DEPENDENCY, "Units that must not run at the same time."),
    here("Before", DEPENDENCY, "Units that start after this one."),
    here("After", DEPENDENCY, "Units that start before this one."),
    here("OnFailure", DEPENDENCY, "Units that are started when this one fails."),
    here("OnSuccess", DEPENDENCY, "Units that are started when this one has ended well.").since(249),
    here("PropagatesReloadTo", DEPENDENCY, "Units that are reloaded with this one.")
        .spelt(&["PropagateReloadTo"]),
    here("ReloadPropagatedFrom", DEPENDENCY, "Units with which this one is reloaded.")
        .spelt(&["PropagateReloadFrom"]),
    here("PropagatesStopTo", DEPENDENCY, "Units that are stopped with this one.").since(249),
    here("StopPropagatedFrom", DEPENDENCY, "Units with which this one is stopped.").since(249),
    Directive::new(
        "JoinsNamespaceOf",
        &[Section::Unit],
        UNIT,
        Field {
            kind: UnitNames::KIND,
            merge: Merge::Adds,
            kept: false,
            read: joins_namespace_of,
            show: |settings| show_each(&settings.unit_section.joins_namespace_of, |name| name.clone()),
        },
        "Units whose private /tmp, network and IPC objects this one shares.",
    )
    .since(209)
    .cannot("namespaces are not shared with other units: this one gets its own"),
    here("RequiresMountsFor", kept!(Text, List), "Paths whose mounts must be there."),
    here("WantsMountsFor", kept!(Text, List), "Paths whose mounts are to be there.").since(256),
    here("OnSuccessJobMode", kept!(Word<JobMode>, Last), "How the units of OnSuccess= are started.")
        .since(249),
    here("OnFailureJobMode", kept!(Word<JobMode>, Last), "How the units of OnFailure= are started.")
        .since(209),
    here("OnFailureIsolate", kept!(Boolean, Last), "An old way to write OnFailureJobMode=isolate."),
    here("IgnoreOnIsolate", kept!(Boolean, Last), "Whether the unit goes on when another is isolated."),
    here("StopWhenUnneeded", kept!(Boolean, Last), "Whether the unit stops once no other needs it."),
    here("RefuseManualStart", kept!(Boolean, Last), "Whether only other units may start this one."),
    here("RefuseManualStop", kept!(Boolean, Last), "Whether only other units may stop this one."),
    here("AllowIsolate", kept!(Boolean, Last), "Whether the unit may be isolated."),
    here(
        "DefaultDependencies",
        scalar!(Boolean: unit_section.default_dependencies),
        "Whether the unit gets the usual dependencies on the system's start and shutdown.",
    )
    .exposure(&["PrivateTmp", "ProtectHome", "ProtectSystem", "RootDirectoryOrRootImage"]),
    here(
        "SurviveFinalKillSignal",
        kept!(Boolean, Last),
        "Whether the unit's processes outlive a soft reboot.",
    )
    .since(255),
    here("CollectMode", kept!(Word<CollectMode>, Last), "When the manager forgets the unit.").since(236),
    moved("FailureAction", kept!(Word<Action>, Last), "What is done with the machine when the unit fails."),
    here(
        "SuccessAction",
        Field {
            kind: Kind::Word(<Action as Keyword>::WORDS),
            merge: Merge::Last,
            kept: true,
            read: success_action,
            show: show_nothing,
        },
        "What is done with the machine when the unit has ended well.",
    )
    .since(236),
    here(
        "FailureActionExitStatus",
        kept!(Text, LastOrUnset),
        "The exit status that FailureAction=exit hands on.",
    )
    .since(240),
    here(
        "SuccessActionExitStatus",
        kept!(Text, LastOrUnset),
        "The exit status that SuccessAction=exit hands on.",
    )
    .since(240),
    here("JobTimeoutSec", kept!(Never, Last), "How long the unit may take to start, waiting included."),
    here("JobRunningTimeoutSec", kept!(Never, Last), "How long the unit may take to start once it began to."),
    here(
        "JobTimeoutAction",
        kept!(Word<Action>, Last),
        "What is done with the machine when the start takes too long.",
    ),
    here("JobTimeoutRebootArgument", kept!(Text, LastOrUnset), "What that reboot is told."),
    here(
        "StartLimitIntervalSec",
        kept!(Span, Last),
        "The time in which StartLimitBurst= starts are allowed.",
    )
    .since(230),
    moved("StartLimitInterval", kept!(Span, Last), "An old name of StartLimitIntervalSec=."),
    moved("StartLimitBurst", kept!(Unsigned, Last), "How many starts are allowed in StartLimitIntervalSec=."),
    moved(
        "StartLimitAction",
        kept!(Word<Action>, Last),
        "What is done with the machine when there are more.",
    ),
    moved("RebootArgument", kept!(Text, LastOrUnset), "What a reboot by one of these actions is told."),
    here("SourcePath", kept!(AbsolutePath, LastOrUnset), "The file that this unit was generated from."),
    here("IgnoreOnSnapshot", REMOVED, "Removed from systemd, as snapshots are."),
];

macro_rules! check {
    ($prefix:literal, $check:literal, $parameter:ident, $is_assert:literal, $since:expr, $doc:expr) => {
        Directive::new(
            concat!($prefix, $check),
            &[Section::Unit],
            CONDITIONS,
            Field {
                kind: match Parameter::$parameter {
                    Parameter::Path => Kind::Form("an absolute path, perhaps after `|` and `!`"),
                    Parameter::Text => Kind::Form("what to check for, perhaps after `|` and `!`"),
                },
                merge: Merge::List,
                kept: false,
                read: |line, settings| condition(line, settings, $check, $is_assert, Parameter::$parameter),
                show: |settings| show_conditions(settings, $check, $is_assert),
            },
            $doc,
        )
        .since_or_old($since)
    };
}

/// The one condition that is no assert.
pub(super) static CONDITION_ONLY: &[Directive] = &[check!(
    "Condition",
    "Firmware",
    Text,
    false,
    Some(249),
    "Skips the start unless the machine has a kind of firmware."
)];

/// A check has a directive of two names: `Condition…=` and `Assert…=`.
macro_rules! checks {
    ($($check:literal $parameter:ident $since:expr, $doc:literal;)*) => {
        pub(super) static CHECKS: &[Directive] = &[
            $(check!("Condition", $check, $parameter, false, $since, concat!("Skips the start unless ", $doc, ".")),)*
        ];
        pub(super) static ASSERTS: &[Directive] = &[
            $(check!("Assert", $check, $parameter, true, $since, concat!("Fails the start unless ", $doc, ".")),)*
        ];
    };
}

checks! {
    "Architecture" Text None, "the machine is of a kind";
    "Virtualization" Text None, "the system runs (or does not run) in a virtual machine or container";
    "Host" Text None, "the host has a name or a machine id";
    "KernelCommandLine" Text None, "the kernel was started with an argument";
    "KernelVersion" Text None, "the kernel's version is in a range";
    "Credential" Text Some(252), "the system was given a credential";
    "Environment" Text Some(246), "the manager's environment has a variable";
    "Security" Text None, "the system has a security feature";
    "Capability" Text None, "the manager has a capability";
    "ACPower" Text None, "the machine runs (or does not run) on mains power";
    "NeedsUpdate" Path None, "a directory waits to be updated";
    "FirstBoot" Text None, "the system starts (or does not start) for the first time";
    "PathExists" Path None, "a path exists";
    "PathExistsGlob" Path None, "a path that matches wildcards exists";
    "PathIsDirectory" Path None, "a path is a directory";
    "PathIsSymbolicLink" Path None, "a path is a symlink";
    "PathIsMountPoint" Path None, "a path is a mount point";
    "PathIsReadWrite" Path None, "a path lies on a file system that is not read-only";
    "PathIsEncrypted" Path Some(246), "a path lies on an encrypted device";
    "DirectoryNotEmpty" Path None, "a directory has something in it";
    "FileNotEmpty" Path None, "a file has something in it";
    "FileIsExecutable" Path None, "a file is executable";
    "User" Text None, "the manager runs as a user";
    "Group" Text None, "the manager is in a group";
    "ControlGroupController" Text None, "a cgroup controller is there";
    "Memory" Text None, "the machine has an amount of memory";
    "CPUs" Text None, "the machine has a number of CPUs";
    "CPUFeature" Text Some(248), "the CPU has a feature";
    "OSRelease" Text Some(249), "a field of /etc/os-release has a value";
    "MemoryPressure" Text Some(250), "memory is under no more pressure than said";
    "CPUPressure" Text Some(250), "the CPUs are under no more pressure than said";
    "IOPressure" Text Some(250), "the disks are under no more pressure than said";
}

pub(super) static INSTALLS: &[Directive] = &[
    install("Alias", "Other names that the unit gets when it is enabled."),
    install("WantedBy", "Units that want this one once it is enabled."),
    install("RequiredBy", "Units that require this one once it is enabled."),
    install("UpheldBy", "Units that uphold this one once it is enabled.").since(254),
    install("Also", "Units that are enabled and disabled with this one."),
    install("DefaultInstance", "The instance that a template is enabled as.").since(215),
];
